"""Whether listeners got what they should: every event once, in order, and on all servers of the same shape."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.listeners import Listener

Message = dict[str, Any]


def event_of(message: Message) -> dict[str, Any]:
    """Return the event that a message brings.

    Raises:
        RuntimeError: Where it brings anything else.
    """
    if message.get("type") != "next" or message["payload"].keys() != {"data"}:
        raise RuntimeError(f"a listener got {message}")
    event: dict[str, Any] = message["payload"]["data"]["organisationEvents"]
    return event


def require_exact(listeners: Sequence[Listener], events: int, *, any_id: bool = False) -> list[dict[str, Any]]:
    """Return the events that all listeners got, of whom the first has kept all.

    Args:
        listeners: Those that read.
        events: How many each should have got.
        any_id: Whether messages may bear another id than that of the listener's operation.

    Raises:
        RuntimeError: Where one has got anything else.
    """
    expected = _events_of(listeners[0], any_id=any_id)
    sequences = [event["sequence"] for event in expected]
    if len(expected) != events or sequences != list(range(sequences[0], sequences[0] + events)):
        raise RuntimeError(f"instead of {events} events in a row, a listener got {sequences}")
    size = listeners[0].size
    for listener in listeners:
        if listener.count != events or listener.size != size:
            raise RuntimeError(f"of {events} events in {size} bytes, one got {listener.count} in {listener.size}")
        if (event_of(listener.last_message()) != expected[-1]) or (
            listener.keeps and _events_of(listener, any_id=any_id) != expected
        ):
            raise RuntimeError("listeners got different events")
    return expected


def _events_of(listener: Listener, *, any_id: bool) -> list[dict[str, Any]]:
    messages = listener.messages()
    if not any_id and any(message["id"] != listener.opening.id for message in messages):
        raise RuntimeError("a listener got messages of an operation that is not its own")
    return [event_of(message) for message in messages]


def shape_of(value: object) -> object:
    """Return a value with the kinds of all that it holds instead of what it holds; the order of names counts."""
    if isinstance(value, dict):
        return [(name, shape_of(each)) for name, each in value.items()]
    return type(value).__name__


def require_same_shape(messages: Mapping[str, Message]) -> None:
    """Compare a message of each server.

    Raises:
        RuntimeError: Where they differ in more than what their texts and numbers are.
    """
    shapes = {name: shape_of(event_of(message)) for name, message in messages.items()}
    expected = next(iter(shapes.values()))
    for name, shape in shapes.items():
        if shape != expected:
            raise RuntimeError(f"{name} delivers {shape} instead of {expected}")

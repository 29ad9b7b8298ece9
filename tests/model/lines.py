"""Events of the log as the lines in which the reference tells them."""

from collections.abc import Callable
from typing import Any


def line(event: dict[str, Any]) -> str:
    """Return an event as a line; names stand in the place of ids already."""
    actor = event["actor"]["reference"] if event["actor"] else "nobody"
    return f"{event['sequence']} {actor}: {_SAID[event['__typename']](event)}"


def _order(event: dict[str, Any]) -> str:
    return f"{event['order']['reference']} v{event['orderVersion']}"


def _status(event: dict[str, Any]) -> str:
    reason = event["reason"]
    assert reason["actor"] == event["actor"]
    why = f"{reason['cause']} {reason['action']} {reason['via']}"
    return f"{_order(event)} {event['was']} > {event['is']} ({why})"


_SAID: dict[str, Callable[[dict[str, Any]], str]] = {
    "OrderImported": lambda event: f"{_order(event)} imported",
    "OrderStatusChanged": _status,
    "SharedOrderChanged": lambda event: (
        f"{_order(event)} #{event['sharedOrder']['id']} {event['shareWas']} > {event['shareIs']}"
    ),
    "MembershipChanged": lambda event: f"{event['user']['reference']} is {event['role']}",
    "SharePolicyChanged": lambda event: f"{event['previousSharePolicy']} > {event['sharePolicy']}",
}

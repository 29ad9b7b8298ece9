"""Fields whose value is had whole: with everything that is selected below it, by one call, ready to be written.

Where a schema knows how to read a field and all that hangs on it in one go, it says so by `wholly`. It is shown the
selection once, when the operation is compiled, and returns what to call for each request. Either side may decline: at
the selection, or at a request whose arguments or rows are not as the call expects them. Then the field is executed as
any other, from the beginning. A mutation declines before it begins or not at all: whatever it raises then is what came
of it, and it is not begun again.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias


class NotWhole(Exception):
    """The field is to be executed as any other."""


class Answered(Exception):
    """The field is done, and this is what its resolver would have answered: it is completed as any other value."""

    def __init__(self, value: Any) -> None:
        """Carry the answer."""
        super().__init__(value)
        self.value = value


class Request(Protocol):
    """What a call is told of a request."""

    context: Any
    """The operation's context."""

    def argument(self, field: Any, name: str) -> Any:
        """Return one argument of a field of the selection, which is given, as the schema has coerced it."""

    def arguments(self, field: Any) -> dict[str, Any]:
        """Return the arguments of a field of the selection, as its resolver would get them."""


Whole: TypeAlias = Callable[[Request], Awaitable[Any]]
"""Returns the field's value as it is in the answer: dictionaries, lists and plain values.

It raises `NotWhole` to decline, or `Answered` where the answer is not for it to write."""

_WHOLE = "execution.whole"


def wholly(compile_field: Callable[[Any], Whole]) -> dict[str, Any]:
    """Return the `metadata` of a Strawberry field that may be had whole.

    Args:
        compile_field: Takes the field's selection; returns what to call, or raises `NotWhole`. The field keeps its
            resolver, which answers the same.
    """
    return {_WHOLE: compile_field}


def whole_of(metadata: Mapping[Any, Any]) -> Callable[[Any], Whole] | None:
    """Return what a field's metadata names for having it whole."""
    found: Callable[[Any], Whole] | None = metadata.get(_WHOLE)
    return found

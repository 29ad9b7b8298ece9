"""The enums, scalars and inputs of the nasty schema."""

from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, NewType

import strawberry
from graphql import Undefined


@strawberry.enum
class Colour(Enum):
    """An enum whose values are not its names."""

    RED = 1
    GREEN = "green"
    BLUE = (0, 0, 255)


@strawberry.enum
class Size(StrEnum):
    """An enum whose members are texts."""

    SMALL = "small"
    LARGE = "LARGE"


def serialize_odd(value: Any) -> Any:
    """Write a value of the odd scalar, or what else a serializer may do."""
    if value == "null, please":
        return None
    if value == "undefined, please":
        return Undefined
    if value == "raise, please":
        raise ValueError("the serializer raised")
    return f"odd {value!r}"


Odd = NewType("Odd", object)
ODD_SCALAR = strawberry.scalar(name="Odd", serialize=serialize_odd, parse_value=lambda value: value)


LEAVES: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "id": strawberry.ID,
    "colour": Colour,
    "size": Size,
    "datetime": datetime,
    "odd": Odd,
}


@strawberry.input
class Wish:
    """An argument with fields."""

    number: int = 4
    text: str | None = "default"
    colours: list[Colour] | None = None
    inner: "Wish | None" = None

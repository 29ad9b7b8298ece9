"""The objects of the nasty schema: sources whose attributes are worked out when they are read."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import Undefined

from tests.oracle.nasty_values import NastyError, Seed, leaf, value_of
from tests.oracle.nasty_words import LEAVES

WRAPPINGS: dict[str, tuple[str, ...]] = {
    "maybe": (),
    "must": ("must",),
    "list": ("list",),
    "list_of_must": ("list", "must"),
    "must_list": ("must", "list"),
    "must_list_of_must": ("must", "list", "must"),
    "lists": ("list", "list"),
    "lists_of_must": ("list", "list", "must"),
    "must_lists": ("must", "list", "must", "list"),
    "must_lists_of_must": ("must", "list", "must", "list", "must"),
}
GROWN: dict[str, Any] = {}
"""The classes of objects by name, once there are any."""

ATTRIBUTES = ("read_", "hooked_", "fenced_")


class Calls:
    """What was called in an operation, to see that nothing is called twice, and mutations one after the other."""

    def __init__(self) -> None:
        """Begin with nothing called."""
        self.all: list[str] = []
        self.of_root: list[str] = []

    def note(self, source: Any, field: str) -> None:
        """Keep that a field of a source was called."""
        self.all.append(f"{seed_of(source).way}.{field}")
        if type(source) is Root:
            self.of_root.append(f"begin {field}")

    def note_end(self, source: Any, field: str) -> None:
        """Keep that a call has ended."""
        if type(source) is Root:
            self.of_root.append(f"end {field}")


def seed_of(source: Any) -> Seed:
    """Return the seed of a source; one that is no object of ours has none, and its fields fail."""
    seed: Seed = source.seed
    return seed


class Seeded:
    """A source whose attributes are worked out when they are read."""

    def __init__(self, seed: Seed) -> None:
        """Grow from a seed."""
        self.seed = seed

    def __repr__(self) -> str:
        """Say the same in every run."""
        return f"<{type(self).__name__} {self.seed.way}>"

    def __getattr__(self, name: str) -> Any:
        """Return the value of an attribute, which may be missing or fail."""
        if not name.startswith(ATTRIBUTES):
            raise AttributeError(f"{type(self).__name__} has no {name}")
        seed = self.seed / name
        if seed.is_odd("missing"):
            raise AttributeError(f"{seed.way} is missing")
        if seed.is_odd("property"):
            raise NastyError(f"the property {seed.way} raised")
        return field_value(name, seed)


def field_value(name: str, seed: Seed) -> Any:
    """Return what a field of this name gives."""
    kind, wrapping = name.split("_", 2)[1:]
    make = (lambda at: leaf(kind, at)) if kind in LEAVES else (lambda at: thing(kind, at))
    return value_of(WRAPPINGS[wrapping], make, seed)


class Root(Seeded):
    """What a document begins with."""


def odd_things() -> list[Callable[[Seed], Any]]:
    """Return what makes objects that some field does not want."""
    return [
        GROWN["Kitten"],
        GROWN["Pebble"],
        GROWN["Lookalike"],
        GROWN["Mishap"],
        GROWN["Cat"],
        GROWN["Dog"],
        GROWN["Rock"],
        GROWN["Fog"],
        GROWN["Judged"],
        lambda _: 5,
        lambda _: "text",
        lambda _: Undefined,
        lambda at: strawberry.cast(GROWN["Cat"], GROWN["Lookalike"](at)),
        lambda at: strawberry.cast(GROWN["Rock"], GROWN["Cat"](at)),
        lambda at: strawberry.cast(GROWN["Dog"], GROWN["Lookalike"](at)),
        lambda at: {"seed": at},
    ]


def thing(kind: str, seed: Seed) -> Any:
    """Return an object for a field of an object type, an interface or a union."""
    good: dict[str, list[Any]] = {
        "cat": [GROWN["Cat"]],
        "rock": [GROWN["Rock"]],
        "judged": [GROWN["Judged"]],
        "mishap": [GROWN["MishapLike"]],
        "animal": [GROWN["Cat"], GROWN["Dog"]],
        "vague": [GROWN["Fog"], GROWN["Mist"]],
        "being": [GROWN["Cat"], GROWN["Dog"], GROWN["Rock"], GROWN["Judged"]],
    }
    odd = odd_things()
    if seed.is_odd("class"):
        return odd[seed.roll("odd class", len(odd))](seed)
    classes = good[kind]
    return classes[seed.roll("class", len(classes))](seed)

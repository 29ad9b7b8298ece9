"""A schema made to be nasty: every kind of field, in every wrapping of list and null, over every kind of type."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from tests.oracle.nasty_fields import EACH, OBJECTS, SINGLE, fields_of, grown
from tests.oracle.nasty_things import GROWN, Seeded
from tests.oracle.nasty_values import NastyError, Seed
from tests.oracle.nasty_words import LEAVES, ODD_SCALAR, Odd

CORE = fields_of(
    ("read", tuple(LEAVES), SINGLE),
    ("read", ("int", "colour", "str"), EACH),
    ("read", ("rock", "cat"), SINGLE),
    ("hooked", ("str",), SINGLE),
    ("fenced", ("str", "int"), SINGLE),
    ("called", ("rock",), ("must_list_of_must", "list")),
    ("batched", ("str",), SINGLE),
    ("given", ("str",), ("maybe", "must")),
)
MORE = fields_of(
    ("read", tuple(OBJECTS), ("maybe", "must", "list", "must_list_of_must")),
    ("read", ("animal", "rock"), EACH),
    ("called", ("int", "odd", "being"), EACH),
    ("called", tuple(OBJECTS), ("maybe", "must_list_of_must")),
    ("awaited", ("str", "colour", "cat"), EACH),
    ("awaited", tuple(OBJECTS), ("must", "list_of_must")),
    ("guarded", ("str", "animal"), ("maybe", "must", "must_list_of_must")),
    ("extended", ("str", "rock"), ("maybe", "must", "list")),
    ("batched", ("int", "animal", "cat"), ("maybe", "must", "list", "must_list_of_must")),
    ("given", ("odd", "being"), ("maybe", "must", "list_of_must")),
)


Animal = strawberry.interface(grown("Animal", (Seeded,), CORE))
Cat = strawberry.type(grown("Cat", (Animal,), MORE))
Dog = strawberry.type(grown("Dog", (Animal,), {}))
Rock = strawberry.type(grown("Rock", (Seeded,), CORE))
Kitten = GROWN["Kitten"] = type("Kitten", (Cat,), {})
Pebble = GROWN["Pebble"] = type("Pebble", (Rock,), {})
Lookalike = GROWN["Lookalike"] = type("Lookalike", (Seeded,), {})
MishapLike = GROWN["MishapLike"] = type("MishapLike", (Seeded,), {})


class _Failing(Seeded, Exception):
    """An exception with attributes."""


Mishap = strawberry.type(grown("Mishap", (_Failing,), fields_of(("read", ("int", "str"), SINGLE))))


def _is_judged(cls: Any, value: Any, info: Any) -> bool | Awaitable[bool]:
    """Tell whether a value is of the type: by its class, sometimes after a while, sometimes not at all."""
    seed: Seed = getattr(value, "seed", Seed(0))
    if seed.is_odd("judge raises"):
        raise NastyError(f"the judge of {seed.way} raised")
    verdict = isinstance(value, Judged) and not seed.is_odd("verdict")
    return _later(verdict) if seed.roll("judge", 2) else verdict


async def _later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


Judged = strawberry.type(
    grown("Judged", (Seeded,), fields_of(("read", ("int", "str"), SINGLE)), is_type_of=classmethod(_is_judged))
)


def _vague_type(cls: Any, value: Any, info: Any, abstract_type: Any) -> Any:
    """Name the type of a value: the right one, another, or none; sometimes after a while."""
    seed: Seed = getattr(value, "seed", Seed(0))
    if seed.is_odd("name raises"):
        raise NastyError(f"the name of {seed.way} is not known")
    name: Any = type(value).__name__
    if seed.is_odd("name"):
        name = ("Mist", "Fog", "Rock", "Nothing", "Animal", None, 5)[seed.roll("which name", 7)]
    return _later(name) if seed.roll("name later", 2) else name


Vague = strawberry.interface(
    grown("Vague", (Seeded,), fields_of(("read", ("int", "str"), SINGLE)), resolve_type=classmethod(_vague_type))
)
Fog = strawberry.type(grown("Fog", (Vague,), fields_of(("called", ("int",), SINGLE))))
Mist = strawberry.type(grown("Mist", (Vague,), fields_of(("awaited", ("int",), SINGLE))))
Being: Any = Annotated[Cat | Dog | Rock | Judged, strawberry.union("Being")]


ROOT = fields_of(
    ("read", ("int", "str", "cat", "rock"), SINGLE),
    ("read", ("animal", "cat"), EACH),
    ("called", ("int", "cat", "being", "vague"), EACH),
    ("awaited", ("str", "cat", "animal"), EACH),
    ("batched", ("cat", "int"), EACH),
    ("guarded", ("cat",), EACH),
    ("given", ("str", "cat"), EACH),
)
Query = strawberry.type(grown("Query", (), ROOT))
Mutation = strawberry.type(grown("Mutation", (), ROOT))

SCHEMA = strawberry.Schema(
    query=Query, mutation=Mutation, types=[Dog, Fog, Mist], config=StrawberryConfig(scalar_map={Odd: ODD_SCALAR})
)

"""A schema made to be nasty: every kind of field, in every wrapping of list and null, over every kind of type.

A field's name says what it is: how it is had (`read`, `called`, `awaited`, ...), of what (`int`, `animal`, ...) and
in which wrapping (`maybe`, `must`, `must_list_of_must`, ...). What it gives is in `nasty_values`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import Undefined
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from execution.batching import in_batches
from tests.oracle.nasty_values import Later, NastyError, Seed, leaf, value_of
from tests.oracle.nasty_words import ODD_SCALAR, Colour, Odd, Size, Wish

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
HERE = "tests.oracle.nasty_schema"
OBJECTS = {
    "cat": Annotated["Cat", strawberry.lazy(HERE)],
    "rock": Annotated["Rock", strawberry.lazy(HERE)],
    "judged": Annotated["Judged", strawberry.lazy(HERE)],
    "mishap": Annotated["Mishap", strawberry.lazy(HERE)],
    "animal": Annotated["Animal", strawberry.lazy(HERE)],
    "vague": Annotated["Vague", strawberry.lazy(HERE)],
    "being": Annotated["Being", strawberry.lazy(HERE)],
}
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
KINDS = LEAVES | OBJECTS


ATTRIBUTES = ("read_", "hooked_")


class Calls:
    """What was called in an operation, to see that nothing is called twice, and mutations one after the other."""

    def __init__(self) -> None:
        """Begin with nothing called."""
        self.all: list[str] = []
        self.of_root: list[str] = []

    def note(self, source: Any, field: str) -> None:
        """Keep that a field of a source was called."""
        self.all.append(f"{seed_of(source).way}.{field}")
        if isinstance(source, Root):
            self.of_root.append(f"begin {field}")

    def note_end(self, source: Any, field: str) -> None:
        """Keep that a call has ended."""
        if isinstance(source, Root):
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


def thing(kind: str, seed: Seed) -> Any:
    """Return an object for a field of an object type, an interface or a union."""
    good: dict[str, list[Any]] = {
        "cat": [Cat],
        "rock": [Rock],
        "judged": [Judged],
        "mishap": [MishapLike],
        "animal": [Cat, Dog],
        "vague": [Fog, Mist],
        "being": [Cat, Dog, Rock, Judged],
    }
    odd: list[Callable[[Seed], Any]] = [
        Kitten,
        Pebble,
        Lookalike,
        Mishap,
        Cat,
        Dog,
        Rock,
        Fog,
        Judged,
        lambda _: 5,
        lambda _: "text",
        lambda _: Undefined,
        lambda at: strawberry.cast(Cat, Lookalike(at)),
        lambda at: strawberry.cast(Rock, Cat(at)),
        lambda at: strawberry.cast(Dog, Lookalike(at)),
        lambda at: {"seed": at},
    ]
    if seed.is_odd("class"):
        return odd[seed.roll("odd class", len(odd))](seed)
    classes = good[kind]
    return classes[seed.roll("class", len(classes))](seed)


def turns(seed: Seed) -> int:
    """Return how many turns of the loop a call takes."""
    return seed.roll("call's turns", 3)


def outcome(value: Any) -> Any:
    """Raise a value that is an exception, now and then, and return any other."""
    if isinstance(value, NastyError):
        raise value
    return value


class Doubtful(BasePermission):
    """A permission that refuses and fails now and then."""

    message = "you may not"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        """Decide from the source."""
        seed = seed_of(source) / info.field_name
        if seed.is_odd("permission raises"):
            raise NastyError(f"the permission of {seed.way} raised")
        return not seed.is_odd("permission")


class DoubtfulLater(BasePermission):
    """A permission that must be awaited."""

    message = "you may not, after a while"

    async def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        """Decide from the source."""
        seed = seed_of(source) / info.field_name
        await asyncio.sleep(0)
        return not seed.is_odd("permission later")


class Replacing(FieldExtension):
    """An extension that changes what a field gives."""

    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        """Call the field, or not."""
        value = next_(source, info, **kwargs)
        return f"extended {value}" if type(value) is str else value

    async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        """Call the field and await it."""
        value = await next_(source, info, **kwargs)
        return f"extended {value}" if type(value) is str else value


class FieldWithItsOwnResult(StrawberryField):
    """A field class with the hook that Strawberry documents for such classes."""

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        """Answer in the resolver's stead."""
        value = super().get_result(source, info, args, kwargs)
        return f"own {value}" if type(value) is str else value


def called(name: str, annotation: Any) -> Any:
    """Make a field with a resolver."""

    def resolver(self: Any, info: strawberry.Info) -> Any:
        info.context.note(self, name)
        return outcome(field_value(name, seed_of(self) / name))

    resolver.__annotations__["return"] = annotation
    return strawberry.field(resolver=resolver)


def awaited(name: str, annotation: Any, **options: Any) -> Any:
    """Make a field with a resolver that is awaited."""

    async def resolver(self: Any, info: strawberry.Info) -> Any:
        info.context.note(self, name)
        seed = seed_of(self) / name
        for _ in range(turns(seed)):
            await asyncio.sleep(0)
        info.context.note_end(self, name)
        return outcome(field_value(name, seed))

    resolver.__annotations__["return"] = annotation
    return strawberry.field(resolver=resolver, **options)


def guarded(name: str, annotation: Any) -> Any:
    """Make a field with permissions."""
    return awaited(name, annotation, permission_classes=[Doubtful, DoubtfulLater])


def extended(name: str, annotation: Any) -> Any:
    """Make a field with an extension; it has a batch too, which must not be called."""
    return awaited(name, annotation, extensions=[Replacing()], metadata=in_batches(_never))


async def _never(*_: Any, **__: Any) -> Sequence[Any]:
    raise AssertionError("a batch was called past an extension")


def batched(name: str, annotation: Any) -> Any:
    """Make a field with a batch, whose resolver answers the same."""

    def one(source: Any, number: int, wish: Wish | None) -> Any:
        seed = seed_of(source) / name
        return field_value(name, seed / number / repr(wish) if number else seed)

    def refuse(world: int) -> None:
        if Seed(world).is_odd(name):
            raise NastyError(f"the batch of {name} raised")

    async def batch(
        info: strawberry.Info, sources: Sequence[Any], number: int, wish: Wish | None = None
    ) -> Sequence[Any]:
        assert isinstance(info, strawberry.Info)
        await asyncio.sleep(0)
        refuse(info.root_value.seed.world)
        values: list[Any] = []
        for source in sources:
            try:
                info.context.note(source, name)
                values.append(one(source, number, wish))
            except Exception as fault:
                values.append(fault)
        for source in sources:
            info.context.note_end(source, name)
        return values

    async def resolver(self: Any, info: strawberry.Info, number: int = 0, wish: Wish | None = None) -> Any:
        await asyncio.sleep(0)
        refuse(info.root_value.seed.world)
        info.context.note(self, name)
        info.context.note_end(self, name)
        value = one(self, number, wish)
        # As a batch's values are awaited.
        return outcome(await value if isinstance(value, Later) else value)

    resolver.__annotations__["return"] = annotation
    return strawberry.field(resolver=resolver, metadata=in_batches(batch))


def given(name: str, annotation: Any) -> Any:
    """Make a field whose value depends on its arguments."""

    def resolver(
        self: Any,
        info: strawberry.Info,
        needed: int,
        number: int = 3,
        text: str | None = None,
        colours: list[Colour] | None = None,
        wish: Wish | None = None,
        loose: Odd | None = None,
    ) -> Any:
        info.context.note(self, name)
        arguments = repr((needed, number, text, colours, wish, loose))
        if isinstance(loose, dict):
            # Literals alone are objects: each call must be given its own. A variable's value is everybody's.
            loose["changed"] = True
        return outcome(field_value(name, seed_of(self) / name / arguments))

    resolver.__annotations__["return"] = annotation
    return strawberry.field(resolver=resolver)


def read(name: str, annotation: Any) -> Any:
    """Make a field that is an attribute."""
    return strawberry.field()


def hooked(name: str, annotation: Any) -> Any:
    """Make an attribute behind a field class of one's own."""
    return FieldWithItsOwnResult()


WAYS: dict[str, Callable[[str, Any], Any]] = {
    "read": read,
    "hooked": hooked,
    "called": called,
    "awaited": awaited,
    "guarded": guarded,
    "extended": extended,
    "batched": batched,
    "given": given,
}


def annotation_of(kind: str, wrapping: tuple[str, ...]) -> Any:
    """Return the Python type of a field."""
    annotation = KINDS[kind]
    levels: list[bool] = []
    required = False
    for each in wrapping:
        if each == "must":
            required = True
        else:
            levels.append(required)
            required = False
    annotation = annotation if required else annotation | None
    for each_required in reversed(levels):
        annotation = list[annotation] if each_required else list[annotation] | None
    return annotation


def fields_of(*chosen: tuple[str, Sequence[str], Sequence[str]]) -> dict[str, tuple[str, Any]]:
    """Return fields by name, each with how it is had and its type: every kind in every wrapping, for each way."""
    return {
        f"{way}_{kind}_{wrapping}": (way, annotation_of(kind, WRAPPINGS[wrapping]))
        for way, kinds, wrappings in chosen
        for kind in kinds
        for wrapping in wrappings
    }


SINGLE = ("maybe", "must")
EACH = tuple(WRAPPINGS)
CORE = fields_of(
    ("read", tuple(LEAVES), SINGLE),
    ("read", ("int", "colour", "str"), EACH),
    ("read", ("rock", "cat"), SINGLE),
    ("hooked", ("str",), SINGLE),
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


def grown(name: str, bases: tuple[type, ...], fields: dict[str, tuple[str, Any]], **more: Any) -> Any:
    """Return a class with the fields."""
    namespace: dict[str, Any] = {
        "__module__": HERE,
        "__doc__": f"{name}.",
        "__annotations__": {
            each: annotation for each, (way, annotation) in fields.items() if each.startswith(ATTRIBUTES)
        },
        "__init__": Seeded.__init__,
        "__repr__": Seeded.__repr__,
        **{each: WAYS[way](each, annotation) for each, (way, annotation) in fields.items()},
        **more,
    }
    return type(name, bases, namespace)


Animal = strawberry.interface(grown("Animal", (Seeded,), CORE))
Cat = strawberry.type(grown("Cat", (Animal,), MORE))
Dog = strawberry.type(grown("Dog", (Animal,), {}))
Rock = strawberry.type(grown("Rock", (Seeded,), CORE))
Kitten = type("Kitten", (Cat,), {})
Pebble = type("Pebble", (Rock,), {})
Lookalike = type("Lookalike", (Seeded,), {})
MishapLike = type("MishapLike", (Seeded,), {})


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
Being = Annotated[Cat | Dog | Rock | Judged, strawberry.union("Being")]


class Root(Seeded):
    """What a document begins with."""


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

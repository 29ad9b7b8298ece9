"""The fields of the nasty schema: each way to have a value, of each kind, in each wrapping of list and null.

A field's name says what it is: how it is had (`read`, `called`, `awaited`, ...), of what (`int`, `animal`, ...) and
in which wrapping (`maybe`, `must`, `must_list_of_must`, ...). What it gives is in `nasty_values`.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Optional

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.types.field import StrawberryField

from execution.batching import in_batches
from tests.oracle.nasty_things import ATTRIBUTES, GROWN, WRAPPINGS, Seeded, field_value, seed_of
from tests.oracle.nasty_values import Later, NastyError, Seed
from tests.oracle.nasty_words import LEAVES, Colour, Odd, Wish

HERE = "tests.oracle.nasty_schema"


def _lazy(name: str) -> Any:
    return Annotated[name, strawberry.lazy(HERE)]


OBJECTS = {
    "cat": _lazy("Cat"),
    "rock": _lazy("Rock"),
    "judged": _lazy("Judged"),
    "mishap": _lazy("Mishap"),
    "animal": _lazy("Animal"),
    "vague": _lazy("Vague"),
    "being": _lazy("Being"),
}
KINDS = LEAVES | OBJECTS


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


def fenced(name: str, annotation: Any) -> Any:
    """Make an attribute with a permission."""
    return strawberry.field(permission_classes=[Doubtful])


WAYS: dict[str, Callable[[str, Any], Any]] = {
    "read": read,
    "hooked": hooked,
    "fenced": fenced,
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
    annotation = annotation if required else Optional[annotation]  # noqa: UP045 - a type known when it runs only
    for each_required in reversed(levels):
        of_list = list.__class_getitem__(annotation)
        annotation = of_list if each_required else of_list | None
    return annotation


SINGLE = ("maybe", "must")
EACH = tuple(WRAPPINGS)


def fields_of(*chosen: tuple[str, Sequence[str], Sequence[str]]) -> dict[str, tuple[str, Any]]:
    """Return fields by name, each with how it is had and its type: every kind in every wrapping, for each way."""
    return {
        f"{way}_{kind}_{wrapping}": (way, annotation_of(kind, WRAPPINGS[wrapping]))
        for way, kinds, wrappings in chosen
        for kind in kinds
        for wrapping in wrappings
    }


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
    made = GROWN[name] = type(name, bases, namespace)
    return made

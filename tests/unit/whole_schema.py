"""A small schema whose fields are had whole in all the ways there are."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions.field_extension import FieldExtension
from strawberry.permission import BasePermission

from execution.whole import Answered, NotWhole, Request, wholly


class Log:
    """What was called, and with what."""

    def __init__(self) -> None:
        self.calls: list[Any] = []


def had_whole(answer: Callable[[Request, Any], Any]) -> dict[str, Any]:
    """Return the metadata of a field whose call logs that it was called and answers, or raises, this."""

    def compile_field(field: Any) -> Any:
        async def call(request: Request) -> Any:
            request.context.calls.append("whole")
            found = answer(request, field)
            if isinstance(found, Exception):
                raise found
            return found

        return call

    return wholly(compile_field)


def _never(_field: Any) -> Any:
    raise NotWhole("not this one")


@strawberry.input
class Sizes:
    width: int
    height: int = 7


@strawberry.type
class Thing:
    name: str | None
    size: int = 1


class Allowed(BasePermission):
    message = "not allowed"

    def has_permission(self, source: Any, info: Any, **arguments: Any) -> bool:
        return True


class Louder(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        return next_(source, info, **arguments).upper()


TOLD: dict[str, Any] = {
    "plain": lambda *_: "whole",
    "declined": lambda *_: NotWhole("not now"),
    "broken": lambda *_: ZeroDivisionError("broken"),
    "thing": lambda *_: Answered(Thing(name="answered")),
    "nothing": lambda *_: Answered(None),
    "required": lambda *_: Answered(None),
    "fault": lambda *_: Answered(ValueError("a fault as a value")),
    "sized": lambda request, field: repr(request.arguments(field)),
    "worded": lambda request, field: request.argument(field, "word"),
}


def _field(name: str, **options: Any) -> Any:
    return strawberry.field(metadata=had_whole(TOLD[name]), **options)


def _asked(info: strawberry.Info) -> str:
    info.context.calls.append("resolver")
    return "resolved"


@strawberry.type
class Query:
    @_field("plain")
    def plain(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("declined")
    def declined(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("broken")
    def broken(self, info: strawberry.Info) -> str:
        return _asked(info)

    @strawberry.field(metadata=wholly(_never))
    def never(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("thing")
    def thing(self) -> Thing | None:
        raise AssertionError("it is answered already")

    @_field("nothing")
    def nothing(self) -> Thing | None:
        raise AssertionError("it is answered already")

    @_field("required")
    def required(self) -> Thing:
        raise AssertionError("it is answered already")

    @_field("fault")
    def fault(self) -> Thing | None:
        raise AssertionError("it is answered already")

    @_field("sized")
    def sized(self, sizes: Sizes, often: int = 3) -> str:
        return repr({"sizes": sizes, "often": often})

    @_field("worded")
    def worded(self, word: str = "default") -> str:
        return word

    @_field("plain", permission_classes=[Allowed])
    def permitted(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("plain", extensions=[Louder()])
    def loud(self, info: strawberry.Info) -> str:
        return _asked(info)


@strawberry.type
class Mutation:
    @_field("plain")
    def plain(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("declined")
    def declined(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("broken")
    def broken(self, info: strawberry.Info) -> str | None:
        return _asked(info)

    @_field("broken")
    def broken_for_good(self, info: strawberry.Info) -> str:
        return _asked(info)

    @_field("thing")
    def thing(self) -> Thing:
        raise AssertionError("it is answered already")

    @_field("sized")
    def sized(self, sizes: Sizes) -> str | None:
        raise AssertionError("its call has its arguments")


CORE = strawberry.Schema(query=Query, mutation=Mutation)._schema

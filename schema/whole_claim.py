"""A claim that is had whole: asked for without detours, and its row written straight to the answer.

When an offer goes to many, that is when many claim at once. Whatever is selected beyond the row itself is left to the
fields.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLObjectType

from db.plain_rows import AnySharedOrder
from db.sharing_tables import SharedOrderRow
from execution.selection import FieldSelection, TypeSelection
from execution.whole import Answered, NotWhole, Request, Whole
from resolvers.read_order_page import AS_TEXT
from schema.mutate import Outcome
from schema.mutations.shared_order import ClaimSharedOrderInput, claim, claim_payload
from schema.row_writer import RowWriter, of_object
from schema.scalars import format_instant
from schema.user_errors import UserError


def compile_claim(field: FieldSelection) -> Whole:
    """Return what is called to claim and to answer it.

    Args:
        field: The selection of `Mutation.claimSharedOrder`.

    Raises:
        NotWhole: Where more is selected than the row of the shared order tells.
    """
    selection = of_object(field)
    makers = {each.name: _maker(selection, each) for each in selection.fields}

    async def call(request: Request) -> dict[str, Any]:
        outcome = await claim(
            request.context, field.field_name, ClaimSharedOrderInput.of(request.argument(field, "input"))
        )
        try:
            return {name: make(outcome) for name, make in makers.items()}
        except Exception:
            # It is done, whatever its answer holds: it must not be done again.
            raise Answered(claim_payload(outcome)) from None

    return call


def _maker(selection: TypeSelection, field: FieldSelection) -> Callable[[Outcome[AnySharedOrder]], Any]:
    if field.field_name == "__typename":
        return lambda _: selection.type.name
    if field.field_name == "userErrors":
        return lambda outcome: [_user_error(field, each) for each in outcome.user_errors]
    write = _written(of_object(field))
    return lambda outcome: None if outcome.answer is None else write(outcome.answer)


def _user_error(field: FieldSelection, error: UserError) -> dict[str, Any]:
    object_type = field.selected.schema.get_type(type(error).__name__)
    if not isinstance(object_type, GraphQLObjectType):
        raise NotWhole("an error of no type")
    selection = field.of_type(object_type)
    [answer] = selection.shape([error])
    for each in selection.asked:
        answer[each.name] = _texts(error, each)
    return answer


def _texts(error: UserError, field: FieldSelection) -> list[str]:
    """Return a list of texts that an error has, such as its path."""
    if field.attribute is None:
        raise NotWhole("more than the error's own")
    texts: list[str] = list(getattr(error, field.attribute))
    if any(text.__class__ is not str for text in texts):
        raise NotWhole("more than texts")
    return texts


def _written(selection: TypeSelection) -> Callable[[AnySharedOrder], dict[str, Any]]:
    """Return what makes the answer's shared order of a row that has just been changed: its status is that of now."""
    row = RowWriter("shared", SharedOrderRow, {}, {})
    statuses = {each.name: row.variable("status") for each in selection.fields if each.field_name == "status"}
    answer = row.dictionary(selection, statuses)
    if row.ready:
        raise NotWhole("what is not in the row itself")
    lines = [
        "def write(row):",
        *(f"    shared_{column} = row.{column.removeprefix(AS_TEXT)}{_word(column)}" for column in row.columns),
        f"    return {answer}",
    ]
    names = {**row.names, "instant": format_instant}
    exec(compile("\n".join(lines), "<row of a shared order>", "exec"), names)  # noqa: S102 - quoted names and our own
    written: Callable[[AnySharedOrder], dict[str, Any]] = names["write"]
    return written


def _word(column: str) -> str:
    """Return what makes the word of a member of an enum."""
    return "._name_" if column in ("status", "permission") else ""

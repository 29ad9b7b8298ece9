"""A use case's answer as JSON and back, so that an idempotency key can answer again what it answered first."""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import SQLModel

from db.people_tables import OrganisationRow
from db.plain_rows import PlainSharedOrder
from db.sharing_tables import SharedOrderRow
from domain import errors

_REFUSALS: dict[str, TypeAdapter[Any]] = {
    refusal.__name__: TypeAdapter(refusal)
    for refusal in (
        errors.DomainError,
        errors.ClaimWindowRefusal,
        errors.SharesExhausted,
        errors.ActionNotAllowed,
        errors.VersionConflict,
    )
}


def to_keep(answer: Any) -> dict[str, Any]:
    """Return an answer or a refusal as it is kept."""
    return {"refused": isinstance(answer, errors.DomainError), "answer": to_json(answer)}


def read_back(answer_type: Any, kept: dict[str, Any]) -> Any:
    """Return the answer of type `answer_type`, or the refusal, that `to_keep` made `kept` of."""
    return from_json(errors.DomainError if kept["refused"] else answer_type, kept["answer"])


def to_json(answer: Any) -> Any:
    """Return an answer (a row, a refusal, a dataclass or list of these, a number, None) as plain JSON."""
    if isinstance(answer, PlainSharedOrder):
        return SharedOrderRow(**answer._asdict()).model_dump(mode="json")
    if isinstance(answer, SQLModel):
        return answer.model_dump(mode="json")
    if isinstance(answer, errors.DomainError):
        name = type(answer).__name__
        return {"refusal": name, **_REFUSALS[name].dump_python(answer, mode="json")}
    if is_dataclass(answer):
        return {field.name: to_json(getattr(answer, field.name)) for field in fields(answer)}
    if isinstance(answer, list):
        return [to_json(entry) for entry in answer]
    return answer


def from_json(kind: Any, kept: Any) -> Any:
    """Return the answer of type `kind` that `to_json` made `kept` of.

    Args:
        kind: The answer's type, as the use case declares it.
        kept: Plain JSON.
    """
    if kept is None:
        return None
    if get_origin(kind) in (Union, types.UnionType):
        [kind] = [option for option in get_args(kind) if option is not types.NoneType]
    if get_origin(kind) is list:
        [entry_kind] = get_args(kind)
        return [from_json(entry_kind, entry) for entry in kept]
    if issubclass(kind, errors.DomainError):
        return _REFUSALS[kept["refusal"]].validate_python(kept)
    if issubclass(kind, SQLModel):
        return kind.model_validate(kept)
    if is_dataclass(kind):
        hints, build = get_type_hints(kind), cast(Callable[..., Any], kind)
        return build(**{name: from_json(hints[name], value) for name, value in kept.items()})
    return kept


def organisations_in(answer: Any) -> set[UUID]:
    """Return the organisations that the rows of an answer belong to."""
    if isinstance(answer, OrganisationRow):
        return {answer.id}
    if isinstance(answer, SQLModel | PlainSharedOrder):
        organisation_id: UUID = getattr(answer, "organisation_id")  # noqa: B009 - every other row has one
        return {organisation_id}
    parts = [getattr(answer, field.name) for field in fields(answer)] if is_dataclass(answer) else answer
    return set().union(*(organisations_in(part) for part in parts)) if isinstance(parts, list) else set()

"""Column types and conventions that every table shares."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, Enum
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> UUID:
    """Return a UUIDv7: unique everywhere, and in the order of creation within a process."""
    return uuid7()


def word_column(words: type[StrEnum], name: str, *, nullable: bool = False) -> Column[Any]:
    """Return a text column that holds only the given words, by a CHECK constraint and on every database alike.

    Args:
        words: The closed set of words.
        name: The constraint's name, unique within its table.
        nullable: Whether the column may be empty.
    """
    kind = Enum(words, native_enum=False, create_constraint=True, length=32, name=name)
    return Column(kind, nullable=nullable)


def number_column(**options: Any) -> Column[Any]:
    """Return a column for integers of 64 bits."""
    return Column(BigInteger, nullable=False, **options)


def json_column(*, nullable: bool = False) -> Column[Any]:
    """Return a column for plain JSON, binary on PostgreSQL."""
    return Column(JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"), nullable=nullable)

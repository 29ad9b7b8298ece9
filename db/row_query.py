"""Queries that are built and compiled once, and their rows as plain tuples.

To build and compile a statement costs more than to run it, and a row of a table class costs more than its values. So
a `RowQuery` keeps what SQLAlchemy made of a statement for each database: its text, the order of its parameters, and
what turns values into those of the driver and back. A request only gives the values.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Dialect,
    Enum,
    FromClause,
    Select,
    String,
    TypeDecorator,
    UpdateBase,
    Uuid,
    bindparam,
    inspect,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

Row = TypeVar("Row")
Convert = Callable[[Any], Any]


class _ListOf(TypeDecorator[Sequence[Any]]):
    """A list as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(Uuid() if self.kind is UUID else String()))
        return dialect.type_descriptor(String())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        if dialect.name == "postgresql":
            return values
        return json.dumps([each.hex if isinstance(each, UUID) else each for each in values])


class _AnyOf(FunctionElement[bool]):
    """Whether a column's value is in a list."""

    name = "any_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        # As any other function it would be compared with 1 on SQLite, and no index would answer that.
        return self


@compiles(_AnyOf)
def _among_json(element: _AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    members = f"SELECT value FROM json_each({compiler.process(values, **options)})"  # noqa: S608 - no value is in it
    return f"{compiler.process(column, **options)} IN ({members})"


@compiles(_AnyOf, "postgresql")
def _among_array(element: _AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    kind = compiler.dialect.type_compiler_instance.process(values.type)
    # Hidden from the planner as by `db.unplanned`; without the cast, `ANY` would take the sub-select for its rows.
    hidden = f"(SELECT {compiler.process(values, **options)})::{kind}"
    return f"{compiler.process(column, **options)} = ANY ({hidden})"


def any_of(column: ColumnElement[Any] | Mapped[Any], parameter: str) -> ColumnElement[bool]:
    """Return the condition that a column's value is in a list that a request gives.

    An `IN` with a parameter for each value would be another statement for each length of the list.

    Args:
        column: A column of ids or of text.
        parameter: The parameter's name.
    """
    element = coercions.expect(roles.ExpressionElementRole, column)
    kind = UUID if isinstance(element.type, Uuid) else str
    return _AnyOf(element, bindparam(parameter, type_=_ListOf(kind)))


def columns_of(table: type[SQLModel] | FromClause, shape: type[NamedTuple]) -> list[ColumnElement[Any]]:
    """Return the columns of a table, or of what stands for one, that a plain row has."""
    source = table if isinstance(table, FromClause) else inspect(table).local_table
    return [source.c[name] for name in shape._fields]


class Arguments:
    """From the values of a kept statement's parameters to what the driver takes."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        """Note the parameters of a compiled statement, in their order.

        Raises:
            ValueError: Where a parameter changes the text.
        """
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise ValueError("a query that is kept has no parameter that changes its text")
        names = {name: bind for bind, name in compiled.bind_names.items()}
        self._binds = [
            (names[name].key, names[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._fixed = {bind.key: bind.value for bind in names.values() if not bind.required}

    def __call__(self, values: dict[str, Any]) -> list[Any]:
        """Return the driver's arguments."""
        given = {**self._fixed, **values}
        return [given[key] if process is None else process(given[key]) for key, process in self._binds]


class _Compiled(Generic[Row]):
    """A query as one database takes it."""

    def __init__(
        self, statement: Select[Any] | UpdateBase, shape: Callable[[Iterable[Any]], Row], dialect: Dialect
    ) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.arguments = Arguments(compiled, dialect)
        self._shape = shape
        self._conversions = [
            (place, convert)
            for place, column in enumerate(statement.exported_columns)
            if (convert := _conversion(column.type, dialect)) is not None
        ]

    def rows(self, records: Iterable[Iterable[Any]]) -> list[Row]:
        """Return what the driver read as plain rows."""
        shape, conversions = self._shape, self._conversions
        found = []
        for record in records:
            values = list(record)
            for place, convert in conversions:
                values[place] = convert(values[place])
            found.append(shape(values))
        return found


def _conversion(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """Return what makes a value of what the driver read, or None where that is one already."""
    words = words_of(kind)
    if words is not None:
        # SQLAlchemy's own does the same in several calls, for each of hundreds of values.
        return words.__getitem__
    if isinstance(kind, UTCDateTime) and dialect.name == "postgresql":
        # asyncpg reads every timestamp in UTC, with its zone.
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def words_of(kind: TypeEngine[Any]) -> Mapping[str | None, Any] | None:
    """Return the members of a column's words by what the database keeps, or None for a column of anything else."""
    if not isinstance(kind, Enum) or kind.enum_class is None:
        return None
    words: dict[str | None, Any] = {None: None}
    words.update(kind.enum_class.__members__)
    return words


class RowQuery(Generic[Row]):
    """A SELECT, or a change and what it returns, whose rows are plain tuples; see the module."""

    def __init__(self, statement: Select[Any] | UpdateBase, shape: Callable[[Iterable[Any]], Row]) -> None:
        """Keep a statement.

        Args:
            statement: Its parameters are `bindparam`s; lists go by `any_of`.
            shape: What makes a row of the values of its columns: `_make` of a named tuple, `next` of one column.
        """
        self.statement = statement
        self._shape = shape
        self._compiled: dict[str, _Compiled[Row]] = {}

    def compiled(self, dialect: Dialect) -> _Compiled[Row]:
        """Return the query as a database takes it, compiled at the first use."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _Compiled(self.statement, self._shape, dialect)
        return found


def only_value(values: Iterable[Any]) -> Any:
    """Return the value of a row with one column: a `shape` of queries for that."""
    [value] = values
    return value

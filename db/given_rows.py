"""Statements over rows that a request gives: compiled once, whatever their number.

A statement with a parameter for each value would be another one for each number of rows. Here each column of the given
rows is one parameter, an array, on PostgreSQL; on SQLite all rows are one, JSON.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Dialect, Select, String, UpdateBase, bindparam, func, type_coerce
from sqlalchemy import column as named_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from db.row_query import RowQuery
from db.unplanned import unplanned

Row = TypeVar("Row")
Given = Mapping[str, ColumnElement[Any]]
"""The columns of the given rows, as a statement uses them."""

_GIVEN = "given"


class GivenRows(Generic[Row]):
    """A statement over given rows, and the rows that it finds or returns."""

    def __init__(
        self,
        columns: Mapping[str, Column[Any] | TypeEngine[Any]],
        build: Callable[[Given], Select[Any] | UpdateBase],
        shape: Callable[[Iterable[Any]], Row],
    ) -> None:
        """Keep a statement.

        Args:
            columns: What each given row has: names, and for each its type or a column of that type.
            build: Makes the statement, given their columns.
            shape: What makes a row of the values that the statement finds or returns.
        """
        self._types = {name: each.type if isinstance(each, Column) else each for name, each in columns.items()}
        self._queries = {
            "postgresql": RowQuery(build(of_arrays(_GIVEN, self._types)), shape),
            "sqlite": RowQuery(build(_of_json(self._types)), shape),
        }

    def query(self, dialect: Dialect) -> RowQuery[Row]:
        """Return the statement for a database."""
        return self._queries[dialect.name]

    def given(self, dialect: Dialect, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Return the parameters that give rows to the statement.

        Args:
            dialect: The database.
            rows: Of each row, the values in the order of the columns.
        """
        if dialect.name == "postgresql":
            return as_arrays(_GIVEN, self._types, rows)
        converted = [each.dialect_impl(dialect).bind_processor(dialect) for each in self._types.values()]
        return {
            _GIVEN: json.dumps(
                [
                    [
                        value if convert is None else convert(value)
                        for value, convert in zip(row, converted, strict=True)
                    ]
                    for row in rows
                ]
            )
        }


def of_arrays(prefix: str, types: Mapping[str, TypeEngine[Any]]) -> Given:
    """Return the columns of rows that are given to a statement of PostgreSQL by `as_arrays`.

    Args:
        prefix: What the names of their parameters begin with, for a statement that is given several kinds of rows.
        types: Their names and types.
    """
    arrays = [unplanned(bindparam(prefix + name, type_=ARRAY(each))) for name, each in types.items()]
    columns = [named_column(name, each) for name, each in types.items()]
    rows = func.unnest(*arrays).table_valued(*columns, name=prefix).render_derived()
    return {name: rows.c[name] for name in types}


def as_arrays(prefix: str, names: Iterable[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the parameters of `of_arrays` for rows, of which there is at least one."""
    return {prefix + name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def _of_json(types: Mapping[str, TypeEngine[Any]]) -> Given:
    rows = func.json_each(bindparam(_GIVEN, type_=String())).table_valued("value", name=_GIVEN)
    return {
        name: type_coerce(func.json_extract(rows.c.value, f"$[{place}]"), each)
        for place, (name, each) in enumerate(types.items())
    }

"""Rows of different kinds read by one statement: one round trip, and one moment without a transaction around it.

The statement is a UNION ALL of its parts. Each part puts its columns into slots, as many of each kind of value as the
widest part needs, and leaves the others null; a slot costs next to nothing, another statement costs more than a page.
Rows come as the driver makes them: words as text, and no object for a row beside the driver's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Dialect,
    Integer,
    LargeBinary,
    Select,
    String,
    Uuid,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from db.row_query import Arguments, words_of

Row = TypeVar("Row")

Values: TypeAlias = Sequence[Any]
"""What a row holds: the number of its part, then its slots."""

_KINDS: dict[str, TypeEngine[Any]] = {
    "text": String(),
    "uuid": Uuid(),
    "number": BigInteger(),
    "instant": UTCDateTime(),
    "shown instant": LargeBinary(),
}


def _kind_of(column: ColumnElement[Any]) -> str:
    if isinstance(column.type, Uuid):
        return "uuid"
    if isinstance(column.type, Integer):
        return "number"
    if isinstance(column.type, UTCDateTime):
        return "instant"
    if isinstance(column.type, LargeBinary):
        return "shown instant"
    if isinstance(column.type, String | AutoString):
        return "text"
    raise ValueError(f"{column} is of no kind that a slot can hold")


@dataclass(frozen=True)
class Part:
    """Rows of one kind.

    Attributes:
        columns: What is read of each row, by name.
        of: Gives these columns their FROM and WHERE, and their order.
    """

    columns: Mapping[str, ColumnElement[Any]]
    of: Callable[[Select[Any]], Select[Any]]


Build: TypeAlias = Callable[[str], Sequence[Part]]
"""Returns the parts for a dialect."""


class Slots:
    """Which slots rows have, and where in a row each column of each part is.

    Attributes:
        kinds: The kind of each slot; the first one is at place 1 of a row, behind the number of its part.
        places: For each part, the place of each column.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        """Give each column a slot."""
        self.kinds: list[str] = []
        self.places = [self._placed(part) for part in parts]

    def _placed(self, part: Part) -> dict[str, int]:
        places: dict[str, int] = {}
        for name, column in part.columns.items():
            kind = _kind_of(column)
            free = (place for place, each in enumerate(self.kinds, start=1) if each == kind)
            place = next((each for each in free if each not in places.values()), None)
            if place is None:
                self.kinds.append(kind)
                place = len(self.kinds)
            places[name] = place
        return places

    def select(self, number: int, part: Part) -> Select[Any]:
        """Return the SELECT of a part, with null in the slots that it does not need."""
        names = {place: name for name, place in self.places[number].items()}
        columns = [
            part.columns[names[place]] if place in names else cast(null(), _KINDS[kind])
            for place, kind in enumerate(self.kinds, start=1)
        ]
        labelled = [column.label(f"slot_{place}") for place, column in enumerate(columns, start=1)]
        return part.of(select(literal_column(str(number), Integer()).label("part"), *labelled))


class PartsQuery:
    """A statement of several parts, built and compiled once for each database."""

    def __init__(self, build: Build) -> None:
        """Keep what builds it; the columns of its parts are the same for every dialect."""
        self._build = build
        self._compiled: dict[str, CompiledParts] = {}

    @cached_property
    def slots(self) -> Slots:
        """Where everything is in a row."""
        return Slots(self._build("postgresql"))

    def compiled(self, dialect: Dialect) -> "CompiledParts":
        """Return the query as a database takes it, compiled at the first use."""
        found = self._compiled.get(dialect.name)
        if found is None:
            parts = [self.slots.select(*each) for each in enumerate(self._build(dialect.name))]
            found = self._compiled[dialect.name] = CompiledParts(union_all(*parts), self.slots, dialect)
        return found


class PartReader(Generic[Row]):
    """Makes objects of the rows of one part."""

    def __init__(self, query: PartsQuery, number: int, part: Part, shape: Callable[..., Row]) -> None:
        """Read a part.

        Args:
            query: The query whose rows are read.
            number: Which of its parts.
            part: That part.
            shape: Makes an object of the values of the part's columns, in their order.
        """
        self._values = itemgetter(*(query.slots.places[number][name] for name in part.columns))
        self._words = [
            (index, words)
            for index, column in enumerate(part.columns.values())
            if (words := words_of(column.type)) is not None
        ]
        self._shape = shape

    def __call__(self, row: Values) -> Row:
        """Return the object that a row of the part tells."""
        values = list(self._values(row))
        for index, words in self._words:
            values[index] = words[values[index]]
        return self._shape(*values)


class CompiledParts:
    """A query of parts as one database takes it.

    Attributes:
        text: The statement.
        arguments: Makes the driver's arguments of the values of the parameters.
    """

    def __init__(self, statement: CompoundSelect[Any], slots: Slots, dialect: Dialect) -> None:
        """Compile a statement."""
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.arguments = Arguments(compiled, dialect)
        conversions = [(place, _conversion(kind, dialect)) for place, kind in enumerate(slots.kinds, start=1)]
        self._conversions = [(place, convert) for place, convert in conversions if convert is not None]

    def rows(self, records: Sequence[Values]) -> Sequence[Values]:
        """Return what the driver read with every value as the kind of its slot says; words stay text."""
        if not self._conversions:
            return records
        converted = []
        for record in records:
            values = list(record)
            for place, convert in self._conversions:
                if values[place] is not None:
                    values[place] = convert(values[place])
            converted.append(values)
        return converted


def _conversion(kind: str, dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes a value of what the driver read, or None where that is one already."""
    if dialect.name == "postgresql":
        return None
    if kind == "uuid":
        return UUID
    if kind == "shown instant":
        return None
    return _KINDS[kind].dialect_impl(dialect).result_processor(dialect, None)

"""A row of the order platform on its way in: what it says, and what of that is news."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from db.order_tables import OrderRow
from domain.importing import ImportedOrder, changed_fields
from domain.vocabulary import MemberRole

Key = tuple[UUID, str]
"""An order's organisation, and its reference there."""


class Outcome(Enum):
    """What a row that was taken in did to its order."""

    IMPORTED = auto()
    UPDATED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True)
class PeopleSaid:
    """What a row of a file says beside the order.

    Attributes:
        organisation_name: What the organisation is called.
        member_name: What the owner is called.
        role: The owner's role; None where the row is silent about it.
    """

    organisation_name: str
    member_name: str
    role: MemberRole | None


@dataclass(frozen=True)
class IncomingRow:
    """A row about one order of one organisation; without `people` where it is about nothing else."""

    organisation_id: UUID
    reference: str
    order: ImportedOrder
    people: PeopleSaid | None = None

    @property
    def key(self) -> Key:
        """The order that the row is about."""
        return self.organisation_id, self.reference

    def news(self, last: Mapping[str, Any]) -> frozenset[str]:
        """Return the names of what this row says otherwise than `last`, the record of the row imported last."""
        unsaid = object()
        people = {name for name, value in self._people().items() if value != last.get(name, unsaid)}
        return changed_fields(self.order, last) | people

    def record_after(self, last: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record for the next row to be compared with.

        It keeps what this row is silent about: a row that came through the API must not make the file's next row
        look new.
        """
        return {**last, **self.order.as_record(), **self._people()}

    def _people(self) -> dict[str, Any]:
        return {} if self.people is None else vars(self.people)


@dataclass(frozen=True)
class Judgement:
    """A row that can hold.

    Attributes:
        row: The row.
        order: The order it is about; None for a new one.
        news: The names of what the row says otherwise than the row imported last; empty for a new order, of which
            everything is news.
    """

    row: IncomingRow
    order: OrderRow | None
    news: frozenset[str] = frozenset()

    def says(self, name: str) -> bool:
        """Return whether the row says that anew, rather than repeating it."""
        return self.order is None or name in self.news

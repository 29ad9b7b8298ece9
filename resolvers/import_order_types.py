"""Importing the types of orders, and the priority by which lists are sorted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.names import names_changed
from db.order_tables import OrderTypeRow
from domain.errors import DomainError, invalid_input
from domain.importing import require_name, require_reference

_PRIORITIES = range(-(2**31), 2**31)


@dataclass(frozen=True)
class OrderTypeToImport:
    """A kind of cover.

    Attributes:
        code: Its code, by which orders name it.
        name: What people call it.
        priority: Its place in lists, lowest number first; an integer of 32 bits.
    """

    code: str
    name: str
    priority: int

    def require_sound(self) -> None:
        """Refuse a type that cannot be.

        Raises:
            DomainError: INVALID_INPUT.
        """
        require_reference(self.code, "code")
        require_name(self.name, "name")
        if self.priority not in _PRIORITIES:
            raise invalid_input("A priority is an integer of 32 bits.", "priority")


@dataclass(frozen=True)
class TypesAnswer:
    """How many types are new, changed and as they were, and why the others were refused, by their positions."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    refusals: list[DomainError] = field(default_factory=list)


async def import_order_types(session: AsyncSession, types: Sequence[OrderTypeToImport]) -> TypesAnswer:
    """Insert order types, or change those whose code is known; a later one with the same code counts.

    Lists follow a new priority at once: the orders repeat it by a foreign key. It is no change of an order, so no
    version rises and no log tells it.
    """
    refusals: list[DomainError] = []
    said: dict[str, OrderTypeToImport] = {}
    for position, each in enumerate(types):
        try:
            each.require_sound()
        except DomainError as refusal:
            refusals.append(refusal.at("types", position, *refusal.path))
        else:
            said[each.code] = each
    locked = select(OrderTypeRow.code, OrderTypeRow.name, OrderTypeRow.priority).where(col(OrderTypeRow.code).in_(said))
    rows = await session.exec(locked.order_by(col(OrderTypeRow.code)).with_for_update())
    there = {code: OrderTypeToImport(code, name, priority) for code, name, priority in rows}
    new = [each for code, each in said.items() if code not in there]
    changed = [each for code, each in said.items() if code in there and each != there[code]]
    if new:
        await session.exec(insert(OrderTypeRow), params=[vars(each) for each in new])
    if changed:
        await session.exec(update(OrderTypeRow), params=[vars(each) for each in changed])
        await names_changed(session)
    return TypesAnswer(len(new), len(changed), len(said) - len(new) - len(changed), refusals)

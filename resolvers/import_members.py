"""Organisations, users and memberships as the platform's file has them: whoever is missing is made."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.columns import new_id
from db.log_tables import StreamRow
from db.names import names_changed
from db.new_events import NewEvent, membership_changed
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from domain.vocabulary import MemberRole
from resolvers.incoming_rows import IncomingRow, Judgement

Place = tuple[UUID, UUID]
"""An organisation, and a user in it."""


@dataclass
class _Named:
    """An organisation or a user.

    Attributes:
        id: Its id, or the one it would get.
        name: What the database calls it; None where it is not there.
        said: What a row says it is called; None where none says so anew.
    """

    id: UUID
    name: str | None = None
    said: str | None = None

    @property
    def is_there(self) -> bool:
        return self.name is not None

    @property
    def is_made(self) -> bool:
        return self.name is None and self.said is not None

    @property
    def is_renamed(self) -> bool:
        return self.name is not None and self.said is not None and self.said != self.name


@dataclass
class _Membership:
    """A membership as it is to become: its columns, without the weight of a row that the session watches."""

    organisation_id: UUID
    user_id: UUID
    role: MemberRole
    joined_at: datetime
    removed_at: datetime | None = None


class Enrolment:
    """The organisations and people that a file's rows name, and what becomes of them.

    Attributes:
        joined: The memberships that are new, or hold again.
        changed: Those that hold on with another role, or whose user has another name.
    """

    def __init__(self) -> None:
        """Begin without anybody; `find` looks them up."""
        self.joined: set[Place] = set()
        self.changed: set[Place] = set()
        self._organisations: dict[str, _Named] = {}
        self._users: dict[str, _Named] = {}
        self._by_id: dict[UUID, _Named] = {}
        self._memberships: dict[Place, _Membership] = {}
        self._made: dict[Place, _Membership] = {}
        self._moved: dict[Place, _Membership] = {}
        self._events: list[NewEvent] = []

    async def find(self, session: AsyncSession, organisations: Collection[str], users: Collection[str]) -> None:
        """Look up organisations and users by their references; one that is missing gets the id it would have."""
        self._organisations = await _find(session, OrganisationRow, organisations)
        self._users = await _find(session, UserRow, users)
        self._by_id = {named.id: named for named in (*self._organisations.values(), *self._users.values())}

    def organisation_id(self, reference: str) -> UUID:
        """Return the id of an organisation that was looked up."""
        return self._organisations[reference].id

    def user_id(self, reference: str) -> UUID:
        """Return the id of a user who was looked up."""
        return self._users[reference].id

    @property
    def organisations_made(self) -> int:
        """How many organisations are new."""
        return sum(organisation.is_made for organisation in self._organisations.values())

    @property
    def organisations_renamed(self) -> int:
        """How many organisations have another name."""
        return sum(organisation.is_renamed for organisation in self._organisations.values())

    async def lock(self, session: AsyncSession, rows: Collection[IncomingRow]) -> None:
        """Lock the organisations, then the memberships, that exist."""
        # Imports into one organisation take turns: two of them could make the same order otherwise.
        turns = (
            select(OrganisationRow.id, OrganisationRow.name)
            .where(col(OrganisationRow.id).in_({row.organisation_id for row in rows}))
            .order_by(col(OrganisationRow.id))
        )
        for organisation_id, name in await session.exec(turns.with_for_update(key_share=True)):
            self._by_id[organisation_id].name = name
        # Also what nobody names: a user of one row in the organisation of another. The index answers it so.
        memberships = (
            select(MembershipRow)
            .where(
                col(MembershipRow.organisation_id).in_({row.organisation_id for row in rows}),
                col(MembershipRow.user_id).in_({row.order.owner_id for row in rows}),
            )
            .order_by(col(MembershipRow.organisation_id), col(MembershipRow.user_id))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        for row in await session.exec(memberships):
            self._memberships[row.organisation_id, row.user_id] = _Membership(**row.model_dump())

    def admit(self, judgement: Judgement, at: datetime) -> None:
        """Make or change what a row says anew about people.

        A member who was removed here comes back where a row names them as the owner, or gives them a role, that the
        one before did not; a row that merely repeats them does not bring them back.
        """
        row, people = judgement.row, judgement.row.people
        if people is None:
            raise ValueError("a row of a file says who its people are")
        organisation, user = self._by_id[row.organisation_id], self._by_id[row.order.owner_id]
        if judgement.says("organisation_name"):
            organisation.said = people.organisation_name
        if judgement.says("owner_id") or judgement.says("member_name"):
            user.said = people.member_name
        if judgement.says("owner_id") or (people.role and judgement.says("role")):
            self._enrol((organisation.id, user.id), people.role, at)

    def _enrol(self, place: Place, role: MemberRole | None, at: datetime) -> None:
        membership = self._memberships.get(place)
        if membership is None:
            membership = _Membership(*place, role or MemberRole.MEMBER, at)
            self._memberships[place] = self._made[place] = membership
            self.joined.add(place)
        elif membership.removed_at is not None:
            membership.role, membership.joined_at, membership.removed_at = role or MemberRole.MEMBER, at, None
            self._moved[place] = membership
            self.joined.add(place)
        elif role is not None and role is not membership.role:
            membership.role = role
            self._moved[place] = membership
            self.changed.add(place)
        else:
            return
        self._events.append(membership_changed(*place, membership.role, None, at))

    async def write(self, session: AsyncSession, at: datetime) -> list[NewEvent]:
        """Write who was made or changed, and return what there is to log about them."""
        await self._write_organisations(session, at)
        made = {reference: user for reference, user in self._users.items() if user.is_made}
        renamed = {reference: user for reference, user in self._users.items() if user.is_renamed}
        if made:
            values = [
                {"id": user.id, "created_at": at, **UserRow.named(reference, user.said or "")}
                for reference, user in made.items()
            ]
            await session.exec(insert(UserRow), params=values)
        if renamed:
            names = [
                {"id": user.id, **UserRow.named(reference, user.said or "")} for reference, user in renamed.items()
            ]
            await session.exec(update(UserRow), params=names)
        if self._made:
            await session.exec(insert(MembershipRow), params=[vars(each) for each in self._made.values()])
        if moved := [each for place, each in self._moved.items() if place not in self._made]:
            await session.exec(update(MembershipRow), params=[vars(each) for each in moved])
        named = await self._new_names(session, {user.id for user in renamed.values()}, at)
        if renamed:
            await names_changed(session)
        return [*self._events, *named]

    async def _write_organisations(self, session: AsyncSession, at: datetime) -> None:
        made = [
            OrganisationRow(id=organisation.id, reference=reference, name=organisation.said, created_at=at)
            for reference, organisation in self._organisations.items()
            if organisation.said is not None and not organisation.is_there
        ]
        if made:
            await session.exec(insert(OrganisationRow), params=[each.model_dump() for each in made])
            await session.exec(
                insert(StreamRow), params=[StreamRow(organisation_id=each.id).model_dump() for each in made]
            )
        renamed = [each for each in self._organisations.values() if each.is_renamed]
        if renamed:
            await session.exec(update(OrganisationRow), params=[{"id": each.id, "name": each.said} for each in renamed])

    async def _new_names(self, session: AsyncSession, user_ids: Collection[UUID], at: datetime) -> list[NewEvent]:
        """Return entries about renamed users for every organisation of theirs, unless it is told of them already."""
        if not user_ids:
            return []
        memberships = (
            select(MembershipRow.organisation_id, MembershipRow.user_id, col(MembershipRow.role))
            .where(col(MembershipRow.user_id).in_(user_ids), col(MembershipRow.removed_at).is_(None))
            .order_by(col(MembershipRow.organisation_id), col(MembershipRow.user_id))
            .with_for_update(read=True)
        )
        events: list[NewEvent] = []
        for organisation_id, user_id, role in await session.exec(memberships):
            if (organisation_id, user_id) not in self.joined | self.changed:
                events.append(membership_changed(organisation_id, user_id, role, None, at))
        self.changed |= {(event.organisation_id, event.subject_id) for event in events if event.subject_id}
        return events


async def _find(
    session: AsyncSession, table: type[OrganisationRow | UserRow], references: Iterable[str]
) -> dict[str, _Named]:
    there = select(table.reference, table.id, table.name).where(col(table.reference).in_(references))
    found = {reference: _Named(id_there, name) for reference, id_there, name in await session.exec(there)}
    # Sorted, so that two imports which make the same users come to them in the same order.
    return {reference: found.get(reference) or _Named(new_id()) for reference in sorted(references)}

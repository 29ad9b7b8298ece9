"""Loading what a row refers to, for the fields of one answer."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from db.snapshot import Snapshot
from domain.people import Member
from resolvers.load_rows import known_user, load_memberships, load_users
from schema.context import Info
from schema.types.user import User

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


async def linked(
    info: Info,
    use_case: Callable[[Any, Any], Awaitable[Mapping[Key, Row]]],
    key: Key,
    known: Callable[[Snapshot, Key], Row | None] | None = None,
) -> Row:
    """Return the row that another row's foreign key names.

    Args:
        info: The field.
        use_case: What loads such rows.
        key: The foreign key.
        known: What returns the row where it need not be loaded.

    Raises:
        LookupError: Where there is none, which the foreign key rules out.
    """
    reading = info.context.reading
    row = None if known is None else reading.known(known, key)
    return required(await reading.one_of_many(use_case, key)) if row is None else row


async def linked_all(
    info: Info,
    use_case: Callable[[Any, Any], Awaitable[Mapping[Key, Row]]],
    keys: Sequence[Key],
    known: Callable[[Snapshot, Key], Row | None] | None = None,
) -> Mapping[Key, Row]:
    """Return the rows that the foreign keys of many rows name, by key.

    Args:
        info: The field.
        use_case: What loads such rows.
        keys: The foreign keys.
        known: What returns a row where it need not be loaded.

    Raises:
        LookupError: Where there is none for a key, which the foreign key rules out.
    """
    reading = info.context.reading
    distinct = dict.fromkeys(keys)
    rows = {} if known is None else {key: row for key in distinct if (row := reading.known(known, key)) is not None}
    if len(rows) < len(distinct):
        found = await reading.many(use_case, (key for key in distinct if key not in rows))
        rows.update((key, required(found[key])) for key in distinct if key not in rows)
    return rows


def required(answer: Row | None) -> Row:
    """Return what a use case for many keys always answers.

    Raises:
        LookupError: Where it did not.
    """
    if answer is None:
        raise LookupError("a row that must exist was not found")
    return answer


async def linked_user(info: Info, user_id: UUID) -> User:
    """Return the user that a row's foreign key names."""
    return User.from_row(await linked(info, load_users, user_id, known_user))


async def linked_users(info: Info, user_ids: Sequence[UUID]) -> list[User]:
    """Return the users that the foreign keys of many rows name, in their order."""
    rows = await linked_all(info, load_users, user_ids, known_user)
    users = {key: User.from_row(row) for key, row in rows.items()}
    return [users[key] for key in user_ids]


async def linked_member(info: Info, organisation_id: UUID) -> Member | None:
    """Return the viewer as a member of the organisation of a row, or None where they are not one any more."""
    user_id = info.context.viewer.user_id
    row = await info.context.reading.one_of_many(load_memberships, (organisation_id, user_id))
    return None if row is None else Member(user_id, organisation_id, row.role)

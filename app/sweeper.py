"""Lets time pass: a task beside the server that turns what is due into events."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from resolvers.sweep_organisation import (
    BATCH,
    advance_orders,
    expire_offers,
    organisations_with_due_offers,
    organisations_with_due_orders,
)

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = (0.5, 1.0)

_CHORES: tuple[
    tuple[
        Callable[[AsyncSession], Awaitable[Sequence[UUID]]],
        Callable[[AsyncSession, UUID], Awaitable[int]],
    ],
    ...,
] = (
    (organisations_with_due_offers, expire_offers),
    (organisations_with_due_orders, advance_orders),
)


async def sweep(database: Database) -> None:
    """Turn all that is due now into events."""
    for find_organisations, change in _CHORES:
        async with database.read(find_organisations) as session:
            organisation_ids = await find_organisations(session)
        for organisation_id in organisation_ids:
            while True:
                # A batch that is not full was the last one.
                if await database.write(partial(_in_turn, change, organisation_id), change) < BATCH:
                    break


async def sweep_for_ever(database: Database) -> None:
    """Sweep again and again, with a random pause so that replicas do not meet; a fault is logged, not fatal."""
    while True:
        try:
            await sweep(database)
        except (SQLAlchemyError, OSError):
            _log.exception("a sweep failed and will be tried again")
        await asyncio.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret


async def _in_turn(
    change: Callable[[AsyncSession, UUID], Awaitable[int]], organisation_id: UUID, session: AsyncSession
) -> int:
    return await change(session, organisation_id)

"""What all broadcast groups of a process share."""

import asyncio
from dataclasses import dataclass, field

from db.database import Database
from execution.fair_turns import FairTurns
from schema.delivery.accounts import Accounts
from schema.delivery.payments import Payments
from schema.observing import Watcher


@dataclass(frozen=True)
class Delivery:
    """The database, and what bounds the work that is done for one user.

    Attributes:
        database: Where the logs are.
        payments: Charges executed events.
        watcher: Hears how late events are sent.
        turns: Turns at executing events, by user.
        cached: How much is cached for each user who executes.
        ending: Set when all listeners are to be detached.
    """

    database: Database
    payments: Payments
    watcher: Watcher
    turns: FairTurns
    cached: Accounts
    ending: asyncio.Event = field(default_factory=asyncio.Event)

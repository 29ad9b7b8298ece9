"""What the clients of a run saw, as plain values: all that the checker judges by.

Times are seconds since the epoch, by a clock of the clients that never steps back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Outcome(StrEnum):
    """What a client knows of a mutation that it sent."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Mark(NamedTuple):
    """What an event tells, as far as whoever asks for it can know beforehand.

    Attributes:
        told: OFFERED, CLAIMED, DECLINED, RELEASED, REVOKED, PROCESSED or IMPORTED.
        about: The id of the order that is offered or processed, the reference of the one that is imported, or else
            the id of the shared order.
        detail: The recipient of an offer, the action of a result.
        actor: Who did it.
    """

    told: str
    about: str
    detail: str
    actor: str


class Identity(NamedTuple):
    """What no two events of a log have in common.

    Attributes:
        told: As in `Mark`.
        about: The id of the shared order or of the order; the reference of an order that is imported.
        version: The order's version for PROCESSED and IMPORTED, else 0.
    """

    told: str
    about: str
    version: int


class Effect(NamedTuple):
    """An event that an acknowledged mutation has promised; its identity where the answer tells it."""

    mark: Mark
    identity: Identity | None


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A mutation as its client saw it: one idempotency key, however often it was sent.

    Attributes:
        name: What the report calls it.
        kind: The field of the schema.
        organisation: The reference of the organisation.
        sent_at: When it was sent first.
        answered_at: When its outcome became known; None where it never did.
        outcome: What is known.
        asks: The events that it may lead to, each of them once.
        effects: The events that its answer has promised.
        code: Why it was refused.
    """

    name: str
    kind: str
    organisation: str
    sent_at: float
    answered_at: float | None
    outcome: Outcome
    asks: Sequence[Mark]
    effects: Sequence[Effect] = ()
    code: str | None = None


@dataclass(frozen=True)
class Order:
    """What never changes of an order in a run."""

    id: str
    reference: str
    owner: str
    max_shares: int
    expires_at: float | None


@dataclass(frozen=True)
class Offer:
    """What never changes of a shared order in a run."""

    id: str
    sender: str
    recipient: str
    opens_at: float
    closes_at: float


@dataclass(frozen=True, kw_only=True)
class Event:
    """An entry of the log, as an admin reads it at the end."""

    sequence: int
    id: str
    cursor: str
    kind: str
    occurred_at: float
    actor: str | None = None
    order: Order | None = None
    version: int | None = None
    offer: Offer | None = None
    previous: str | None = None
    status: str | None = None
    cause: str | None = None
    action: str | None = None

    @property
    def told(self) -> "Told":
        """What every subscriber who may see the event is told of it."""
        return Told(self.id, self.cursor, self.kind, self.previous, self.status)


class Told(NamedTuple):
    """What a subscriber is told of an event, besides its sequence."""

    id: str
    cursor: str
    kind: str
    previous: str | None
    status: str | None


class Heard(NamedTuple):
    """One delivery to a subscriber."""

    sequence: int
    told: Told
    at: float


@dataclass(kw_only=True)
class Subscriber:
    """What one subscriber heard, over all its connections.

    Attributes:
        name: What the report calls it.
        organisation: The reference of the organisation that it follows.
        viewer: The id of its user.
        is_admin: Whether the user administers the organisation.
        subscription: The field of the schema.
        start: The cursor that it began after.
        heard: All deliveries, in the order in which they came.
    """

    name: str
    organisation: str
    viewer: str
    is_admin: bool
    subscription: str
    start: str
    heard: list[Heard] = field(default_factory=list)


@dataclass(frozen=True)
class CursorRead:
    """An answer to `logCursor`, and when it was asked for."""

    organisation: str
    cursor: str
    sent_at: float


@dataclass(frozen=True)
class Log:
    """An organisation's log from its first event, and the cursor before the first event of the run."""

    events: Sequence[Event]
    beginning: str

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The places in the log, by cursor."""
        return {event.cursor: event.sequence for event in self.events}

    @property
    def begun_at(self) -> int:
        """The sequence of the last event before the run."""
        return self.places[self.beginning]


@dataclass
class History:
    """Everything that happened in a run, as its clients saw it.

    Attributes:
        logs: The logs at the end, by the organisation's reference.
        mutations: What was sent.
        subscribers: Who heard what.
        cursor_reads: The positions of logs that were read.
        surprises: Answers that no client may ever get, as sentences.
    """

    logs: Mapping[str, Log] = field(default_factory=dict)
    mutations: list[Mutation] = field(default_factory=list)
    subscribers: list[Subscriber] = field(default_factory=list)
    cursor_reads: list[CursorRead] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

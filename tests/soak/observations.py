"""What a soak observes, as plain values: all that the judge judges by.

Times are seconds of `time.monotonic`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.counts import Counts
from tests.chaos.history import History
from tests.soak.plan import DatabaseKind


class Phase(StrEnum):
    """The parts of a run, in their order."""

    BEFORE = "before the attacks"
    ATTACKED = "during the attacks"
    AFTER = "after the attacks"


@dataclass(frozen=True, kw_only=True)
class Request:
    """An honest request.

    Attributes:
        kind: What was asked for.
        at: When it was sent.
        seconds: How long the answer took, less the time for which the machine gave no processor to server or client.
        refused: Why it was not answered as it must be; None where it was.
        foreign: What shows that the answer is another's; None where it is the client's own.
    """

    kind: str
    at: float
    seconds: float
    refused: str | None = None
    foreign: str | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the server's metrics say at one time.

    Attributes:
        in_use: Connections to the database that are lent.
        idle: Connections to the database that are not.
        overdue: Connections that are lent for longer than a request may take; 0 where the server does not count them.
        sockets: Open WebSockets.
        streams: Streams over HTTP.
        subscriptions: Subscriptions under way.
    """

    in_use: int
    idle: int
    overdue: int
    sockets: int
    streams: int
    subscriptions: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The server at one time.

    Attributes:
        at: When.
        phase: In which part of the run.
        memory: Resident bytes.
        descriptors: Open descriptors that are none of files.
        counted: What its metrics say; None where it did not answer in time.
    """

    at: float
    phase: Phase
    memory: int
    descriptors: int
    counted: Counted | None

    def descriptors_of_clients(self, database: DatabaseKind) -> int:
        """Return how many descriptors are open without those of the pool, which keeps up to so many as it may."""
        if self.counted is None or database is DatabaseKind.SQLITE:
            return self.descriptors
        return self.descriptors - self.counted.in_use - self.counted.idle


@dataclass(frozen=True, kw_only=True)
class Attacked:
    """What one kind of attacker did.

    Attributes:
        name: Its name.
        what: What it does.
        attacks: How often it attacked.
        answers: How it was answered, and how often.
        surprises: What it achieved and must not.
    """

    name: str
    what: str
    attacks: int
    answers: Mapping[str, int]
    surprises: Sequence[str] = ()


@dataclass(kw_only=True)
class Observations:
    """A whole run.

    Attributes:
        database: What the server keeps its data in.
        requests: The honest requests.
        samples: The server, every few seconds.
        quiet_before: The server with nothing but its listeners, before clients and attackers.
        quiet_after: The same afterwards, when it has given back what it will.
        attackers: What the attackers did.
        history: What the listeners received, and the log.
        counts: How the listeners' connections ended.
        faults_logged: What the server logged as faults.
        ended: Why the run ended before its time; None where it did not.
    """

    database: DatabaseKind = DatabaseKind.POSTGRESQL
    requests: list[Request] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    quiet_before: Sample | None = None
    quiet_after: Sample | None = None
    attackers: Sequence[Attacked] = ()
    history: History = field(default_factory=History)
    counts: Counts = field(default_factory=Counts)
    faults_logged: Sequence[str] = ()
    ended: str | None = None

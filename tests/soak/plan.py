"""How long a soak lasts, who takes part in it, and what the judge allows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class DatabaseKind(StrEnum):
    """The databases that the server can keep its data in."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        seconds: How long the attackers attack.
        seed: Decides what clients and attackers choose by chance.
        database: What the server keeps its data in.
        only: The names of the attackers; empty for all.
        clients: How many honest clients ask.
        listeners: How many honest clients listen.
        think_seconds: How long an honest client waits between two requests, on average.
        calm_seconds: How long honest clients ask before the attackers come, and after they have gone.
        settle_seconds: How long the server may take to give back what the attackers used.
        patience_seconds: How long clients may take to end what they have begun, and listeners to reach the end of the
            log.
    """

    seconds: float
    seed: int
    database: DatabaseKind = DatabaseKind.POSTGRESQL
    only: Sequence[str] = field(default=())
    clients: int = 50
    listeners: int = 200
    think_seconds: float = 3.0
    calm_seconds: float = 8.0
    settle_seconds: float = 45.0
    patience_seconds: float = 60.0

    @property
    def sample_seconds(self) -> float:
        """How long it is from one sample of the server to the next."""
        return min(max(self.seconds / 60, 0.25), 5.0)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the judge allows.

    Attributes:
        request_seconds: How long an honest request may take.
        rise_bytes: How much the server's memory may rise between the end of the warm-up and the end of the attacks.
        most_bytes: How much memory the server may take, at any time, beyond what it takes before the attacks.
        descriptors: How many descriptors more than before the attacks may be open after them.
        faults_logged: How many faults the server may log.
    """

    request_seconds: float = 0.5
    rise_bytes: int = 64 * 2**20
    most_bytes: int = 256 * 2**20
    descriptors: int = 8
    faults_logged: int = 0

    @classmethod
    def of(cls, plan: Plan) -> "Bounds":
        """Return the bounds of a run: one attacker alone may take as little as each does in `tests/attacks`."""
        return cls() if len(plan.only) != 1 else cls(most_bytes=cls.rise_bytes)

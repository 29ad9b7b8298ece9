"""How long a run lasts, and how much happens in it."""

from dataclasses import dataclass
from enum import StrEnum


class SignalKind(StrEnum):
    """How replicas hear of what others commit."""

    IN_PROCESS = "in-process"
    NOTIFY = "notify"
    NATS = "nats"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        signal: How replicas hear of each other.
        seed: What chance begins from.
        seconds: How long writers write, and things go wrong.
        naive: Whether replicas number the log by a serial id, which must fail.
        subscribers: How many subscribe.
        writers: How many write.
        per_second: About how many things they do, all together.
        mutations: After how many acknowledged mutations it ends before that; None for no such end.
        rounds: After how many rounds of all faults it ends before that; None for no such end.
        pause: Between these many seconds from one fault to the next; None for no faults.
        nats_away: How many seconds NATS is away.
        stopped: How many seconds a replica stands still.
        patience: How many seconds writers may take to end, and subscribers to reach the end.
    """

    signal: SignalKind
    seed: int
    seconds: float
    naive: bool = False
    subscribers: int = 60
    writers: int = 14
    per_second: float = 16.0
    mutations: int | None = None
    rounds: int | None = None
    pause: tuple[float, float] | None = (2.0, 8.0)
    nats_away: float = 30.0
    stopped: float = 10.0
    patience: float = 90.0

    @property
    def clock(self) -> float:
        """By how many seconds the clock of one replica is off: an hour, either way."""
        return 3600.0 if self.seed % 2 else -3600.0

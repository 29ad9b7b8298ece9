"""What every attack is measured by: how soon it is over, what others notice of it, and what is left of it.

While the machine lets the server wait, for others who want its processors, no time is counted.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served

Outcome = TypeVar("Outcome")

REFUSED_SECONDS = 0.1
"""How soon what is refused is refused."""

OTHERS_SECONDS = 0.25
"""How soon somebody else is answered meanwhile."""
MEMORY_BYTES = 64 * 1024 * 1024
"""By how much the server may grow meanwhile."""

_TRIES = 6
"""What else goes on in the machine only ever makes an attack look worse: its best try counts."""

_GIVEN_BACK_SECONDS = 10.0
_IN_USE = b'ordershare_database_connections{state="in_use"} '

SMALL = "{ viewer { user { reference } } }"
"""What somebody else asks, unless an attack says otherwise: a document that the server knows."""


@dataclass
class Measured:
    """What one try has shown.

    Attributes:
        slowest: How many seconds the slowest answer to somebody else took.
        asked: How often somebody else was answered meanwhile.
        memory: By how many bytes the server had grown at the most.
        seconds: How long the attack took; that of its slowest answer where it has answers.
    """

    slowest: float = 0.0
    asked: int = 0
    memory: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def complaints(self, within: float | None, others: float = OTHERS_SECONDS) -> list[str]:
        """Return what is not as it must be."""
        found = list(self.faults)
        if self.slowest > others:
            found.append(f"somebody else waited {self.slowest * 1000:.0f} ms")
        if self.memory > MEMORY_BYTES:
            found.append(f"the server took {self.memory / 2**20:.0f} MB")
        if within is not None and self.seconds > within:
            found.append(f"the answer took {self.seconds * 1000:.0f} ms")
        return found


def withstands(
    server: Served,
    attack: Callable[[int], Outcome],
    *,
    within: float | None = REFUSED_SECONDS,
    bystander: str = "member",
    others: float = OTHERS_SECONDS,
    asks: Callable[[int], str] = lambda _: SMALL,
) -> Outcome:
    """Attack a server, and require that it is little troubled; return what the attack returns.

    Args:
        server: Who is attacked.
        attack: Attacks, and returns an answer, or anything else. It is given the number of the try: what was seen
            before is answered otherwise, so no two may be alike.
        within: How many seconds it may take; None where it ends as it likes.
        bystander: Who asks a small query over and over meanwhile.
        others: How many seconds their slowest answer may take.
        asks: Returns the document that they ask, by how often they have asked.
    """
    tries: list[list[str]] = []
    while True:
        outcome, measured = measure(server, lambda: attack(len(tries)), bystander, asks)
        complaints = measured.complaints(within, others)
        if not complaints:
            return outcome
        tries.append(complaints)
        assert len(tries) < _TRIES, tries


def measure(
    server: Served,
    attack: Callable[[], Outcome],
    bystander: str = "member",
    asks: Callable[[int], str] = lambda _: SMALL,
) -> tuple[Outcome, Measured]:
    """Attack a server once; return what the attack returns, and what it was like."""
    measured = Measured()
    with _bystander(server, bystander, asks, measured):
        began, kept_waiting = time.perf_counter(), server.kept_waiting()
        outcome = attack()
        seconds = outcome.seconds if isinstance(outcome, Answer) else time.perf_counter() - began
        measured.seconds = seconds - (server.kept_waiting() - kept_waiting)
    return outcome, measured


def connections_in_use(server: Served) -> int:
    """Return how many connections of the pool are still in use once the server has had time to give them back."""
    gives_up_at = time.monotonic() + _GIVEN_BACK_SECONDS
    while True:
        with connected(server.port, None) as client:
            page = client.exchange(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").body
        [line] = [each for each in page.splitlines() if each.startswith(_IN_USE)]
        in_use = int(float(line.removeprefix(_IN_USE)))
        # Time passes beside: the sweeper has one for a moment now and then.
        if in_use == 0 or time.monotonic() > gives_up_at:
            return in_use
        time.sleep(0.02)


@contextmanager
def _bystander(server: Served, viewer: str, asks: Callable[[int], str], measured: Measured) -> Iterator[None]:
    """Have somebody else ask as long as the context lasts, from some answers before to some after it."""
    before = server.memory()
    some, over = threading.Event(), threading.Event()

    def ask() -> None:
        left = 3
        with connected(server.port, server.token(viewer)) as client:
            while left:
                kept_waiting = server.kept_waiting()
                answer = client.ask(asks(measured.asked))
                seconds = answer.seconds - (server.kept_waiting() - kept_waiting)
                if answer.status != 200:
                    measured.faults.append(f"somebody else was answered {answer.status} {answer.body[:200]!r}")
                measured.asked += 1
                # The first is the one that has a document compiled.
                if measured.asked > 1:
                    measured.slowest = max(measured.slowest, seconds)
                measured.memory = max(measured.memory, server.memory() - before)
                if measured.asked == 3:
                    some.set()
                left -= over.is_set()
                time.sleep(0.002)

    asking = threading.Thread(target=ask)
    asking.start()
    some.wait(30)
    try:
        yield
    finally:
        over.set()
        asking.join()

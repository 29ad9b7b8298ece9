"""How long those may stay who came in by a token: until it expires, or its key is trusted no more."""

import asyncio
from datetime import UTC, datetime, timedelta

from app.trust import Stay, Trust

_LATER = timedelta(hours=1)


class _Guest:
    """Somebody who stays, and hears why they must leave."""

    def __init__(self, trust: Trust | None, lifetime: timedelta = _LATER) -> None:
        self.heard: list[str] = []
        self.left = asyncio.Event()
        self.stay = Stay(datetime.now(UTC) + lifetime, trust, self._leave)

    def _leave(self, reason: str) -> None:
        self.heard.append(reason)
        self.left.set()


async def _left(*guests: _Guest) -> None:
    async with asyncio.timeout(20):
        for guest in guests:
            await guest.left.wait()


async def test_a_stay_is_over_when_the_token_expires() -> None:
    for trust in (None, Trust()):
        guest, gone = _Guest(trust, timedelta(seconds=0.01)), _Guest(trust, -_LATER)
        await _left(guest, gone)
        assert [guest.heard, gone.heard] == [["Token expired"]] * 2


async def test_a_stay_is_over_when_the_key_is_trusted_no_more() -> None:
    trust, other = Trust(), Trust()
    guests, others = [_Guest(trust), _Guest(trust, timedelta(days=365 * 5000))], [_Guest(other), _Guest(None)]
    trust.end()
    late = _Guest(trust)
    await _left(*guests, late)
    assert [guest.heard for guest in (*guests, late)] == [["Token withdrawn"]] * 3
    assert [guest.heard for guest in others] == [[], []]
    for guest in others:
        guest.stay.cancel()


async def test_who_has_left_hears_nothing() -> None:
    trust = Trust()
    early, hurried = _Guest(trust), _Guest(trust)
    early.stay.cancel()
    trust.end()
    hurried.stay.cancel()
    later = _Guest(trust)
    await _left(later)
    assert [early.heard, hurried.heard, later.heard] == [[], [], ["Token withdrawn"]]


async def test_a_stay_ends_once_and_for_one_reason() -> None:
    trust = Trust()
    guest = _Guest(trust, timedelta(0))
    trust.end()
    trust.end()
    await _left(guest)
    later = _Guest(trust)
    await _left(later)
    assert guest.heard == ["Token withdrawn"]

"""Tokens that were verified are remembered as long as they hold, and no more of them than there is room for."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.settings import Settings
from app.sign_in import SignIn
from app.tokens import Claims, InvalidToken, Tokens
from tests.statements import statements
from tests.world import SECRET, World


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """A sign-in with room for two tokens."""
    return SignIn(Tokens(Settings(jwt_secret=SECRET)), world.database, capacity=2)  # type: ignore[arg-type]  # pydantic makes it a SecretStr


def _claims(reference: str, holds: timedelta = timedelta(minutes=1)) -> Claims:
    return Claims(reference, datetime.now(UTC) + holds)


async def test_a_token_is_remembered_for_whom_it_stands(sign_in: SignIn) -> None:
    owner = await sign_in.admit(_claims("owner"), "Bearer one")
    admin = await sign_in.admit(_claims("admin"), "Bearer two")
    assert owner != admin
    assert [sign_in.remembered(b"Bearer one"), sign_in.remembered(b"Bearer two")] == [owner, admin]
    assert sign_in.remembered(b"Bearer three") is None


async def test_a_token_is_forgotten_the_moment_it_expires(sign_in: SignIn) -> None:
    await sign_in.admit(_claims("owner", timedelta(0)), "Bearer one")
    assert sign_in.remembered(b"Bearer one") is None
    assert sign_in.remembered(b"Bearer one") is None


async def test_the_token_used_longest_ago_makes_room(sign_in: SignIn) -> None:
    for token in ("one", "two"):
        await sign_in.admit(_claims("owner"), f"Bearer {token}")
    assert sign_in.remembered(b"Bearer one") is not None
    await sign_in.admit(_claims("owner"), "Bearer three")
    assert sign_in.remembered(b"Bearer two") is None
    assert sign_in.remembered(b"Bearer one") is not None
    assert sign_in.remembered(b"Bearer three") is not None


async def test_a_token_takes_one_place_in_whatever_spelling_it_comes(sign_in: SignIn) -> None:
    await sign_in.admit(_claims("admin"), "Bearer two")
    for spelling in ("bearer one", "BEARER  one", "Bearer" + " " * 8_000 + "one", "Bearer one "):
        await sign_in.admit(_claims("owner"), spelling)
        assert sign_in.remembered(spelling.encode()) is None
    assert sign_in.remembered(b"Bearer one") is not None
    assert sign_in.remembered(b"Bearer two") is not None


async def test_all_remembered_tokens_take_16_mib_at_most(world: World) -> None:
    sign_in = SignIn(Tokens(Settings(jwt_secret=SECRET)), world.database)  # type: ignore[arg-type]  # as above
    await sign_in.admit(_claims("owner"), "Bearer first")
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(4_000):
            await sign_in.admit(_claims("owner"), f"Bearer {number:08}{'x' * 8_000}")
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held <= 16 * 1024 * 1024
    assert sign_in.remembered(b"Bearer first") is None
    assert sign_in.remembered(f"Bearer 00003999{'x' * 8_000}".encode()) is not None


async def test_a_token_of_nobody_is_refused_and_not_remembered(sign_in: SignIn) -> None:
    with pytest.raises(InvalidToken):
        await sign_in.admit(_claims("nobody"), "Bearer one")
    assert sign_in.remembered(b"Bearer one") is None


async def test_a_token_that_comes_another_way_is_not_remembered(sign_in: SignIn) -> None:
    await sign_in.admit(_claims("owner"))
    assert sign_in.remembered(b"None") is None


async def test_after_some_time_it_is_looked_whether_a_user_is_still_there(world: World) -> None:
    sign_in = SignIn(Tokens(Settings(jwt_secret=SECRET)), world.database, look_again_seconds=0.0)  # type: ignore[arg-type]  # as above
    await sign_in.admit(_claims("owner"), "Bearer one")
    async with world.database.engine.begin() as connection:
        await connection.execute(text("UPDATE app_user SET reference = 'gone' WHERE reference = 'owner'"))
    with pytest.raises(InvalidToken):
        await sign_in.admit(_claims("owner"), "Bearer two")


async def test_another_token_of_a_known_user_needs_no_look_at_the_database(sign_in: SignIn, world: World) -> None:
    owner = await sign_in.admit(_claims("owner"), "Bearer one")
    with statements(world.database) as sent:
        assert await sign_in.admit(_claims("owner"), "Bearer two") == owner
    assert sent == []
    assert sign_in.remembered(b"Bearer two") == owner

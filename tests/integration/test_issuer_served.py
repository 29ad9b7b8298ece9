"""A served process whose tokens an issuer signs: it fetches the keys by itself, and stops with a fetch under way."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx

from tests.integration.served_demonstration import REPOSITORY, environment
from tests.issuer import AUDIENCE, BAD, ISSUER, OLD, Issuer
from tests.ports import free_port
from tests.world import World


@asynccontextmanager
async def _served(database_url: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Serve in a process of its own, which must end by itself when it is told to."""
    port = free_port()
    settings = {"DATABASE_URL": database_url, "PORT": str(port), "JWKS_URL": issuer.url}
    settings |= {"JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "serve"),
        cwd=REPOSITORY,
        env=environment(**{f"ORDERSHARE_{name}": value for name, value in settings.items()}),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"Uvicorn running on" not in (line := await process.stderr.readline()):
                assert line
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
        process.terminate()
        async with asyncio.timeout(30):
            said = (await process.communicate())[1].decode()
        assert "Traceback" not in said
        assert "Finished server process" in said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _status(client: httpx.AsyncClient, token: str) -> int:
    query, headers = {"query": "{ viewer { user { reference } } }"}, {"Authorization": f"Bearer {token}"}
    return (await client.post("/graphql", json=query, headers=headers)).status_code


async def test_a_served_process_has_the_keys_before_anybody_comes(
    world: World, database_url: str, issuer: Issuer
) -> None:
    async with _served(database_url, issuer) as client, asyncio.timeout(30):
        await issuer.asked.acquire()
        while (await client.get("/readyz")).status_code != 200:
            pass
        expired = OLD.token(exp=datetime.now(UTC) - timedelta(seconds=1))
        assert [await _status(client, token) for token in (OLD.token(), expired, BAD.token())] == [200, 401, 401]
    assert issuer.fetches == 1


async def test_a_served_process_starts_and_stops_while_its_issuer_does_not_answer(
    world: World, database_url: str, issuer: Issuer
) -> None:
    issuer.answering.clear()
    async with _served(database_url, issuer) as client, asyncio.timeout(30):
        await issuer.asked.acquire()
        assert (await client.get("/healthz")).status_code == 200
        not_ready = await client.get("/readyz")
        assert (not_ready.status_code, not_ready.json()) == (503, {"status": "the issuer's keys are not there"})

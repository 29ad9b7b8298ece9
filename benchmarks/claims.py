"""Claims under contention: our server, Mercurius, and pgbench, which has no server at all."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.arena import Arena, Shape, make_arena, make_arena_organisation
from benchmarks.contestants import MERCURIUS, OURS, Contestant, mercurius, ours, token
from benchmarks.database import BenchmarkDatabase
from benchmarks.documents import CLAIM, request_body
from benchmarks.load import Outcome, post, run_load
from benchmarks.organisations import ORDER, SHARED, sql_id
from benchmarks.processes import ServerProcess
from benchmarks.progress import say
from benchmarks.rounds import Cost, Usage, measure, median_cost, pause
from schema.global_id import encode_id
from tests.servers import postgresql_program

CLIENTS = 16
"""How many clients pgbench has."""

CONNECTIONS = 32
"""Over how many connections the servers are asked: terminals are more than a pool's connections."""

Served = tuple[Contestant, ServerProcess]

PGBENCH, PGBENCH_STATEMENT = "pgbench, a transaction", "pgbench, one statement"

# The first claims of a server find its pool empty and its document not compiled: they are not measured.
_WARM_UP = Shape("warm-up", 10, 16, 320)

# Which offer: each client takes every sixteenth.
_NEXT = f"""\\set number :turn * {CLIENTS} + :client_id
\\set turn :turn + 1
"""

_TRANSACTION = """BEGIN;
WITH taken AS (
    UPDATE orders SET shares_claimed = shares_claimed + 1
    WHERE id = {order} AND shares_claimed < max_shares RETURNING id)
SELECT count(*) AS seats FROM taken \\gset
\\if :seats
UPDATE shared_order SET status = 'CLAIMED', claimed_at = clock_timestamp()
WHERE id = {offer} AND status = 'OFFERED' AND clock_timestamp() BETWEEN opens_at AND closes_at;
COMMIT;
\\else
ROLLBACK;
\\endif
"""
_STATEMENT = """
WITH offer AS (
    SELECT id FROM shared_order
    WHERE id = {offer} AND status = 'OFFERED' AND clock_timestamp() BETWEEN opens_at AND closes_at FOR UPDATE),
taken AS (
    UPDATE orders SET shares_claimed = shares_claimed + 1
    WHERE id = {order} AND shares_claimed < max_shares AND EXISTS (SELECT FROM offer) RETURNING id)
UPDATE shared_order SET status = 'CLAIMED', claimed_at = clock_timestamp()
WHERE id = {offer} AND EXISTS (SELECT FROM taken);
"""
_PGBENCH = (
    str(postgresql_program("pgbench")),
    "--no-vacuum",
    "--log",
    "--protocol=prepared",
    "--define=turn=0",
    f"--client={CLIENTS}",
    "--file=claim.sql",
)
_RATE = re.compile(r"tps = ([\d.]+)")


async def measure_claims(
    database: BenchmarkDatabase, shapes: Sequence[Shape], rounds: int, logs: Path
) -> dict[str, dict[str, Cost]]:
    """Return what a claim costs, by shape and by who claims: the medians of the rounds.

    Args:
        database: The database.
        shapes: What is fought for.
        rounds: How often each has its turn.
        logs: The directory that takes what the servers print.

    Raises:
        RuntimeError: Where other than exactly as many offers are claimed of an order as it has seats.
    """
    await make_arena_organisation(database)
    names = (OURS, MERCURIUS, PGBENCH, PGBENCH_STATEMENT)
    costs: dict[str, dict[str, list[Cost]]] = {shape.name: {name: [] for name in names} for shape in shapes}
    with ExitStack() as running:
        servers = {
            item.name: (item, running.enter_context(item.serve(database, logs))) for item in (ours(), mercurius())
        }
        await _warm_up(database, servers)
        order = [(shape, name) for _ in range(rounds) for shape in shapes for name in names]
        for number, (shape, name) in enumerate(order, start=len(servers)):
            arena = await make_arena(database, number, shape)
            cost = await _turn(database, name, servers.get(name), arena)
            await _require_every_seat(database, name, arena)
            costs[shape.name][name].append(cost)
            say(f"claims, {shape.name}: {name}: {cost.per_second:.0f}/s")
    return {shape: {name: median_cost(taken) for name, taken in by_name.items()} for shape, by_name in costs.items()}


async def _warm_up(database: BenchmarkDatabase, servers: dict[str, Served]) -> None:
    for _, server in servers.values():
        await pause(database, server)
    for number, (name, served) in enumerate(servers.items()):
        await _turn(database, name, served, await make_arena(database, number, _WARM_UP))


async def _turn(database: BenchmarkDatabase, name: str, served: Served | None, arena: Arena) -> Cost:
    if served is None:
        return _run_pgbench(database, _STATEMENT if name == PGBENCH_STATEMENT else _TRANSACTION, arena)
    contestant, server = served
    requests = [_claim(contestant, arena, offer) for offer in range(arena.shape.offers)]
    server.resume()
    usage = await measure(database, server, lambda: run_load(server.port, requests, CONNECTIONS, marker=b'"CLAIMED"'))
    await pause(database, server)
    if usage.outcome.marked != arena.shape.orders * arena.shape.seats:
        raise RuntimeError(f"{name} told {usage.outcome.marked} that they have a seat")
    return usage.per_request()


def _claim(contestant: Contestant, arena: Arena, offer: int) -> bytes:
    if contestant.name == MERCURIUS:
        return post(contestant.path, request_body(CLAIM, input={"sharedOrderId": str(arena.offer_id(offer))}), {})
    body = request_body(CLAIM, input={"sharedOrderId": encode_id("SharedOrder", arena.offer_id(offer))})
    return post(contestant.path, body, {"Authorization": f"Bearer {token(arena.recipient(offer))}"})


async def _require_every_seat(database: BenchmarkDatabase, name: str, arena: Arena) -> None:
    counted = await arena.claimed_by_order(database)
    if counted != (arena.shape.seats, arena.shape.seats):
        raise RuntimeError(f"{name} claimed {counted[0]} to {counted[1]} of {arena.shape.seats} seats of an order")


def _run_pgbench(database: BenchmarkDatabase, script: str, arena: Arena) -> Cost:
    """Let pgbench claim every offer once, and return what that cost; its own CPU is not counted."""
    statements = _NEXT + script.format(
        order=sql_id(ORDER, arena.group, f"(:number)::bigint % {arena.shape.orders}"),
        offer=sql_id(SHARED, arena.group, "(:number)::bigint"),
    )
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "claim.sql").write_text(statements)
        before = database.cpu_milliseconds()
        command = [*_PGBENCH, f"--transactions={arena.shape.offers // CLIENTS}", database.plain_url]
        finished = subprocess.run(command, check=False, cwd=directory, capture_output=True, text=True)
        used = database.cpu_milliseconds() - before
        logged = "".join(file.read_text() for file in Path(directory).glob("pgbench_log.*"))
    rate = _RATE.search(finished.stdout)
    if rate is None or finished.returncode != 0:
        raise RuntimeError(f"pgbench failed:\n{finished.stdout}{finished.stderr}")
    # The third column of the log is the time that a transaction took, in microseconds.
    latencies = [int(line.split()[2]) / 1_000_000 for line in logged.splitlines()]
    outcome = Outcome(seconds=len(latencies) / float(rate[1]), latencies=latencies)
    return Usage(outcome, 0.0, used).per_request()

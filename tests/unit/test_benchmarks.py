"""What the benchmark does beside measuring: a figure that is wrong by its own fault would be believed."""

import asyncio
import os
import time
import xml.etree.ElementTree
from itertools import repeat
from pathlib import Path
from uuid import UUID

import pytest

from benchmarks.arena import Shape
from benchmarks.claims import PGBENCH
from benchmarks.contestants import FLOOR, MERCURIUS, ORDINARY, OURS, POSTGRAPHILE
from benchmarks.documents import from_graphql, from_postgraphile
from benchmarks.load import Outcome, post, run_load
from benchmarks.organisations import row_id
from benchmarks.plot import draw
from benchmarks.processes import cpu_milliseconds
from benchmarks.report import BEGIN, END, write_into
from benchmarks.results import Results, goals_of
from benchmarks.rounds import Cost, median_cost
from benchmarks.size import SizeCost
from schema.global_id import encode_id


def cost(server: float, database: float = 1.0, per_second: float = 100.0) -> Cost:
    return Cost(server, database, per_second, p50=1.0, p99=2.0, size=1000)


def results(ours: Cost) -> Results:
    hot, spread = Shape("hot", 1, 2, 3), Shape("spread", 2, 2, 6)
    rivals = {FLOOR: cost(1.0), MERCURIUS: cost(2.0), POSTGRAPHILE: cost(4.0), ORDINARY: cost(60.0)}
    claims = {MERCURIUS: cost(1.0, per_second=100), PGBENCH: cost(0.0, per_second=100)}
    return Results(
        rounds=5,
        list_orders=1000,
        list_page={OURS: ours, **rivals},
        sizes=[SizeCost(1000, 900, ours, ours), SizeCost(10_000, 9_900, ours, ours)],
        claims={hot.name: {OURS: ours, **claims}, spread.name: {OURS: ours, **claims}},
        hot=hot,
        spread=spread,
    )


def test_every_goal_is_met_by_a_server_that_meets_it() -> None:
    goals = goals_of(results(cost(1.0, database=1.0, per_second=150)))
    assert [goal.text for goal in goals if not goal.met] == []
    assert len(goals) == 11


def test_a_slow_server_misses_every_goal_but_those_about_its_evenness() -> None:
    goals = goals_of(results(cost(60.0, per_second=10)))
    assert [goal.met for goal in goals] == [False] * 5 + [True] * 3 + [False] * 3


def test_what_was_not_measured_is_not_judged() -> None:
    measured = results(cost(1.0))
    part = Results(5, 1000, {}, measured.sizes, {}, measured.hot, measured.spread)
    assert len(goals_of(part)) == 3


def test_the_drawing_is_well_formed() -> None:
    root = xml.etree.ElementTree.fromstring(draw(results(cost(500.0))))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_medians_are_taken_of_each_figure() -> None:
    assert median_cost([cost(1.0, 9.0), cost(2.0, 8.0), cost(30.0, 7.0)]).together == 10.0


def test_the_readme_keeps_what_stands_outside_the_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(readme, "new")
    assert readme.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_a_readme_without_the_marks_is_refused(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing")
    with pytest.raises(RuntimeError, match="lacks the marks"):
        write_into(readme, "new")


def test_our_answer_and_postgraphiles_come_to_the_same_shape() -> None:
    order, owner, shared, recipient = (UUID(int=number) for number in range(4))
    same = {"reference": "R", "title": "T", "status": "IN_FORCE", "version": 1, "sharesClaimed": 0, "maxShares": 2}
    ours = {
        **same,
        "id": encode_id("Order", order),
        "expiresAt": "2046-06-01T00:00:00Z",
        "premium": {"amountMinor": 5, "currency": "EUR"},
        "type": {"code": "C", "name": "N"},
        "owner": {"id": encode_id("User", owner), "name": "O"},
        "sharedOrders": {
            "nodes": [
                {
                    "id": encode_id("SharedOrder", shared),
                    "status": "OFFERED",
                    "permission": "VIEW",
                    "recipient": {"id": encode_id("User", recipient), "name": "P"},
                }
            ]
        },
    }
    theirs = {
        **same,
        "rowId": str(order),
        "expiresAt": "2046-06-01T02:00:00+02:00",
        "premiumMinor": "5",
        "currency": "EUR",
        "orderTypeByTypeCodeAndTypePriority": {"code": "C", "name": "N"},
        "membershipByOrganisationIdAndOwnerId": {"appUserByUserId": {"rowId": str(owner), "name": "O"}},
        "sharedOrdersByOrganisationIdAndOrderId": {
            "nodes": [
                {
                    "rowId": str(shared),
                    "status": "OFFERED",
                    "permission": "VIEW",
                    "membershipByOrganisationIdAndRecipientId": {
                        "appUserByUserId": {"rowId": str(recipient), "name": "P"}
                    },
                }
            ]
        },
    }
    normal = from_graphql({"data": {"organisation": {"orders": {"nodes": [ours]}}}})
    assert normal == from_postgraphile(
        {"data": {"organisationByRowId": {"ordersByOrganisationId": {"nodes": [theirs]}}}}
    )
    assert normal != from_graphql({"data": {"organisation": {"orders": {"nodes": [{**ours, "title": "other"}]}}}})


async def served(answer: bytes, count: int, marker: bytes | None = None) -> Outcome:
    """Send requests to a server that answers each with the same bytes, in two pieces."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            await reader.readexactly(2)
            writer.write(answer[:20])
            await asyncio.sleep(0)
            writer.write(answer[20:])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await run_load(port, repeat(post("/", b"{}", {}), count), 3, marker)


async def test_every_request_is_sent_once_and_its_answer_counted() -> None:
    outcome = await served(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nword", 20, marker=b"or")
    assert (len(outcome.latencies), outcome.sizes, outcome.marked) == (20, {4}, 20)
    assert outcome.per_second > 0


async def test_an_answer_in_chunks_is_one_answer() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwo\r\n2\r\nrd\r\n0\r\n\r\n"
    outcome = await served(chunks, 5, marker=b"word")
    assert (len(outcome.latencies), outcome.marked) == (5, 5)


async def test_a_refused_request_ends_the_run() -> None:
    with pytest.raises(RuntimeError, match="answered 401: no"):
        await served(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", 5)


def test_percentiles_are_of_the_latencies_in_milliseconds() -> None:
    outcome = Outcome(seconds=1.0, latencies=[number / 1000 for number in range(100, 0, -1)])
    assert (outcome.percentile(0.50), outcome.percentile(0.99)) == (51.0, 100.0)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="CPU is read from /proc")
def test_the_cpu_of_a_process_is_its_own() -> None:
    before, began = cpu_milliseconds(os.getpid()), time.process_time()
    while time.process_time() - began < 0.2:
        pass
    assert 150 <= cpu_milliseconds(os.getpid()) - before <= 1000


def test_ids_differ_by_kind_group_and_number() -> None:
    ids = {row_id(kind, group, number) for kind in (1, 2) for group in (1, 2) for number in (1, 2)}
    assert len(ids) == 8
    assert {row.version for row in ids} == {7}

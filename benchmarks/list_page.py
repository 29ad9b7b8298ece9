"""The list page of one large organisation on every server: first the same data everywhere, then what it costs."""

import json
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from benchmarks.contestants import Contestant, Rows, every_contestant
from benchmarks.database import BenchmarkDatabase
from benchmarks.documents import PAGE
from benchmarks.organisations import Organisation
from benchmarks.processes import ServerProcess
from benchmarks.progress import say
from benchmarks.rounds import Cost, Effort, Turn, take_turns

_SHARED_ORDERS = 80


async def measure_list_page(
    database: BenchmarkDatabase, organisation: Organisation, effort: Effort, logs: Path
) -> dict[str, Cost]:
    """Return what the list page costs on each server, the medians of the rounds.

    Args:
        database: Where the organisation is.
        organisation: Whose list.
        effort: How much to measure.
        logs: The directory that takes what the servers print.
    """
    contestants = every_contestant()
    with ExitStack() as running:
        servers = {
            contestant.name: running.enter_context(contestant.serve(database, logs)) for contestant in contestants
        }
        _require_same_data(contestants, servers, organisation)
        turns = [Turn(item.name, servers[item.name], item.request(organisation)) for item in contestants]
        return await take_turns(database, "list page", turns, effort)


def _require_same_data(
    contestants: list[Contestant], servers: dict[str, ServerProcess], organisation: Organisation
) -> None:
    """Compare every server's page with the floor's, field by field.

    Raises:
        RuntimeError: Where a page is not the expected one.
    """
    pages = {item.name: _page(item, servers[item.name], organisation) for item in contestants}
    expected = pages[contestants[0].name]
    shared = sum(len(order["sharedOrders"]) for order in expected)
    if (len(expected), shared) != (PAGE, _SHARED_ORDERS):
        raise RuntimeError(f"a page of {len(expected)} orders and {shared} shared orders is not the one to compare")
    for name, page in pages.items():
        if page != expected:
            differing = next((pair for pair in zip(expected, page, strict=False) if pair[0] != pair[1]), "its length")
            raise RuntimeError(f"{name} answers other data: {differing}")
    say(f"all {len(pages)} servers answer the same {PAGE} orders and {shared} shared orders")


def _page(contestant: Contestant, server: ServerProcess, organisation: Organisation) -> Rows:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{contestant.path}",
        contestant.body(organisation),
        {"Content-Type": "application/json", **contestant.headers},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    if "errors" in answer:
        raise RuntimeError(f"{contestant.name} answers {answer['errors']}")
    return contestant.orders(answer)

"""What our list page costs in organisations of every size, at its beginning and far down."""

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks import documents
from benchmarks.contestants import Contestant, ours
from benchmarks.database import BenchmarkDatabase
from benchmarks.load import post
from benchmarks.organisations import Organisation
from benchmarks.processes import ServerProcess
from benchmarks.rounds import Cost, Effort, Turn, take_turns

_DEPTH = 10_000
_STEP = 100


@dataclass(frozen=True)
class SizeCost:
    """What pages of an organisation cost.

    Attributes:
        orders: How many the organisation has.
        depth: How many come before the deep page.
        first: The first page.
        deep: The deep page.
    """

    orders: int
    depth: int
    first: Cost
    deep: Cost


async def measure_sizes(
    database: BenchmarkDatabase, organisations: list[Organisation], effort: Effort, logs: Path
) -> list[SizeCost]:
    """Return what the first and a deep page cost in each organisation, the medians of the rounds.

    Args:
        database: Where the organisations are.
        organisations: Whose lists.
        effort: How much to measure.
        logs: The directory that takes what the server prints.
    """
    contestant = ours()
    with contestant.serve(database, logs) as server:
        turns = [
            Turn(f"{organisation.orders:,} orders, after {depth:,}", server, request)
            for organisation in organisations
            for depth, request in _requests(contestant, server, organisation)
        ]
        costs = list((await take_turns(database, "size", turns, effort)).values())
    pairs = zip(organisations, costs[::2], costs[1::2], strict=True)
    return [SizeCost(item.orders, _depth(item), first, deep) for item, first, deep in pairs]


def _depth(organisation: Organisation) -> int:
    """Return how far down the deep page lies: in a small organisation, at the end of its list."""
    return min(_DEPTH, organisation.orders - _STEP)


def _requests(contestant: Contestant, server: ServerProcess, organisation: Organisation) -> list[tuple[int, bytes]]:
    depth = _depth(organisation)
    # One document for both pages: they differ in the value of the cursor alone.
    return [
        (0, _page_after(contestant, organisation, None)),
        (depth, _page_after(contestant, organisation, _cursor_at(contestant, server, organisation, depth))),
    ]


def _page_after(contestant: Contestant, organisation: Organisation, cursor: str | None) -> bytes:
    body = documents.request_body(documents.LIST_PAGE_AFTER, id=_id_of(contestant, organisation), after=cursor)
    return post(contestant.path, body, contestant.headers)


def _id_of(contestant: Contestant, organisation: Organisation) -> str:
    identifier: str = json.loads(contestant.body(organisation))["variables"]["id"]
    return identifier


def _cursor_at(contestant: Contestant, server: ServerProcess, organisation: Organisation, depth: int) -> str:
    """Walk down the list as a client does, and return the cursor of the order at the given depth."""
    cursor = None
    for _ in range(depth // _STEP):
        body = documents.request_body(documents.WALK, id=_id_of(contestant, organisation), after=cursor)
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}{contestant.path}",
            body,
            {"Content-Type": "application/json", **contestant.headers},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            cursor = json.load(response)["data"]["organisation"]["orders"]["pageInfo"]["endCursor"]
    if cursor is None:
        raise RuntimeError("the list ended before the deep page")
    return str(cursor)

"""Attackers that send documents over HTTP: dear ones, refused ones, and ones that are kept."""

import asyncio
import hashlib
import json
from collections.abc import Iterable

from graphql import get_introspection_query

from tests.attacks.hard_documents import HARD_DOCUMENTS
from tests.soak.attackers.attack import Attack, Outcomes, status_outcome
from tests.soak.attackers.wire import connected, head, post

_SMALL = "{ viewer { user { reference } } }"
_READ_SECONDS = 25.0

_FAILS_BESIDE_A_READ = """query($organisation: ID!, $b: Boolean = true) {
  organisation(id: $organisation) { orderTypes { code } }
  orderStateMachine { toStatus @skip(if: $b) }
}"""


async def _sent(attack: Attack, requests: Iterable[bytes]) -> Outcomes:
    """Send requests one after the other over one connection, as long as it lasts."""
    outcomes = []
    async with connected(attack.target.port) as wire:
        for request in requests:
            await wire.send(request)
            outcomes.append(status_outcome(await wire.first_status()))
            if outcomes[-1] == "closed":
                break
    return outcomes


async def failing_fields(attack: Attack) -> Outcomes:
    """Send what runs interpreted, with a field that fails while another one still reads."""
    variables = {"organisation": attack.target.archive, "b": None}
    return await _sent(attack, [post(_FAILS_BESIDE_A_READ, token=attack.token, variables=variables)] * 5)


async def long_aliases(attack: Attack) -> Outcomes:
    """Ask for 5,000 orders under an alias of 60,000 characters, and read what comes for a while."""
    alias = "a" * 60_000
    # An alias in a fragment counts at each spread, and there may be 100.
    pages = " ".join(f"p{number}: orders(first: 100) {{ ...f }}" for number in range(50))
    document = (
        f"#{attack.number}\nquery($id: ID!) {{ organisation(id: $id) {{ {pages} }} }}"
        f" fragment f on OrderConnection {{ nodes {{ {alias}: id }} }}"
    )
    request = post(document, token=attack.token, variables={"id": attack.target.catalogue})
    async with connected(attack.target.port) as wire:
        await wire.send(request)
        beginning = await wire.read(_READ_SECONDS, 100)
    return [status_outcome(int(beginning.split()[1]) if beginning else 0)]


async def invalid_documents(attack: Attack) -> Outcomes:
    """Send documents that are refused over 32 connections at once, each one new."""
    refused = [document for document, code in HARD_DOCUMENTS.values() if code is not None]

    async def one(number: int) -> Outcomes:
        chosen = (refused[(attack.number + number * 2 + step) % len(refused)] for step in range(2))
        return await _sent(attack, (post(f"{each}#{attack.number}.{number}", token=attack.token) for each in chosen))

    return [outcome for outcomes in await asyncio.gather(*map(one, range(32))) for outcome in outcomes]


async def new_comments(attack: Attack) -> Outcomes:
    """Send one document again and again, each time with a long comment that makes it another text."""
    comments = (f"#{attack.number}.{number}{'x' * 60_000}" for number in range(10))
    return await _sent(attack, (post(f"{_SMALL}{each}", token=attack.token) for each in comments))


async def persisted_documents(attack: Attack) -> Outcomes:
    """Have documents kept by their hashes: 50 tiny ones, and large ones that are invalid."""
    tiny = (f"{{a{attack.number}x{number}}}" for number in range(50))
    large = (f"{{ a{attack.number}x{number} }}#" + "\U0001f600" * 50_000 for number in range(2))
    return await _sent(attack, (_persisted(attack, each) for each in (*tiny, *large)))


def _persisted(attack: Attack, document: str) -> bytes:
    name = hashlib.sha256(document.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": name}}
    # Sent as they are: as escapes, they would be longer than a request may be.
    body = json.dumps({"query": document, "extensions": extensions}, ensure_ascii=False).encode()
    return head(token=attack.token, length=len(body)) + body


async def padded_tokens(attack: Attack) -> Outcomes:
    """Send one token with thousands of blanks before it, each time of another number."""
    scheme, token = attack.token.split()
    blanks = (50_000 + (attack.number * 20 + number) % 8_000 for number in range(20))
    return await _sent(attack, [post(_SMALL, token=f"{scheme}{' ' * each}{token}") for each in blanks])


async def forbidden_imports(attack: Attack) -> Outcomes:
    """Import 1,000 rows as a member who may not."""
    rows = [
        {
            "reference": f"forbidden-{attack.number}-{number}",
            "ownerReference": attack.user,
            "type": "HOSPITAL",
            "title": f"Cover {number}",
            "premium": {"amountMinor": number, "currency": "EUR"},
            "status": "IN_FORCE",
            "effectiveAt": "2026-01-01T00:00:00Z",
            "maxShares": 2,
        }
        for number in range(1_000)
    ]
    document = """mutation($input: ImportOrdersInput!) {
      importOrders(input: $input) { imported userErrors { code } }
    }"""
    given = {"input": {"organisationId": attack.target.archive, "orders": rows}}
    return await _sent(attack, [post(document, token=attack.token, variables=given)])


async def introspection(attack: Attack) -> Outcomes:
    """Ask for the whole schema, each time by another text."""
    return await _sent(attack, [post(f"#{attack.number}\n{get_introspection_query()}", token=attack.token)])

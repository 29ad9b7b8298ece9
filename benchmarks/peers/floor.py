"""The floor: the same rows to JSON on a bare ASGI application, without GraphQL, authentication, limits or rules."""

import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import asyncpg
import orjson
import uvicorn

Message = MutableMapping[str, Any]

_ORDERS = """
SELECT o.id, o.reference, o.title, o.status, o.version, o.premium_minor, o.currency, o.expires_at,
    o.shares_claimed, o.max_shares, t.code, t.name AS type_name, u.id AS owner_id, u.name AS owner_name
FROM orders o JOIN order_type t ON t.code = o.type_code JOIN app_user u ON u.id = o.owner_id
WHERE o.organisation_id = $1
ORDER BY o.type_priority, o.newest_first, o.id LIMIT $2
"""
_SHARED_ORDERS = """
SELECT s.order_id, s.id, s.status, s.permission, u.id AS recipient_id, u.name AS recipient_name
FROM unnest($1::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT * FROM shared_order WHERE order_id = wanted.id ORDER BY id DESC LIMIT 5) AS s
JOIN app_user u ON u.id = s.recipient_id
ORDER BY s.order_id, s.id DESC
"""
_HEADERS = [(b"content-type", b"application/json")]


def _order(row: asyncpg.Record, shared_orders: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "reference": row["reference"],
        "title": row["title"],
        "status": row["status"],
        "version": row["version"],
        "premium": {"amountMinor": row["premium_minor"], "currency": row["currency"]},
        "expiresAt": row["expires_at"],
        "type": {"code": row["code"], "name": row["type_name"]},
        "owner": {"id": str(row["owner_id"]), "name": row["owner_name"]},
        "sharesClaimed": row["shares_claimed"],
        "maxShares": row["max_shares"],
        "sharedOrders": {"nodes": shared_orders},
    }


async def _list_orders(pool: asyncpg.Pool, organisation_id: str, first: int) -> list[dict[str, Any]]:
    async with pool.acquire() as connection:
        rows = await connection.fetch(_ORDERS, organisation_id, first)
        shared = await connection.fetch(_SHARED_ORDERS, [row["id"] for row in rows])
    lists: defaultdict[object, list[dict[str, Any]]] = defaultdict(list)
    for row in shared:
        lists[row["order_id"]].append(
            {
                "id": str(row["id"]),
                "status": row["status"],
                "permission": row["permission"],
                "recipient": {"id": str(row["recipient_id"]), "name": row["recipient_name"]},
            }
        )
    return [_order(row, lists[row["id"]]) for row in rows]


class Floor:
    """The application."""

    pool: asyncpg.Pool

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await receive()
            self.pool = await asyncpg.create_pool(os.environ["BENCHMARK_DATABASE_URL"], max_size=16)
            await send({"type": "lifespan.startup.complete"})
            return
        status, answer = 404, b""
        if scope["method"] == "POST":
            wanted = orjson.loads((await receive())["body"])
            status, answer = 200, orjson.dumps(await _list_orders(self.pool, wanted["id"], wanted["first"]))
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, length]})
        await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(
        Floor(), host="127.0.0.1", port=int(os.environ["BENCHMARK_PORT"]), log_level="warning", access_log=False
    )

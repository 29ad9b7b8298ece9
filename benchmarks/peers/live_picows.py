"""The ceiling for Python: picows sends the same bytes to every socket. No GraphQL; the protocol is a mere gesture."""

import asyncio
import os
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import orjson
import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from benchmarks.peers.status_changes import StatusChange, status_changes

_ACKNOWLEDGED, _PONG = b'{"type":"connection_ack"}', b'{"type":"pong"}'
_OPERATION = str(uuid4())
_PROTOCOL = {"Sec-WebSocket-Protocol": "graphql-transport-ws"}
_listening: set[WSTransport] = set()
_publishing: set[asyncio.Task[None]] = set()
_changes = status_changes()


class Listener(WSListener):
    """A socket."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer what a client says on its way to listening."""
        if frame.msg_type != WSMsgType.TEXT:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.disconnect()
            return
        match orjson.loads(frame.get_payload_as_bytes())["type"]:
            case "connection_init":
                transport.send(WSMsgType.TEXT, _ACKNOWLEDGED)
            case "ping":
                transport.send(WSMsgType.TEXT, _PONG)
            case "subscribe":
                _listening.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Forget the socket."""
        _listening.discard(transport)


def _message(change: StatusChange) -> bytes:
    event = {
        "__typename": "OrderStatusChanged",
        "id": change.id,
        "cursor": change.cursor,
        "sequence": change.sequence,
        "occurredAt": change.occurred_at,
        "orderVersion": change.version,
        "order": {
            "id": change.order_id,
            "reference": change.reference,
            "status": change.status,
            "version": change.version,
        },
        "status": change.status,
        "previousStatus": change.previous_status,
    }
    return orjson.dumps({"id": _OPERATION, "type": "next", "payload": {"data": {"organisationEvents": event}}})


def _publish() -> None:
    message = _message(next(_changes))
    for transport in _listening:
        transport.send(WSMsgType.TEXT, message)


async def _publish_one_by_one(count: int) -> None:
    for _ in range(count):
        _publish()
        await asyncio.sleep(0)


def _enter(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener | None:
    """Let a socket in, or publish: `/publish?count=50&together=true`; picows takes requests without a body only."""
    url = urlsplit(request.path.decode())
    if url.path == "/graphql":
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(_PROTOCOL), Listener())
    if url.path != "/publish":
        return None
    asked = parse_qs(url.query)
    count = int(asked["count"][0])
    if asked["together"] == ["true"]:
        for _ in range(count):
            _publish()
    else:
        task = asyncio.create_task(_publish_one_by_one(count))
        _publishing.add(task)
        task.add_done_callback(_publishing.discard)
    return WSUpgradeResponseWithListener(WSUpgradeResponse.create_ok_response(), None)


async def _serve() -> None:
    server = await ws_create_server(_enter, "127.0.0.1", int(os.environ["BENCHMARK_PORT"]), backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())

"""What the server holds for clients has a size, filled here to its bound: at most 64 MiB more are taken."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import jwt
import pytest
import websockets
from websockets.frames import Frame, Opcode

import app.websocket.session
from tests.attacks.harness import withstands
from tests.attacks.raw_client import connected
from tests.attacks.served import Served, served
from tests.listening import hears_no_more
from tests.served_world import Server, terminal
from tests.world import SECRET, World

_SMALL = "{ viewer { user { reference } } }"
_MEMORY_BYTES = 64 * 1024 * 1024
_SECONDS = 20
_HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


def _message(**content: object) -> bytes:
    return Frame(Opcode.TEXT, json.dumps(content).encode()).serialize(mask=True)


def _init(token: str) -> bytes:
    return _message(type="connection_init", payload={"authorization": f"Bearer {token}"})


class _Socket:
    """A WebSocket whose client sends bytes as they are."""

    def __init__(self, server: Served) -> None:
        self.opened = socket.create_connection(("127.0.0.1", server.port), timeout=_SECONDS)
        self.opened.sendall(_HANDSHAKE)
        self._reads = self.opened.makefile("rb")
        while self._reads.readline() not in (b"\r\n", b""):
            pass

    def send(self, data: bytes) -> None:
        """Send bytes, to a server that may have closed."""
        with suppress(ConnectionError):
            self.opened.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """Return the opcode and the content of the next frame; 0 where the connection has ended."""
        with suppress(ConnectionError):
            head = self._reads.read(2)
            if len(head) == 2:
                length = head[1] if head[1] < 126 else int.from_bytes(self._reads.read(2 if head[1] == 126 else 8))
                return head[0] & 15, self._reads.read(length)
        return 0, b""

    def close(self) -> None:
        """End the connection without a word."""
        self._reads.close()
        self.opened.close()


def _address(issuer: socket.socket) -> str:
    return f"http://127.0.0.1:{issuer.getsockname()[1]}/"


@contextmanager
def _sockets(server: Served, count: int, token: str | None = None) -> Iterator[list[_Socket]]:
    """Open sockets; sessions over them where there is a token."""
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            each = _Socket(server)
            stack.callback(each.close)
            opened.append(each)
            if token is not None:
                each.send(_init(token))
                assert each.receive() == (Opcode.TEXT, b'{"type":"connection_ack"}')
        yield opened


def _grows_by(server: Served, act: Callable[[], None]) -> int:
    """Act, and return by how many bytes the server has grown at the most meanwhile."""
    before, most, over = server.memory(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.02):
            most = max(most, server.memory() - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        act()
    finally:
        over.set()
        watching.join()
    return max(most, server.memory() - before)


def test_tokens_with_long_headers_are_refused_and_not_remembered(attacked: Served) -> None:
    now = int(time.time())

    def attack(number: int) -> None:
        for each in range(2_000):
            claims = {"sub": "owner", "exp": now + 3600, "jti": f"{number}-{each}"}
            token = jwt.encode(claims, SECRET, algorithm="HS256")
            body = json.dumps({"query": _SMALL}).encode()
            with connected(attacked.port) as client:
                # Each closes its connection: what is left of such a head is not read.
                head = client.head(len(body), f"Authorization: Bearer{' ' * 58_000}{token}")
                assert client.exchange(head + body).status == 431

    withstands(attacked, attack, within=None)


async def test_a_token_of_9_kib_is_refused_over_a_socket_too(attacked: Served) -> None:
    subprotocols = [websockets.Subprotocol("graphql-transport-ws")]
    for blanks in (9_000, 58_000):
        async with websockets.connect(attacked.socket_url, subprotocols=subprotocols) as opened:
            authorization = f"Bearer{' ' * blanks}{attacked.token('owner')}"
            await opened.send(json.dumps({"type": "connection_init", "payload": {"authorization": authorization}}))
            async with asyncio.timeout(_SECONDS):
                await opened.wait_closed()
            assert (opened.close_code, opened.close_reason) == (4403, "Forbidden")


def test_the_id_of_an_operation_has_128_characters_at_most(attacked: Served) -> None:
    with _sockets(attacked, 2, attacked.token("owner")) as (good, bad):
        good.send(_message(type="subscribe", id="x" * 128, payload={"query": _SMALL}))
        assert json.loads(good.receive()[1])["id"] == "x" * 128
        bad.send(_message(type="subscribe", id="x" * 129, payload={"query": _SMALL}))
        code, content = bad.receive()
        assert (code, content) == (
            Opcode.CLOSE,
            (4400).to_bytes(2) + b"The id of an operation has at most 128 characters",
        )


def test_the_name_of_an_operation_has_256_characters_at_most(attacked: Served) -> None:
    with connected(attacked.port, attacked.token("owner")) as client:
        answer = client.ask(f"query {'x' * 256} {_SMALL}", operationName="x" * 256)
        assert answer.json["data"] == {"viewer": {"user": {"reference": "owner"}}}
        answer = client.ask(f"query {'x' * 257} {_SMALL}", operationName="x" * 257)
        assert (answer.status, answer.codes) == (400, {"BAD_USER_INPUT"})


@pytest.mark.parametrize("is_known", [False, True], ids=["nobody", "a user"])
def test_messages_that_are_never_complete_are_held_within_a_bound(attacked: Served, is_known: bool) -> None:
    """Over four hundred sockets: 100 MB would be held."""
    part = Frame(Opcode.TEXT, b" " * (256 * 1024)).serialize(mask=True)[:-1000]

    def attack(_: int) -> None:
        with _sockets(attacked, 400, attacked.token("owner") if is_known else None) as opened:
            sending = [threading.Thread(target=each.send, args=(part,)) for each in opened]
            for thread in sending:
                thread.start()
            for thread in sending:
                thread.join()
            codes = [each.receive()[1][:2] for each in opened[100:110]]
            assert (1013).to_bytes(2) in codes

    withstands(attacked, attack, within=None)


def test_a_client_that_is_not_known_may_introduce_itself_while_others_fill_the_bound(attacked: Served) -> None:
    part = Frame(Opcode.TEXT, b" " * (256 * 1024)).serialize(mask=True)[:-1000]
    claims = {"sub": "owner", "exp": int(time.time()) + 3600, "jti": "x" * 5_000}
    with _sockets(attacked, 40) as filling:
        for each in filling:
            each.send(part)
        with _sockets(attacked, 1, jwt.encode(claims, SECRET, algorithm="HS256")):
            pass


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_messages_before_the_acknowledgement_stay_with_their_clients(
    world: World, database_url: str, tmp_path: Path
) -> None:
    """Of thirty clients who send 8 MB each while the issuer does not answer: 240 MB would be held."""
    settings = {"jwt_secret": "", "jwt_issuer": "https://issuer.example", "jwt_audience": "ordershare"}
    with (
        socket.create_server(("127.0.0.1", 0)) as issuer,
        ExitStack() as asked,
        served(database_url, tmp_path / "log", jwks_url=_address(issuer), **settings) as server,
    ):
        issuer.settimeout(40)
        for _ in range(2):
            # It is asked at the start and, when that has failed, again: now, and it does not answer for some seconds.
            asked.enter_context(issuer.accept()[0])
        pings = Frame(Opcode.TEXT, json.dumps({"type": "pong", "payload": {"x": "x" * 50_000}}).encode())
        flood = pings.serialize(mask=True) * 160

        def flood_until_it_is_closed(each: _Socket) -> None:
            each.send(_init(jwt.encode({"sub": "owner"}, SECRET, algorithm="HS256", headers={"kid": "new"})))
            each.opened.settimeout(2)
            with suppress(TimeoutError):
                each.send(flood)

        def attack() -> None:
            with _sockets(server, 30) as opened:
                sending = [threading.Thread(target=flood_until_it_is_closed, args=(each,)) for each in opened]
                for thread in sending:
                    thread.start()
                for thread in sending:
                    thread.join()

        assert _grows_by(server, attack) <= _MEMORY_BYTES


async def test_operations_that_wait_to_be_executed_are_held_within_a_bound(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.websocket.session, "_EXECUTED_AT_ONCE", 0)
    # Ten of them, and 512 bytes for each, are all but 152 bytes of the two mebibytes that a user may have waiting.
    empty = {"type": "subscribe", "id": "0", "payload": {"query": _SMALL, "variables": {"unused": ""}}}
    variables = {"unused": "x" * (209_700 - 512 - len(json.dumps(empty)))}
    for _ in range(2):
        # The second time nothing is held any more of the first.
        async with terminal(server, world.token("owner")) as first, terminal(server, world.token("owner")) as second:
            for number in range(10):
                await first.subscribe(_SMALL, str(number), **variables)
            await hears_no_more(first)
            # A user has one bound over all sockets.
            await second.subscribe(_SMALL, "refused")
            refused = await second.receive()
            assert (refused["id"], refused["type"]) == ("refused", "error")
            assert [error["extensions"]["code"] for error in refused["payload"]] == ["RATE_LIMITED"]
            async with terminal(server, world.token("member")) as other:
                await other.subscribe(_SMALL, **variables)
                await hears_no_more(other)

"""Bodies, heads and connections that are not as a server would like them."""

import json
import time
from contextlib import ExitStack, suppress

import pytest

from tests.attacks.harness import withstands
from tests.attacks.raw_client import Answer, RawClient, connected
from tests.attacks.served import Served

_SMALL = "{ viewer { user { reference } } }"
_MOST = 256 * 1024
_BAD_REQUEST = {"BAD_USER_INPUT"}


def _send(server: Served, body: bytes) -> Answer:
    with connected(server.port, server.token("owner")) as client:
        return client.post(body)


def _of(document: bytes) -> bytes:
    return b'{"query": "' + document + b'"}'


_BODIES: dict[str, tuple[bytes, int]] = {
    "two megabytes of a million tokens": (_of(b"{ viewer { user { " + b"a " * 1_000_000 + b"} } }"), 413),
    "one byte too many": (json.dumps({"query": _SMALL}).encode().ljust(_MOST + 1), 413),
    "as many bytes as are allowed": (json.dumps({"query": _SMALL}).encode().ljust(_MOST), 200),
    "nothing": (b"", 400),
    "half of a JSON": (b'{"query": "{ viewer', 400),
    "no JSON": (b"query=%7Bviewer%7D", 400),
    "no UTF-8": (b'{"query": "{ viewer { user { id } } } #\xff\xfe"}', 400),
    "half of a surrogate": (_of(rb"{ node(id: \"\ud800\") { id } }"), 400),
    "a NUL": (_of(rb"{ viewer { \u0000 } }"), 200),
    "1": (b"1", 400),
    "null": (b"null", 400),
    "a list": (b"[]", 400),
    "a text": (b'"{ viewer { user { id } } }"', 400),
    "5,000 digits": (b'{"query": "{ viewer { user { id } } }", "variables": {"a": ' + b"9" * 5_000 + b"}}", 400),
    "5,000 digits for a query": (b'{"query": ' + b"9" * 5_000 + b"}", 400),
    "100,000 brackets": (b"[" * 100_000, 400),
    "100,000 closed brackets": (b"[" * 100_000 + b"]" * 100_000, 400),
    "100,000 braces": (b'{"a":' * 50_000, 400),
    "200 lists in a variable": (
        b'{"query": "query($a: ID!) { node(id: $a) { id } }", "variables": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}",
        200,
    ),
    "the same key 20,000 times": (b"{" + b'"query": 1, ' * 20_000 + b'"query": "{ viewer { user { id } } }"}', 200),
    "20,000 keys": (
        json.dumps({"query": _SMALL, **{f"key{each}": 1 for each in range(15_000)}}).encode(),
        200,
    ),
    "50,000 ids in a variable": (
        json.dumps(
            {"query": "query($a: [ID!]!) { nodes(ids: $a) { id } }", "variables": {"a": ["x"] * 50_000}}
        ).encode(),
        200,
    ),
    "50,000 bad values in a variable": (
        json.dumps(
            {"query": "query($a: [ID!]!) { nodes(ids: $a) { id } }", "variables": {"a": [None] * 40_000}}
        ).encode(),
        200,
    ),
    "10,000 unknown fields of an input": (
        json.dumps(
            {
                "query": "mutation($i: ShareOrderInput!) { shareOrder(input: $i) { userErrors { code } } }",
                "variables": {"i": {f"recipientId{each}": "" for each in range(10_000)}},
            }
        ).encode(),
        200,
    ),
    "10,000 unknown variables": (
        json.dumps({"query": _SMALL, "variables": {f"v{each}": "" for each in range(15_000)}}).encode(),
        200,
    ),
    "a long name of an operation": (json.dumps({"query": _SMALL, "operationName": "a" * 200_000}).encode(), 400),
    "a long name of a document": (json.dumps({"documentId": "a" * 200_000}).encode(), 200),
}


@pytest.mark.parametrize("name", _BODIES)
def test_a_hard_body_is_answered_at_once_and_nobody_else_notices(attacked: Served, name: str) -> None:
    body, status = _BODIES[name]
    answer = withstands(attacked, lambda _: _send(attacked, body))
    assert answer.status == status, answer.body[:300]
    if status in (400, 413):
        assert answer.codes == _BAD_REQUEST
    assert "INTERNAL" not in answer.codes
    assert len(answer.body) < 256 * 1024


def test_a_body_that_is_announced_as_too_long_is_refused_before_it_comes(attacked: Served) -> None:
    def attack(_: int) -> Answer:
        with connected(attacked.port, attacked.token("owner")) as client:
            return client.exchange(client.head(10 * 2**30))

    answer = withstands(attacked, attack)
    assert (answer.status, answer.codes) == (413, _BAD_REQUEST)
    assert answer.headers["connection"] == "close"


def test_a_body_in_chunks_without_end_is_refused_when_it_is_too_long(attacked: Served) -> None:
    def attack(_: int) -> Answer:
        with connected(attacked.port, attacked.token("owner")) as client:
            client.socket.sendall(client.head(None, "Transfer-Encoding: chunked"))
            began = time.perf_counter()
            with suppress(ConnectionError):
                for _ in range(64):
                    client.socket.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            return client.answer(began)

    answer = withstands(attacked, attack)
    assert (answer.status, answer.codes) == (413, _BAD_REQUEST)


def _endlessly(client: RawClient, beginning: bytes, piece: bytes, most: int) -> Answer:
    """Send a piece over and over until the server hangs up; it must do so before `most` bytes."""
    client.socket.sendall(beginning)
    sent = 0
    with suppress(ConnectionError):
        while sent < most:
            client.socket.sendall(piece)
            sent += len(piece)
    assert sent < most
    return client.answer()


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"GET /graphql?query=", b"a" * 65_536),
        (b"GET /graphql HTTP/1.1\r\n", b"a: b\r\n" * 10_000),
        (b"GET /graphql HTTP/1.1\r\na: ", b"a" * 65_536),
        (b"POST /graphql HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 10_000),
        (b"POST /graphql HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 65_536),
    ],
    ids=["a URL", "headers", "a header", "trailers", "an extension of a chunk"],
)
def test_what_has_no_end_is_cut_off(attacked: Served, beginning: bytes, piece: bytes) -> None:
    def attack(_: int) -> None:
        with connected(attacked.port) as client:
            _endlessly(client, beginning, piece, 256 * 2**20)

    withstands(attacked, attack, within=None)


def test_five_hundred_who_do_not_go_on_keep_nothing_from_others(attacked: Served) -> None:
    def attack(_: int) -> None:
        with ExitStack() as opened:
            for number in range(500):
                client = opened.enter_context(connected(attacked.port, attacked.token("owner")))
                whole = client.head(1_000) + b'{"query": "'
                client.socket.sendall(whole[: (0, 10, len(whole))[number % 3]])
            for _ in range(20):
                with connected(attacked.port, attacked.token("owner")) as client:
                    assert client.ask(_SMALL).status == 200

    withstands(attacked, attack, within=None)


def test_a_thousand_requests_at_once_over_one_connection_are_answered_one_by_one(attacked: Served) -> None:
    def attack(_: int) -> None:
        with connected(attacked.port, attacked.token("owner")) as client:
            body = json.dumps({"query": _SMALL}).encode()
            client.socket.sendall((client.head(len(body)) + body) * 200)
            read = b""
            while read.count(b"HTTP/1.1 200 OK") < 200:
                read += client.socket.recv(65_536)

    withstands(attacked, attack, within=None)

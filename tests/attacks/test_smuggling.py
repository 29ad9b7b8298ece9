"""No request is read as part of another, and no response goes to another: directly, and through real proxies."""

import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from tests.attacks.raw_client import RawClient, connected
from tests.attacks.served import Served
from tests.proxies import Proxy, caddy, nginx

_SMALL = "{ viewer { user { reference } } }"
_BODY = json.dumps({"query": _SMALL}).encode()
_ANSWER = {"viewer": {"user": {"reference": "owner"}}}
_PAUSE_SECONDS = 0.02
"""So that the server reads what was sent before by itself."""

_HOST = "Host: 127.0.0.1"


def _lines(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _post(server: Served, *lines: str, body: bytes = _BODY, version: str = "1.1") -> bytes:
    authorization = f"Authorization: Bearer {server.token('owner')}"
    return _lines(f"POST /graphql HTTP/{version}", authorization, "Content-Type: application/json", *lines, body=body)


def _everything(port: int, *pieces: bytes, patience: float = 10) -> bytes:
    """Send pieces, each after a pause, and return all that comes until the server hangs up, or is silent for long."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read = b""
        # A server that refuses the first may not take the others.
        with suppress(ConnectionError, TimeoutError):
            for number, piece in enumerate(pieces):
                if number:
                    time.sleep(_PAUSE_SECONDS)
                opened.sendall(piece)
            while piece := opened.recv(65_536):
                read += piece
        return read


def _statuses(said: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]


_LENGTH = f"Content-Length: {len(_BODY)}"
_CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(_BODY), _BODY)
_UPGRADES = {
    "something unknown": ("Connection: Upgrade", "Upgrade: foo"),
    "curl --http2": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"),
    "the client of the JDK": (
        "Connection: Upgrade, HTTP2-Settings",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Upgrade: h2c",
        "User-Agent: Java-http-client/21.0.1",
    ),
    "TLS": ("Connection: upgrade", "Upgrade: TLS/1.0, HTTP/1.1"),
    "a WebSocket, by POST": ("Connection: Upgrade", "Upgrade: websocket"),
}


@pytest.mark.parametrize("upgrade", _UPGRADES)
@pytest.mark.parametrize("framing", ["a length", "chunks"])
def test_an_upgrade_that_is_not_taken_is_ignored_and_its_body_read(
    attacked: Served, upgrade: str, framing: str
) -> None:
    length, body = {"a length": (_LENGTH, _BODY), "chunks": ("Transfer-Encoding: chunked", _CHUNKED)}[framing]
    head = _post(attacked, _HOST, *_UPGRADES[upgrade], length, body=b"")
    with connected(attacked.port) as client:
        for pieces in ((head + body,), (head, body), (head[:30], head[30:] + body[:5], body[5:])):
            for number, piece in enumerate(pieces):
                if number:
                    time.sleep(_PAUSE_SECONDS)
                client.socket.sendall(piece)
            answer = client.answer()
            assert (answer.status, answer.json["data"]) == (200, _ANSWER)
            # The connection goes on with the next request, and not with the body.
            client.socket.sendall(_lines("GET /healthz HTTP/1.1", _HOST))
            assert client.answer().body == b'{"status":"alive"}'


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on the PATH")
def test_curl_that_would_rather_speak_http_2_is_answered(attacked: Served) -> None:
    fields = ("Content-Type: application/json", f"Authorization: Bearer {attacked.token('owner')}")
    command = ["curl", "--silent", "--http2", "--write-out", "%{http_code}", "--data-binary", _BODY.decode()]
    for field in fields:
        command += ["--header", field]
    said = subprocess.run([*command, attacked.http_url], check=True, capture_output=True, timeout=20).stdout
    assert said.endswith(b"200")
    assert json.loads(said[:-3])["data"] == _ANSWER


_UNCERTAIN = {
    "a coding before chunked": [_HOST, "Transfer-Encoding: gzip, chunked"],
    "identity": [_HOST, "Transfer-Encoding: identity"],
    "identity, and a length": [_HOST, "Transfer-Encoding: identity", _LENGTH],
    "chunked twice": [_HOST, "Transfer-Encoding: chunked, chunked"],
    "chunked in two lines": [_HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "chunked, then another": [_HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "chunked with a parameter": [_HOST, "Transfer-Encoding: chunked;q=1"],
    "chunked in quotes": [_HOST, 'Transfer-Encoding: "chunked"'],
    "nearly chunked": [_HOST, "Transfer-Encoding: xchunked"],
    "a folded coding": [_HOST, "Transfer-Encoding:\r\n chunked"],
    "a blank before the colon": [_HOST, "Transfer-Encoding : chunked"],
    "a vertical tab": [_HOST, "Transfer-Encoding: \x0bchunked"],
    "chunked and a length": [_HOST, "Transfer-Encoding: chunked", _LENGTH],
    "a length and chunked": [_HOST, _LENGTH, "Transfer-Encoding: chunked"],
    "the same length twice": [_HOST, _LENGTH, _LENGTH],
    "two lengths": [_HOST, _LENGTH, "Content-Length: 0"],
    "two lengths in a line": [_HOST, f"{_LENGTH}, {len(_BODY)}"],
    "a length with a sign": [_HOST, "Content-Length: +5"],
    "a hexadecimal length": [_HOST, "Content-Length: 0x5"],
    "a negative length": [_HOST, "Content-Length: -1"],
    "a length of many digits": [_HOST, "Content-Length: " + "9" * 5_000],
    "no length at all": [_HOST, "Content-Length:"],
    "no Host": [_LENGTH],
    "two Hosts": [_HOST, "Host: other.example", _LENGTH],
    "the same Host twice": [_HOST, _HOST, _LENGTH],
    "half of an address": ["Host: [::1", _LENGTH],
    "no address": ["Host: [::::]", _LENGTH],
    "a Host with a path": ["Host: a/b", _LENGTH],
    "a Host with a blank": ["Host: a b", _LENGTH],
    "a Host with a user": ["Host: a@b", _LENGTH],
    "a port out of range": ["Host: a:70000", _LENGTH],
    "two Authorizations": [_HOST, "Authorization: Bearer x", _LENGTH],
    "two Content-Types": [_HOST, "Content-Type: text/plain", _LENGTH],
    "two Origins": [_HOST, "Origin: http://a", "Origin: http://b", _LENGTH],
    "a folded line": [_HOST, "X: a\r\n b", _LENGTH],
    "a bare line feed": [_HOST, f"X: a\n{_LENGTH}"],
    "a bare carriage return": [_HOST, "X: a\rb", _LENGTH],
    "a NUL": [_HOST, "X: a\0b", _LENGTH],
}


@pytest.mark.parametrize("name", _UNCERTAIN)
def test_a_request_that_leaves_something_open_is_refused_and_its_connection_closed(attacked: Served, name: str) -> None:
    # In its body is another request, which must not be read as one.
    body = b"0\r\n\r\n" + _lines("GET /healthz HTTP/1.1", _HOST)
    head = _post(attacked, *_UNCERTAIN[name], body=b"")
    for pieces in ([head + body], [head, body]):
        said = _everything(attacked.port, *pieces)
        assert _statuses(said) == [400]
        head, _, answer = said.partition(b"\r\n\r\n")
        assert b"\r\nconnection: close" in head
        assert json.loads(answer)["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (_lines("CONNECT 127.0.0.1:22 HTTP/1.1", "Host: 127.0.0.1:22"), 501),
        (_lines("GET /healthz HTTP/2.0", _HOST), 505),
        (b"GET /healthz\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (_lines("POST /graphql HTTP/1.0", "Transfer-Encoding: chunked", body=_CHUNKED), 400),
        (_lines("POST /graphql HTTP/1.1", _HOST, "Expect: something", _LENGTH, body=_BODY), 417),
        (_lines("GET /graphql HTTP/1.1", _HOST, "Connection: upgrade", "Upgrade: websocket", "Content-Length: 3"), 400),
    ],
)
def test_what_this_server_does_not_speak_is_refused_and_its_connection_closed(
    attacked: Served, request_: bytes, status: int
) -> None:
    said = _everything(attacked.port, request_ + _lines("GET /healthz HTTP/1.1", _HOST))
    assert _statuses(said) == [status]


@pytest.mark.parametrize(
    "request_",
    [
        _lines("GET /healthz HTTP/1.1", _HOST, "Connection: close"),
        _lines("GET /healthz HTTP/1.0"),
        _lines("GET /healthz HTTP/1.1", _HOST, "Expect: 100-continue"),
    ],
    ids=["close", "HTTP/1.0", "an expectation"],
)
def test_nothing_is_read_behind_the_last_request_of_a_connection(attacked: Served, request_: bytes) -> None:
    following = _lines("GET /graphql HTTP/1.1", _HOST)
    for pieces in ([request_ + following], [request_, following]):
        said = _everything(attacked.port, *pieces)
        assert _statuses(said) == [200]
        assert said.endswith(b'{"status":"alive"}')


def test_an_expectation_is_answered_before_the_body_is_read(attacked: Served) -> None:
    with connected(attacked.port) as client:
        client.socket.sendall(_post(attacked, _HOST, _LENGTH, "Expect: 100-continue", body=b""))
        assert client.answer().status == 100
        client.socket.sendall(_BODY)
        answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert answer.json["data"] == _ANSWER


def test_trailers_are_not_taken_for_headers(attacked: Served) -> None:
    chunks = _CHUNKED.removesuffix(b"\r\n") + f"Authorization: Bearer {attacked.token('owner')}\r\n\r\n".encode()
    head = _lines("POST /graphql HTTP/1.1", _HOST, "Connection: close", "Transfer-Encoding: chunked")
    said = _everything(attacked.port, head + chunks)
    assert _statuses(said) == [401]


_PROXIES: dict[str, Callable[[Served, Path], AbstractContextManager[Proxy]]] = {
    "Caddy": lambda server, home: caddy([server.port] * 2, home),
    "Caddy that passes everything on": lambda server, home: caddy([server.port] * 2, home, plain=True),
    "nginx": lambda server, home: nginx([server.port] * 2, home),
    "nginx that passes everything on": lambda server, home: nginx([server.port] * 2, home, plain=True),
}


@pytest.fixture(params=_PROXIES)
def proxy(request: pytest.FixtureRequest, attacked: Served, tmp_path: Path) -> Iterator[Proxy]:
    """Each proxy, with our configuration and with one that does not look after the server."""
    with _PROXIES[request.param](attacked, tmp_path) as running:
        yield running


def _attacks(server: Served) -> dict[str, list[bytes]]:
    """Return attacks: the pieces of each, which are sent with a pause between them."""
    query = "%7B%20attacker%3A%20viewer%20%7B%20user%20%7B%20reference%20%7D%20%7D%20%7D"
    authorization = f"Authorization: Bearer {server.token('owner')}"
    # It would be read as the next request of the connection, and its answer go to whoever has sent that.
    inner = _lines(f"GET /graphql?query={query} HTTP/1.1", _HOST, authorization)
    length = f"Content-Length: {len(inner)}"
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner)
    beginning = inner[:-2] + b"X-Rest: "

    def post(*lines: str) -> bytes:
        return _lines("POST /graphql HTTP/1.1", _HOST, "Content-Type: application/json", *lines)

    return {
        "an upgrade": [post("Connection: Upgrade", "Upgrade: foo", length), inner],
        "an upgrade, with a token": [post(authorization, "Connection: Upgrade", "Upgrade: foo", length), inner],
        "an upgrade to HTTP/2": [post("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", length), inner],
        "a WebSocket with a body": [
            _lines("GET /graphql HTTP/1.1", _HOST, "Connection: Upgrade", "Upgrade: websocket", length),
            inner,
        ],
        "an upgrade in chunks": [post("Connection: Upgrade", "Upgrade: foo", "Transfer-Encoding: chunked"), chunks],
        "the beginning of a request": [
            post("Connection: Upgrade", "Upgrade: foo", f"Content-Length: {len(beginning)}"),
            beginning,
        ],
        "a length and chunks": [post(length, "Transfer-Encoding: chunked"), b"0\r\n\r\n" + inner],
        "chunks and a length": [post("Transfer-Encoding: chunked", "Content-Length: 4"), chunks],
        "a coding before chunked": [post("Transfer-Encoding: gzip, chunked"), b"0\r\n\r\n" + inner],
        "identity": [post("Transfer-Encoding: identity", length), inner],
        "two lengths": [post(length, "Content-Length: 0"), inner],
        "an expectation": [post("Expect: 100-continue", length), inner],
        "a body of GET": [_lines("GET /graphql HTTP/1.1", _HOST, length), inner],
        "a body of HEAD": [_lines("HEAD /graphql HTTP/1.1", _HOST, authorization, length), inner],
        "a body that is too long": [post(authorization, "Content-Length: 300000"), inner],
        "what nobody announced": [post(authorization, "Content-Length: 0"), inner],
    }


def _victim(proxy: Proxy, token: str, over: threading.Event, faults: list[str], answered: list[int]) -> None:
    """Ask, over connections that are kept, and compare each answer with what was asked."""
    number = 0
    while not over.is_set() or number < 20:
        with connected(proxy.port, token) as client:
            for _ in range(20):
                number += 1
                answer = client.ask(f"{{ victim{number % 7}: viewer {{ user {{ reference }} }} }}")
                expected = {f"victim{number % 7}": {"user": {"reference": "member"}}}
                if answer.status != 200 or answer.json.get("data") != expected:
                    faults.append(f"{answer.status} {answer.body[:200]!r}")
    answered.append(number)


def test_behind_a_proxy_everybody_is_answered_what_they_asked(attacked: Served, proxy: Proxy) -> None:
    over, faults, answered = threading.Event(), list[str](), list[int]()
    attacks = _attacks(attacked)
    token = attacked.token("member")
    victims = [threading.Thread(target=_victim, args=(proxy, token, over, faults, answered)) for _ in range(3)]
    for victim in victims:
        victim.start()
    try:
        attackers = [threading.Thread(target=_attack, args=(proxy, pieces, faults)) for pieces in attacks.values()]
        for attacker in attackers:
            attacker.start()
        for attacker in attackers:
            attacker.join()
    finally:
        over.set()
        for victim in victims:
            victim.join()
    assert faults == []
    assert len(answered) == len(victims)


def _attack(proxy: Proxy, pieces: list[bytes], faults: list[str]) -> None:
    for _ in range(12):
        said = _everything(proxy.port, *pieces, patience=0.3)
        if b"victim" in said:
            faults.append(f"the attacker was answered what somebody else had asked: {said[:200]!r}")


def test_a_proxy_that_keeps_its_connections_uses_them_again(attacked: Served, proxy: Proxy) -> None:
    """So that the test above tests anything."""

    def ports() -> set[str]:
        ours = f"{attacked.port:04X}"
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {line[1] for line in lines if line[2].endswith(f":{ours}") and line[3] == "01"}

    def ask(client: RawClient) -> None:
        assert client.ask(_SMALL).status == 200

    with connected(proxy.port, attacked.token("owner")) as client:
        ask(client)
        before = ports()
        for _ in range(5):
            ask(client)
        assert ports() <= before

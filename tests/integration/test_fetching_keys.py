"""How an issuer is asked for its keys: within bounds, of nobody else, and by nobody in between."""

import asyncio
import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.fetch_keys import MOST_BYTES
from tests.issuer import BAD, OLD, UNAVAILABLE, Gate, Issuer, answered, issuing, private_key
from tests.world import World

_KEYS = b'{"keys": []}'
MISBEHAVING: dict[str, Callable[[], bytes]] = {
    "not found": lambda: answered(_KEYS, "404 Not Found"),
    "a fault of its own": lambda: answered(_KEYS, "500 Internal Server Error"),
    "nothing new": lambda: answered(b"", "304 Not Modified"),
    "a page": lambda: answered(b"<html></html>", content_type="text/html"),
    "nothing": lambda: answered(b""),
    "no JSON": lambda: answered(b'{"keys": [}'),
    "a list": lambda: answered(b"[]"),
    "no keys": lambda: answered(b"{}"),
    "keys that are no list": lambda: answered(b'{"keys": {}}'),
    "too many keys": lambda: answered(b'{"keys": [' + b"{}," * 100 + b"{}]}"),
    "no UTF-8": lambda: answered(b'{"keys": ["\xff"]}'),
    "nested without end": lambda: answered(b'{"keys": ' + b"[" * 100_000),
    "too much": lambda: answered(_KEYS + b" " * MOST_BYTES),
    "too much in pieces": lambda: answered(
        b"10000\r\n" + b" " * 65536 + b"\r\n10000\r\n" + b" " * 65536 + b"\r\nc\r\n" + _KEYS + b"\r\n0\r\n\r\n",
        transfer_encoding="chunked",
    ),
    "packed": lambda: answered(gzip.compress(_KEYS), content_encoding="gzip"),
    "less than it says": lambda: answered(_KEYS)[:-1],
    "no HTTP": lambda: b"garbage\r\n\r\n",
    "a line without end": lambda: b"HTTP/1.1 200 OK\r\nx: " + b"x" * 1_000_000,
    "not a word": lambda: b"",
}


async def test_an_answer_that_is_no_set_of_keys_leaves_those_that_are_there(gate: Gate, issuer: Issuer) -> None:
    token = OLD.token()
    assert await gate.admits(token)
    fetches = 1
    for kind, answer in MISBEHAVING.items():
        issuer.answer = answer()
        await gate.refresh()
        fetches += 1
        assert issuer.fetches == fetches, kind
        assert await gate.admits(token), kind
        assert await gate.admits(OLD.token(jti=kind)), kind
    issuer.answer = answered(_KEYS)
    await gate.refresh()
    assert (await gate.ask(token)).status_code == 503


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_nobody_is_sent_elsewhere_for_keys(gate: Gate, issuer: Issuer, status: str) -> None:
    assert await gate.admits(OLD.token())
    async with issuing() as theirs:
        theirs.publish(BAD)
        issuer.answer = answered(b"", status, location=theirs.url)
        await gate.refresh()
        assert [await gate.admits(key.token()) for key in (OLD, BAD)] == [True, False]
        assert (issuer.fetches, theirs.fetches) == (2, 0)


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{"])
async def test_an_answer_that_takes_too_long_is_given_up(world: World, issuer: Issuer, begun: bytes) -> None:
    gate = Gate(world, issuer.url, fetch_seconds=0.2)
    issuer.drips = begun
    async with asyncio.timeout(20):
        response = await gate.ask(OLD.token())
    assert (response.status_code, response.json()) == (503, UNAVAILABLE)
    await gate.http.aclose()


async def test_keys_of_this_machine_are_not_asked_of_a_proxy(
    world: World, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    gate = Gate(world, issuer.url)
    assert await gate.admits(OLD.token())
    await gate.http.aclose()


def _certificate(tmp_path: Path, address: str) -> Path:
    """Return a file with a certificate for an address that is its own authority, and its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    key, now = private_key("ES256", 9), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = tmp_path / f"{address}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return file


@pytest.mark.parametrize(
    ("address", "is_known", "status"), [("127.0.0.1", True, 200), ("127.0.0.1", False, 503), ("127.0.0.2", True, 503)]
)
async def test_over_tls_an_issuer_must_be_who_it_is_by_an_authority_of_this_machine(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, is_known: bool, status: int
) -> None:
    file = _certificate(tmp_path, address)
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with issuing(tls) as issuer:
        issuer.publish(OLD)
        gate = Gate(world, issuer.url)
        assert (await gate.ask(OLD.token())).status_code == status
        await gate.http.aclose()

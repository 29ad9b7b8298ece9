"""An issuer on a port of its own: it signs tokens, publishes keys, and misbehaves when a test wants it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app.fetch_keys import FETCH_SECONDS, KeySource
from app.issuer_keys import USUAL_PACE, IssuerKeys, Pace
from app.issuer_tokens import IssuerTokens
from app.server import create_app
from tests.world import World

ISSUER, AUDIENCE = "https://issuer.example", "ordershare"

# What is answered where no token can be verified.
UNAVAILABLE = {
    "errors": [{"message": "Tokens cannot be verified at the moment.", "extensions": {"code": "UNAVAILABLE"}}]
}

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

_MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "RS256": lambda: generate_rsa_key(65537, 2048),
    "weak RS256": lambda: generate_rsa_key(65537, 1024),
    "ES256": lambda: generate_private_key(SECP256R1()),
    "ES384": lambda: generate_private_key(SECP384R1()),
    "EdDSA": Ed25519PrivateKey.generate,
}


_WRITERS: dict[str, Callable[..., Any]] = {
    "RS256": RSAAlgorithm.to_jwk,
    "ES256": ECAlgorithm.to_jwk,
    "ES384": ECAlgorithm.to_jwk,
    "EdDSA": OKPAlgorithm.to_jwk,
}


@cache
def private_key(kind: str, number: int = 0) -> PrivateKey:
    """Return a key of a kind, the same for the same number: some take long to make."""
    return _MAKERS[kind]()


def claims(**changes: Any) -> dict[str, Any]:
    """Return what a token that holds says, changed; None takes a claim away."""
    now = datetime.now(UTC)
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "owner", "iat": now, "exp": now + timedelta(minutes=5), **changes}
    return {name: value for name, value in said.items() if value is not None}


class SigningKey:
    """A key of the issuer's."""

    def __init__(self, key_id: str | None, kind: str = "ES256", number: int = 0) -> None:
        """Take a key of a kind; another number is another key."""
        self.id = key_id
        self.algorithm = kind.rpartition(" ")[2]
        self.private = private_key(kind, number)

    def published(self, **changes: Any) -> dict[str, Any]:
        """Return the public key as it is published, changed; None takes a member away."""
        public: Any = self.private.public_key()
        jwk = _WRITERS[self.algorithm](public, as_dict=True)
        told = {**jwk, "kid": self.id, "use": "sig", "alg": self.algorithm, **changes}
        return {name: value for name, value in told.items() if value is not None}

    def leaked(self) -> dict[str, Any]:
        """Return the key with its private half, as nobody should publish it."""
        return {**_WRITERS[self.algorithm](self.private, as_dict=True), "kid": self.id}

    def token(self, headers: dict[str, Any] | None = None, algorithm: str | None = None, **changes: Any) -> str:
        """Return a token that is signed with it."""
        header = {} if self.id is None else {"kid": self.id}
        return jwt.encode(claims(**changes), self.private, algorithm or self.algorithm, header | (headers or {}))


OLD, NEW, BAD = SigningKey("old"), SigningKey("new", number=1), SigningKey("bad", number=2)
"""Keys for tests that need no particular ones."""


class Issuer:
    """A server on the loopback address that publishes keys.

    Attributes:
        keys: What it publishes.
        fetches: How often it was asked.
        asked: Released each time it is asked.
        answering: Cleared, it takes requests and answers none until it is set again.
        answer: What it answers instead of its keys, to the byte.
    drips: What it begins to answer with; then a byte comes now and then, without end.
    """

    def __init__(self, tls: SSLContext | None = None) -> None:
        """Publish nothing yet."""
        self.keys: list[Any] = []
        self.fetches = 0
        self.asked = asyncio.Semaphore(0)
        self.answering = asyncio.Event()
        self.answering.set()
        self.answer: bytes | None = None
        self.drips: bytes | None = None
        self._tls = tls
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self._port}/jwks"

    async def come(self) -> None:
        """Begin to listen, at the same port each time."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]

    async def go_away(self) -> None:
        """Listen no more, and drop who is connected."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def publish(self, *keys: SigningKey) -> None:
        """Publish these keys and no others."""
        self.keys = [key.published() for key in keys]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await reader.readuntil(b"\r\n\r\n")
                self.fetches += 1
                self.asked.release()
                await self.answering.wait()
                if self.drips is not None:
                    await _drip(writer, self.drips)
                writer.write(answered(json.dumps({"keys": self.keys}).encode()) if self.answer is None else self.answer)
                await writer.drain()
        finally:
            self._connections.discard(task)
            writer.close()


async def _drip(writer: asyncio.StreamWriter, begun: bytes) -> None:
    writer.write(begun)
    while True:
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b" ")


def answered(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer of HTTP."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "transfer_encoding" not in headers:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


@asynccontextmanager
async def issuing(tls: SSLContext | None = None) -> AsyncIterator[Issuer]:
    """Run an issuer."""
    issuer = Issuer(tls)
    await issuer.come()
    try:
        yield issuer
    finally:
        await issuer.go_away()


class Gate:
    """The world's application where an issuer says who comes in, with a clock that the test moves.

    Attributes:
        seconds: What the clock shows.
    """

    def __init__(self, world: World, url: str, pace: Pace = USUAL_PACE, fetch_seconds: float = FETCH_SECONDS) -> None:
        """Have no keys yet."""
        self.seconds = 0.0
        self.keys = IssuerKeys(KeySource(url, fetch_seconds), pace, lambda: self.seconds)
        self.world = world
        world.app = create_app(world.database, IssuerTokens(self.keys, ISSUER, AUDIENCE), world.settings)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(world.app, raise_app_exceptions=False), base_url="http://test"
        )

    async def ask(self, token: str, query: str = "{ viewer { user { reference } } }", **more: Any) -> httpx.Response:
        """Send a document with a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.post("/graphql", json={"query": query, **more}, headers=headers)

    async def admits(self, token: str) -> bool:
        """Return whether a token lets in whom it stands for; it is refused with 401 otherwise."""
        response = await self.ask(token)
        assert response.status_code in (200, 401), response.text
        return response.status_code == 200

    async def refresh(self) -> None:
        """Let the time pass after which keys are fetched, and have them fetched."""
        self.seconds += 10
        await self.keys.look_again()

"""Who may come in over HTTP: whoever brings a token that holds, for a user who is known; all others get 401."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt

from app.server import create_app
from app.settings import Settings
from app.tokens import Tokens
from tests.world import SECRET, World, body_of

QUERY = "{ viewer { user { reference } } }"
UNAUTHENTICATED = {
    "errors": [{"message": "A valid bearer token is needed.", "extensions": {"code": "UNAUTHENTICATED"}}]
}


def _claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a token that holds, changed; None takes a claim away."""
    now = datetime.now(UTC)
    claims = {"sub": "owner", "iat": now, "exp": now + timedelta(minutes=5), **changes}
    return {name: value for name, value in claims.items() if value is not None}


def _in_a_minute() -> int:
    return int(datetime.now(UTC).timestamp()) + 60


def _signed(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return "Bearer " + jwt.encode(_claims(**changes), secret, algorithm=algorithm)


def _by_hand(payload: bytes | dict[str, Any], algorithm: str = "HS256", digest: str = "sha256") -> str:
    """Return a token that is signed with the secret, whatever it says."""
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    parts = [json.dumps({"alg": algorithm, "typ": "JWT"}).encode(), content]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), signed, digest)).rstrip(b"=")
    return f"Bearer {signed.decode()}.{signature.decode()}"


def _says(**claims: Any) -> str:
    return _by_hand({"sub": "owner", "exp": _in_a_minute(), **claims})


def _tampered() -> str:
    """Return a token of one user with the signature of another's."""
    header, payload, _ = _says(sub="admin").split(".")
    return ".".join((header, payload, _says(sub="owner").rpartition(".")[2]))


def _at(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


REFUSED: dict[str, Callable[[], str | None]] = {
    "no header": lambda: None,
    "an empty header": lambda: "",
    "a scheme alone": lambda: "Bearer",
    "a scheme and a blank": lambda: "Bearer ",
    "a token without scheme": lambda: _signed().removeprefix("Bearer "),
    "another scheme": lambda: _signed().replace("Bearer", "Basic"),
    "a name and a password": lambda: "Basic " + base64.b64encode(b"owner:password").decode(),
    "garbage": lambda: "Bearer garbage",
    "three parts of garbage": lambda: "Bearer a.b.c",
    "two tokens": lambda: f"{_signed()}, {_signed()}",
    "another secret": lambda: _signed("another secret, long enough for HS256, of somebody else"),
    "another algorithm with our secret": lambda: _by_hand({"sub": "owner", "exp": _in_a_minute()}, "HS384", "sha384"),
    "our signature under the name of another algorithm": lambda: _by_hand(
        {"sub": "owner", "exp": _in_a_minute()}, "HS512"
    ),
    "an algorithm of public keys with our secret": lambda: _by_hand({"sub": "owner", "exp": _in_a_minute()}, "RS256"),
    "no algorithm": lambda: _by_hand({"sub": "owner", "exp": _in_a_minute()}, "none").rpartition(".")[0] + ".",
    "no algorithm, but a signature": lambda: _by_hand({"sub": "owner", "exp": _in_a_minute()}, "none"),
    "claims changed": _tampered,
    "a signature cut off": lambda: _signed().rpartition(".")[0] + ".",
    "expired": lambda: _signed(exp=_at(-1)),
    "expired for ever": lambda: _signed(exp=0),
    "no expiry": lambda: _signed(exp=None),
    "an expiry that is no number": lambda: _signed(exp="tomorrow"),
    "an expiry beyond all calendars": lambda: _signed(exp=10**20),
    "an expiry without end": lambda: _by_hand(b'{"sub": "owner", "exp": Infinity}'),
    "an expiry that is not a number": lambda: _by_hand(b'{"sub": "owner", "exp": NaN}'),
    "an expiry of null": lambda: _by_hand(b'{"sub": "owner", "exp": null}'),
    "not valid yet": lambda: _signed(nbf=_at(60)),
    "issued in the future": lambda: _signed(iat=_at(60)),
    "no subject": lambda: _signed(sub=None),
    "an empty subject": lambda: _signed(sub=""),
    "a subject of null": lambda: _by_hand(b'{"sub": null, "exp": 99999999999}'),
    "a subject that is a number": lambda: _by_hand(b'{"sub": 1, "exp": 99999999999}'),
    "a subject that is a list": lambda: _by_hand(b'{"sub": ["owner"], "exp": 99999999999}'),
    "a subject that nobody has": lambda: _signed(sub="nobody"),
    "a subject in capitals": lambda: _signed(sub="OWNER"),
    "a subject with a blank": lambda: _signed(sub="owner "),
    "a subject with NUL": lambda: _signed(sub="owner\x00"),
    "a subject of half a character": lambda: _by_hand(b'{"sub": "owner\\ud800", "exp": 99999999999}'),
    "a payload that is no object": lambda: _by_hand(b'["owner"]'),
    "a payload that is no JSON": lambda: _by_hand(b"owner"),
}


def _header(authorization: str | None) -> dict[str, str]:
    return {} if authorization is None else {"Authorization": authorization}


def _is_refused(response: httpx.Response) -> None:
    assert response.status_code == 401
    assert response.json() == UNAUTHENTICATED
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_without_a_token_that_holds_nobody_comes_in(world: World) -> None:
    answered = {}
    for kind, authorization in REFUSED.items():
        response = await world.http.post("/graphql", json={"query": QUERY}, headers=_header(authorization()))
        answered[kind] = response.status_code
        if response.status_code == 401:
            _is_refused(response)
    assert answered == dict.fromkeys(REFUSED, 401)


ADMITTED: dict[str, Callable[[], str]] = {
    "a plain token": _signed,
    "a scheme in small letters": lambda: _signed().replace("Bearer", "bearer"),
    "a scheme in capitals": lambda: _signed().replace("Bearer", "BEARER"),
    "more blanks": lambda: _signed().replace(" ", "   ") + " ",
    "no time of issue": lambda: _signed(iat=None),
    "a token of a minute": lambda: _signed(exp=_at(60)),
    "a token with an issuer and an audience that nobody asks for": lambda: _signed(iss="someone", aud="others"),
    "more claims": lambda: _signed(name="Somebody else", role="ADMIN", org="strangers"),
}


async def test_with_a_token_that_holds_its_subject_comes_in(world: World) -> None:
    for kind, authorization in ADMITTED.items():
        response = await world.http.post("/graphql", json={"query": QUERY}, headers=_header(authorization()))
        assert body_of(response) == {"data": {"viewer": {"user": {"reference": "owner"}}}}, kind


async def test_no_way_in_is_open_without_a_token(world: World) -> None:
    body = {"query": QUERY}
    subscription = {"query": 'subscription { organisationEvents(organisationId: "x") { sequence } }'}
    for request in (
        world.http.build_request("POST", "/graphql", json=body),
        world.http.build_request("POST", "/graphql", content=b"no JSON", headers={"Content-Type": "application/json"}),
        world.http.build_request("POST", "/graphql", json=[body, body]),
        world.http.build_request("POST", "/graphql", json={"query": "{ __schema { types { name } } }"}),
        world.http.build_request("GET", "/graphql", params=body),
        world.http.build_request("GET", "/graphql", params=body, headers={"Accept": "text/html"}),
        world.http.build_request("GET", "/graphql", headers={"Accept": "application/json"}),
        world.http.build_request("POST", "/graphql", json=subscription, headers={"Accept": "text/event-stream"}),
        world.http.build_request("POST", "/graphql", json=subscription, headers={"Accept": "multipart/mixed"}),
        world.http.build_request("GET", "/graphql", params=subscription, headers={"Accept": "text/event-stream"}),
        world.http.build_request("POST", "/graphql", json=body, params={"token": world.token("owner")}),
        world.http.build_request("POST", "/graphql", json={**body, "authorization": f"Bearer {world.token('owner')}"}),
        world.http.build_request("POST", "/graphql", json=body, headers={"Cookie": f"token={world.token('owner')}"}),
    ):
        _is_refused(await world.http.send(request))


async def test_a_page_for_the_browser_opens_without_a_token(world: World) -> None:
    response = await world.http.get("/graphql", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "GraphiQL" in response.text


# The issuer and audience that the server asks for, what a token bears, and whether it comes in.
ISSUERS: list[tuple[dict[str, str], dict[str, Any], bool]] = [
    ({"jwt_issuer": "us"}, {"iss": "us"}, True),
    ({"jwt_issuer": "us"}, {"iss": "them"}, False),
    ({"jwt_issuer": "us"}, {}, False),
    ({"jwt_issuer": "us"}, {"iss": ["us"]}, False),
    ({"jwt_audience": "here"}, {"aud": "here"}, True),
    ({"jwt_audience": "here"}, {"aud": ["there", "here"]}, True),
    ({"jwt_audience": "here"}, {"aud": "there"}, False),
    ({"jwt_audience": "here"}, {}, False),
    ({"jwt_issuer": "us", "jwt_audience": "here"}, {"iss": "us", "aud": "here"}, True),
    ({"jwt_issuer": "us", "jwt_audience": "here"}, {"iss": "us"}, False),
    ({"jwt_issuer": "us", "jwt_audience": "here"}, {"aud": "here"}, False),
]


async def test_issuer_and_audience_must_be_those_that_the_server_asks_for(world: World) -> None:
    for asked, borne, admitted in ISSUERS:
        settings = Settings(jwt_secret=SECRET, **asked)  # type: ignore[arg-type]  # pydantic converts them
        tokens = Tokens(settings)
        transport = httpx.ASGITransport(create_app(world.database, tokens, settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.post("/graphql", json={"query": QUERY}, headers=_header(_says(**borne)))
            assert response.status_code == (200 if admitted else 401), (asked, borne)
            own = _header("Bearer " + tokens.sign("owner", timedelta(minutes=1)))
            assert (await client.post("/graphql", json={"query": QUERY}, headers=own)).status_code == 200


async def test_a_user_comes_in_from_when_they_are_known(world: World) -> None:
    given = {"organisationId": await world.organisation_id(), "reference": "new", "name": "New"}
    headers = _header(f"Bearer {world.token('new')}")
    _is_refused(await world.http.post("/graphql", json={"query": QUERY}, headers=headers))
    assert (await world.mutate("admin", "addMember", "membership { role }", **given))["codes"] == []
    response = await world.http.post("/graphql", json={"query": QUERY}, headers=headers)
    assert body_of(response) == {"data": {"viewer": {"user": {"reference": "new"}}}}

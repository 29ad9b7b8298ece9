"""Who comes in by a token of an issuer: whoever it stands for, where one of the issuer's keys says so."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.issuer import AUDIENCE, ISSUER, Gate, Issuer, SigningKey, claims, issuing
from tests.world import SECRET, World, body_of

RSA, EC, ED = SigningKey("rsa", "RS256"), SigningKey("ec", "ES256"), SigningKey("ed", "EdDSA")
FOREIGN_RSA, FOREIGN_EC = SigningKey("rsa", "RS256", 1), SigningKey("ec", "ES256", 1)
# Of the issuer's too, but no keys to verify tokens of ours by.
WEAK = SigningKey("weak", "weak RS256")
FOR_ENCRYPTION = SigningKey("encrypts", "RS256", 2)
FOR_SIGNING_ALONE = SigningKey("signs", "ES256", 2)
OF_ANOTHER_CURVE = SigningKey("p384", "ES384")
OF_ANOTHER_ALGORITHM = SigningKey("rs512", "RS256", 3)
LEAKED = SigningKey("leaked", "ES256", 3)
MISNAMED = SigningKey("misnamed", "ES256", 4)
SYMMETRIC = {"kty": "oct", "kid": "oct", "alg": "HS256", "k": base64.urlsafe_b64encode(SECRET.encode()).decode()}

_USELESS: list[Any] = [
    WEAK.published(),
    FOR_ENCRYPTION.published(use="enc"),
    FOR_SIGNING_ALONE.published(key_ops=["sign"]),
    OF_ANOTHER_CURVE.published(),
    OF_ANOTHER_ALGORITHM.published(alg="RS512"),
    LEAKED.leaked(),
    MISNAMED.published(kty="RSA"),
    SYMMETRIC,
    EC.published(kid=7),
    EC.published(kid="short", x="AAAA"),
    EC.published(kid="listed", kty=["EC"]),
    EC.published(kid="curved", crv={}),
    EC.published(kid="operated", key_ops=7),
    {},
    {"kty": "RSA", "kid": "empty"},
    None,
    "rsa",
    7,
    [],
]


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """An issuer with a key of each kind, among much that is none."""
    async with issuing() as running:
        running.keys = [*_USELESS, RSA.published(), EC.published(), ED.published()]
        yield running


def _in(**given: float) -> datetime:
    return datetime.now(UTC) + timedelta(**given)


ADMITTED: dict[str, Callable[[], str]] = {
    "RS256": RSA.token,
    "ES256": EC.token,
    "EdDSA": ED.token,
    "without the name of a key": lambda: SigningKey(None, "ES256").token(),
    "for several audiences": lambda: EC.token(aud=["others", AUDIENCE]),
    "for access by name": lambda: EC.token({"typ": "at+jwt"}),
    "without a time of issue": lambda: EC.token(iat=None),
    "valid in a moment, by the issuer's clock": lambda: EC.token(nbf=_in(seconds=25), iat=_in(seconds=25)),
    "of more claims": lambda: EC.token(scope="orders", azp="app", role="ADMIN", jti="1"),
    "with a key of its own that is not needed": lambda: EC.token({"jwk": FOREIGN_EC.published()}),
}


async def test_a_token_of_a_published_key_lets_its_subject_in(gate: Gate, issuer: Issuer) -> None:
    for kind, token in ADMITTED.items():
        response = await gate.ask(token())
        assert body_of(response) == {"data": {"viewer": {"user": {"reference": "owner"}}}}, kind
    assert issuer.fetches == 1


async def test_a_key_needs_neither_a_use_nor_an_algorithm_of_its_own(gate: Gate, issuer: Issuer) -> None:
    issuer.keys = [key.published(use=None, alg=None) for key in (RSA, EC, ED)]
    assert [await gate.admits(key.token()) for key in (RSA, EC, ED)] == [True] * 3


def _base64(content: bytes | dict[str, Any]) -> str:
    plain = content if isinstance(content, bytes) else json.dumps(content, default=_seconds).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _by_hmac(secret: bytes, **header: Any) -> str:
    """Return a token whose signature is an HMAC, which the library does not make with a public key."""
    signed = f"{_base64({'alg': 'HS256', 'typ': 'JWT', **header})}.{_base64(claims())}"
    return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _public(key: SigningKey, encoding: Encoding, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return key.private.public_key().public_bytes(encoding, form)


def _under_the_header(key: SigningKey, **header: Any) -> str:
    """Return a token whose header was exchanged for another after it was signed."""
    return f"{_base64(header)}.{key.token().partition('.')[2]}"


def _signed_under(key: SigningKey, content: bytes | None = None, **header: Any) -> str:
    """Return a token that is signed with its header, whatever that says."""
    signed = f"{_base64(header)}.{_base64(claims() if content is None else content)}"
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    return f"{signed}.{_base64(algorithm.sign(signed.encode(), key.private))}"


def _saying(key: SigningKey, **changes: Any) -> str:
    """Return a good token with other content under its signature."""
    header, _, signature = key.token().split(".")
    return f"{header}.{_base64(claims(**changes))}.{signature}"


REFUSED: dict[str, Callable[[], str]] = {
    "garbage": lambda: "garbage",
    "three parts of garbage": lambda: "a.b.c",
    "an empty token": lambda: "",
    "expired": lambda: EC.token(exp=_in(seconds=-1)),
    "expired within the leeway of other times": lambda: EC.token(exp=_in(seconds=-20)),
    "expired long ago": lambda: EC.token(exp=_in(days=-1)),
    "without end": lambda: EC.token(exp=None),
    "an end that is no number": lambda: EC.token(exp="tomorrow"),
    "an end beyond all calendars": lambda: EC.token(exp=10**20),
    "not valid yet": lambda: EC.token(nbf=_in(seconds=60)),
    "issued in the future": lambda: EC.token(iat=_in(seconds=60)),
    "of another issuer": lambda: EC.token(iss="https://others.example"),
    "of an issuer whose name begins alike": lambda: EC.token(iss=f"{ISSUER}.others.example"),
    "of no issuer": lambda: EC.token(iss=None),
    "for another audience": lambda: EC.token(aud="others"),
    "for no audience": lambda: EC.token(aud=None),
    "for a list of no audience": lambda: EC.token(aud=[]),
    "without a subject": lambda: EC.token(sub=None),
    "of a subject that nobody has": lambda: EC.token(sub="nobody"),
    "of an empty subject": lambda: EC.token(sub=""),
    "of somebody else, by altering it": lambda: _saying(EC, sub="admin"),
    "a signature cut off": lambda: EC.token().rpartition(".")[0] + ".",
    "a signature of zeros": lambda: EC.token().rpartition(".")[0] + "." + _base64(bytes(64)),
    "signed by a foreign RSA key under the name of ours": FOREIGN_RSA.token,
    "signed by a foreign EC key under the name of ours": FOREIGN_EC.token,
    "signed by a key under the name of another": lambda: SigningKey("rsa", "ES256").token(),
    "no algorithm": lambda: jwt.encode(claims(), "", "none", {"kid": "ec"}),
    "no algorithm in capitals, with a signature": lambda: _under_the_header(EC, alg="NONE", kid="ec"),
    "no algorithm, with a signature": lambda: _under_the_header(EC, alg="none", kid="ec"),
    "an algorithm that is missing": lambda: _signed_under(EC, kid="ec"),
    "an algorithm that is a list": lambda: _signed_under(EC, alg=["ES256"], kid="ec"),
    "HS256 with the public key as PEM": lambda: _by_hmac(_public(RSA, Encoding.PEM), kid="rsa"),
    "HS256 with the public key as DER": lambda: _by_hmac(_public(RSA, Encoding.DER), kid="rsa"),
    "HS256 with the public key as published": lambda: _by_hmac(json.dumps(RSA.published()).encode(), kid="rsa"),
    "HS256 with the bytes of the public key": lambda: _by_hmac(_public(ED, Encoding.Raw, PublicFormat.Raw), kid="ed"),
    "HS256 with no key": lambda: _by_hmac(b"", kid="ec"),
    "HS256 with a symmetric key that is published": lambda: _by_hmac(SECRET.encode(), kid="oct"),
    "HS256 without the name of a key": lambda: _by_hmac(SECRET.encode()),
    "another algorithm of the same key": lambda: RSA.token(algorithm="RS384"),
    "another padding of the same key": lambda: RSA.token(algorithm="PS256"),
    "the right signature under another algorithm": lambda: _signed_under(RSA, alg="ES256", kid="rsa"),
    "a weak key": lambda: _signed_under(WEAK, alg="RS256", kid="weak"),
    "a key for encryption": FOR_ENCRYPTION.token,
    "a key that does not verify": FOR_SIGNING_ALONE.token,
    "a key of another curve": OF_ANOTHER_CURVE.token,
    "a key for another algorithm, by that": lambda: OF_ANOTHER_ALGORITHM.token(algorithm="RS512"),
    "a key for another algorithm, by ours": OF_ANOTHER_ALGORITHM.token,
    "a key whose private half is published": LEAKED.token,
    "a key of one type named for another": MISNAMED.token,
    "a key that nobody knows": lambda: SigningKey("unknown", "ES256").token(),
    "a key named by a number": lambda: _signed_under(EC, alg="ES256", kid=7),
    "a key named by nothing": lambda: _signed_under(EC, alg="ES256", kid=None),
    "a key named by a path": lambda: SigningKey("../../../dev/null", "ES256").token(),
    "a key that it brings along": lambda: FOREIGN_EC.token({"kid": "mine", "jwk": FOREIGN_EC.published(kid="mine")}),
    "a key that it brings along under the name of ours": lambda: FOREIGN_EC.token({"jwk": FOREIGN_EC.published()}),
    "a certificate that it brings along": lambda: FOREIGN_RSA.token(
        {"x5c": [base64.b64encode(_public(FOREIGN_RSA, Encoding.DER)).decode()]}
    ),
    "a header that must be understood": lambda: _signed_under(EC, alg="ES256", kid="ec", crit=["exp"], exp=1),
    "a payload that is not encoded": lambda: _signed_under(EC, alg="ES256", kid="ec", crit=["b64"], b64=False),
    "a payload that is no object": lambda: _signed_under(EC, b'["owner"]', alg="ES256", kid="ec"),
    "a payload that is no JSON": lambda: _signed_under(EC, b"owner", alg="ES256", kid="ec"),
    "a header of half a character": lambda: _base64(b'{"alg":"ES256","kid":"\\ud800"}') + ".e30.AAAA",
    "a header that is no object": lambda: _base64(b"[]") + ".e30.AAAA",
    "a header of brackets": lambda: _base64(b'{"kid":' + b"[" * 3000) + ".e30.AAAA",
    "a token of the server's own kind": lambda: jwt.encode(claims(), SECRET, "HS256"),
}

_CHANGE = 'mutation { processOrder(input: {orderId: "%s", action: ENDORSE}) { order { version } } }'


async def test_any_other_token_is_refused_and_changes_nothing(gate: Gate, world: World) -> None:
    change = _CHANGE % await world.order_id()
    # The token must be all that is wrong: with a good one the document goes through, and is known from then on.
    for version in (2, 3):
        answer = body_of(await gate.ask(EC.token(), change))
        assert answer == {"data": {"processOrder": {"order": {"version": version}}}}
    before = await world.dump()
    statuses = {kind: (await gate.ask(token(), change)).status_code for kind, token in REFUSED.items()}
    assert statuses == dict.fromkeys(REFUSED, 401)
    response = await gate.ask(FOREIGN_EC.token(), change)
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert response.headers["www-authenticate"] == "Bearer"
    assert await world.dump() == before


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_nobody_is_asked_for_keys_where_a_token_says_so(gate: Gate, issuer: Issuer, member: str) -> None:
    async with issuing() as theirs:
        theirs.publish(FOREIGN_EC)
        assert not await gate.admits(FOREIGN_EC.token({member: theirs.url}))
        assert not await gate.admits(FOREIGN_EC.token({member: theirs.url, "kid": "mine"}))
        assert await gate.admits(EC.token({member: theirs.url}))
        assert (theirs.fetches, issuer.fetches) == (0, 1)


async def test_without_a_name_exactly_one_key_must_fit(gate: Gate, issuer: Issuer) -> None:
    nameless, another = SigningKey(None, "ES256"), SigningKey(None, "ES256", 1)
    issuer.publish(nameless)
    assert [await gate.admits(key.token()) for key in (nameless, another, EC)] == [True, False, False]
    issuer.publish(nameless, another, RSA)
    await gate.refresh()
    assert [await gate.admits(key.token()) for key in (nameless, another, RSA)] == [False, False, True]
    assert await gate.admits(SigningKey(None, "RS256").token())


async def test_a_key_that_is_published_twice_is_one_key(gate: Gate, issuer: Issuer) -> None:
    issuer.publish(EC, EC)
    assert await gate.admits(EC.token())


async def test_two_keys_of_one_name_are_told_apart_by_their_algorithm(gate: Gate, issuer: Issuer) -> None:
    keys = [SigningKey("same", "RS256"), SigningKey("same", "ES256")]
    issuer.publish(*keys)
    assert [await gate.admits(key.token()) for key in keys] == [True, True]
    issuer.publish(keys[1], SigningKey("same", "ES256", 1))
    await gate.refresh()
    assert not await gate.admits(keys[1].token())

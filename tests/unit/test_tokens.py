"""Bearer tokens: what is signed verifies, and nothing else does."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from app.settings import Settings, SettingsError
from app.tokens import LEEWAY_SECONDS, Claims, InvalidToken, Tokens

_SECRET = "a secret for tests only, long enough for HS256"
_HOUR = timedelta(hours=1)


def _tokens(**settings: Any) -> Tokens:
    return Tokens(Settings(**{"jwt_secret": _SECRET, **settings}))


def _content(**changes: Any) -> dict[str, Any]:
    content = {"sub": "owner", "exp": datetime.now(UTC) + _HOUR, **changes}
    return {name: value for name, value in content.items() if value is not None}


def _signed(secret: str = _SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(_content(**changes), secret, algorithm=algorithm)


def _is_refused(tokens: Tokens, authorization: object) -> None:
    """Show that a token is refused, also where one with the same header has been accepted before."""
    for _ in range(2):
        with pytest.raises(InvalidToken) as refused:
            tokens.verify(authorization)
        assert refused.value.args == ()
        assert tokens.verify(f"Bearer {tokens.sign('owner', _HOUR)}").reference == "owner"


def test_what_is_signed_verifies_to_whom_and_until_when() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    claims = _tokens().verify(f"Bearer {_tokens().sign('owner', _HOUR)}")
    after = datetime.now(UTC)
    assert claims.reference == "owner"
    assert before + _HOUR <= claims.expires_at <= after + _HOUR
    assert claims.expires_at.tzinfo is UTC


def test_a_token_says_who_when_and_until_when_and_no_more() -> None:
    token = _tokens().sign("owner", _HOUR)
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    content = jwt.decode(token, options={"verify_signature": False})
    assert set(content) == {"sub", "iat", "exp"}
    assert content["exp"] - content["iat"] == 3600


@pytest.mark.parametrize("authorization", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer {} "])
def test_the_scheme_is_bearer_in_any_case(authorization: str) -> None:
    token = _signed()
    assert _tokens().verify(authorization.format(token)).reference == "owner"


def test_a_header_of_more_than_8_kib_is_refused() -> None:
    token = _signed()
    blanks = 8 * 1024 - len("Bearer") - len(token)
    assert _tokens().verify(f"Bearer{' ' * blanks}{token}").reference == "owner"
    for authorization in (
        f"Bearer{' ' * (blanks + 1)}{token}",
        f"Bearer {token}{' ' * 58_000}",
        f"Bearer {'a' * 9_000}",
    ):
        _is_refused(_tokens(), authorization)


def test_what_is_no_bearer_token_is_refused() -> None:
    token = _signed()
    for authorization in (
        None,
        7,
        b"Bearer x",
        [f"Bearer {token}"],
        "",
        "Bearer",
        "Bearer ",
        token,
        f"Basic {token}",
        f"Token {token}",
        f"Bearer{token}",
        f"Bearer {token} {token}",
        f"Bearer\t{token}",
        f"Bearer {token},Bearer {token}",
        f"Bearer {token}\x00",
        f"Bearer {token[:-2]}",
        f"Bearer {token}x",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer \udc80",
        "Bearer ﬀ.ﬀ.ﬀ",
    ):
        _is_refused(_tokens(), authorization)


def test_a_token_that_was_altered_is_refused() -> None:
    header, _, signature = _signed().split(".")
    content = {**_content(), "sub": "admin", "exp": 4_000_000_000}
    altered = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
    _is_refused(_tokens(), f"Bearer {header}.{altered}.{signature}")


def _signed_as(header: str, said: bytes) -> str:
    """Return a token with the right signature, whatever it says and however."""
    signed = header.encode() + b"." + said
    signature = hmac.digest(_SECRET.encode(), signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_what_is_signed_but_not_written_as_the_standard_says_is_refused() -> None:
    header = _signed().split(".")[0]
    plain = base64.urlsafe_b64encode(json.dumps({"sub": "owner", "exp": 4_000_000_000}).encode()).rstrip(b"=")
    assert _tokens().verify(f"Bearer {_signed_as(header, plain)}").reference == "owner"
    for said in (
        plain + b"!",
        b"!" + plain,
        plain + b".",
        plain + b"." + plain,
        plain[:-1],
        b"",
        b"e30",
        b"W10",
        b"MQ",
    ):
        _is_refused(_tokens(), f"Bearer {_signed_as(header, said)}")


def test_a_token_with_another_header_is_judged_by_it_though_others_were_accepted() -> None:
    tokens = _tokens()
    assert tokens.verify(f"Bearer {_signed()}").reference == "owner"
    content = json.dumps({"sub": "owner", "exp": 4_000_000_000}).encode()
    said = base64.urlsafe_b64encode(content).rstrip(b"=")
    for fields, accepted in (
        ({"alg": "HS256"}, True),
        ({"alg": "HS256", "kid": "7"}, True),
        ({"alg": "HS256", "kid": 7}, False),
        ({"alg": "HS256", "crit": ["exp"], "exp": 1}, False),
        ({"alg": "HS512"}, False),
        ({"alg": "none"}, False),
    ):
        header = base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
        token = f"Bearer {_signed_as(header, said)}"
        if accepted:
            assert [tokens.verify(token).reference for _ in range(2)] == ["owner"] * 2
        else:
            _is_refused(tokens, token)


def test_a_token_of_another_secret_is_refused() -> None:
    _is_refused(_tokens(), f"Bearer {_signed(secret=_SECRET[::-1])}")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_algorithm_is_the_servers_choice_even_with_the_right_secret(algorithm: str) -> None:
    # Long enough for the longer digests, too.
    secret = _SECRET + _SECRET[::-1]
    _is_refused(_tokens(), f"Bearer {_signed(secret=secret, algorithm=algorithm)}")
    tokens = _tokens(jwt_secret=secret)
    _is_refused(tokens, f"Bearer {_signed(secret=secret, algorithm=algorithm)}")
    assert tokens.verify(f"Bearer {_signed(secret=secret)}").reference == "owner"


def test_a_token_without_a_signature_is_refused() -> None:
    unsigned = jwt.encode(_content(), "", algorithm="none")
    _is_refused(_tokens(), f"Bearer {unsigned}")
    _is_refused(_tokens(), f"Bearer {unsigned}{_signed().split('.')[2]}")


def test_a_token_holds_until_it_expires() -> None:
    now = datetime.now(UTC)
    _is_refused(_tokens(), f"Bearer {_signed(exp=now)}")
    _is_refused(_tokens(), f"Bearer {_signed(exp=now - timedelta(seconds=1))}")
    _is_refused(_tokens(), f"Bearer {_tokens().sign('owner', -_HOUR)}")
    assert _tokens().verify(f"Bearer {_signed(exp=now + timedelta(minutes=1))}").reference == "owner"


def test_a_token_that_does_not_hold_yet_is_refused() -> None:
    now = datetime.now(UTC)
    _is_refused(_tokens(), f"Bearer {_signed(nbf=now + _HOUR)}")
    _is_refused(_tokens(), f"Bearer {_signed(iat=now + _HOUR)}")


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_the_clock_of_who_signs_may_be_30_seconds_ahead(claim: str) -> None:
    now, tokens = datetime.now(UTC), _tokens()
    soon: dict[str, Any] = {claim: now + timedelta(seconds=LEEWAY_SECONDS - 5)}
    later: dict[str, Any] = {claim: now + timedelta(seconds=LEEWAY_SECONDS + 30)}
    # The second one is verified the short way, by the header of the first.
    for _ in range(2):
        assert tokens.verify(f"Bearer {_signed(**soon)}").reference == "owner"
    _is_refused(tokens, f"Bearer {_signed(**later)}")


def test_a_token_must_say_whom_it_stands_for_and_until_when() -> None:
    for changes in (
        {"sub": None},
        {"exp": None},
        {"sub": 7},
        {"sub": ["owner"]},
        {"exp": "soon"},
        {"exp": 10**30},
        {"exp": float("inf")},
        {"exp": [1]},
    ):
        _is_refused(_tokens(), f"Bearer {_signed(**changes)}")


def test_issuer_and_audience_count_where_they_are_set() -> None:
    tokens = _tokens(jwt_issuer="https://issuer", jwt_audience="ordershare")
    good: dict[str, Any] = {"iss": "https://issuer", "aud": "ordershare"}
    assert tokens.verify(f"Bearer {tokens.sign('owner', _HOUR)}").reference == "owner"
    for fine in (good, good | {"aud": ["other", "ordershare"]}):
        assert tokens.verify(f"Bearer {_signed(**fine)}").reference == "owner"
    others: list[dict[str, Any]] = [
        {"iss": None},
        {"iss": ""},
        {"iss": "https://other"},
        {"aud": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": 7},
    ]
    for other in others:
        _is_refused(tokens, f"Bearer {_signed(**good | other)}")


def test_issuer_and_audience_are_nobodys_business_where_they_are_not_set() -> None:
    token = _signed(iss="https://anybody", aud="anything")
    claims = _tokens().verify(f"Bearer {token}")
    assert isinstance(claims, Claims)
    assert claims.reference == "owner"


@pytest.mark.parametrize("secret", ["", "short"])
def test_nothing_is_signed_or_verified_with_an_unsafe_secret(secret: str) -> None:
    with pytest.raises(SettingsError):
        _tokens(jwt_secret=secret)

"""Bearer tokens: JSON Web Tokens signed with the server's secret."""

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_decode, base64url_encode

from app.settings import Settings
from app.trust import Stay, Trust

_ALGORITHM = "HS256"
"""Fixed by the server: what a token's header says of its algorithm is never believed."""

LEEWAY_SECONDS = 30
"""How far the clock of who signs may be ahead of this one, for `nbf` and `iat`; the end of a token (`exp`) is exact.

A refusal of a token that was signed a second ago, elsewhere, harms its user. One that is accepted after its end would
outlive the sockets that it opened, which close at that very moment.
"""


_MAX_CREDENTIALS = 8 * 1024
"""How many characters a header, or the value that stands for it in `connection_init`, may have."""

_CREDENTIALS = re.compile(r"bearer +([a-z0-9._~+/-]+=*)", re.IGNORECASE | re.ASCII)


class InvalidToken(Exception):
    """The token is missing, not ours, or expired."""


class SignInUnavailable(InvalidToken):
    """Whether the token holds, or whom it stands for, cannot be told at the moment."""


class UnknownKey(InvalidToken):
    """The token is signed by a key that is not known, or not known yet."""


class Claims(NamedTuple):
    """What a verified token says: whom it stands for, and until when.

    Attributes:
        reference: The user's.
        expires_at: When it expires.
        trust: The trust in the key that it was verified by; None where that never ends.
    """

    reference: str
    expires_at: datetime
    trust: Trust | None = None

    def stay(self, end: Callable[[str], None]) -> Stay:
        """Return a stay that this token allows.

        Args:
            end: Called with the reason when the token holds no more, unless the stay is cancelled before.
        """
        return Stay(self.expires_at, self.trust, end)


def claims_of(content: dict[str, Any], trust: Trust | None = None) -> Claims:
    """Return what the content of a token says, which was verified with a leeway.

    Args:
        content: The content.
        trust: The trust in the key that it was verified by; None where that never ends.

    Raises:
        InvalidToken: Where it has expired.
    """
    claims = Claims(content["sub"], datetime.fromtimestamp(content["exp"], UTC), trust)
    if claims.expires_at <= datetime.now(UTC):
        raise InvalidToken
    return claims


def bearer_token(authorization: object) -> str:
    """Return the token of `Bearer TOKEN` (RFC 6750, section 2.1).

    Raises:
        InvalidToken: Where it is anything else, or longer than 8 KiB.
    """
    if not isinstance(authorization, str) or len(authorization) > _MAX_CREDENTIALS:
        raise InvalidToken
    # White space around the value of a header is not part of it (RFC 9110, section 5.5).
    credentials = _CREDENTIALS.fullmatch(authorization.strip(" \t"))
    if credentials is None:
        raise InvalidToken
    return credentials[1]


class _OneKey(HMACAlgorithm):
    """The algorithm with the one key there is: the library looks into a key anew for each token otherwise."""

    def __init__(self, secret: str) -> None:
        """Have the library look into the key once."""
        super().__init__(HMACAlgorithm.SHA256)
        self._key = super().prepare_key(secret)

    def prepare_key(self, key: str | bytes) -> bytes:  # noqa: ARG002 - the library's signature
        """Return the key that has been looked into."""
        return self._key

    def signature(self, signed: bytes) -> bytes:
        """Return the signature of what a token says, as the token has it."""
        return base64url_encode(hmac.digest(self._key, signed, "sha256"))


class _Decoder(jwt.PyJWT):
    """The library's decoder, which knows one algorithm and one key.

    Most of what decoding costs is to read the header, the same in every token, and the signature, letter by letter.
    A token with a header that the library has accepted before, to the letter, and with the very signature that the
    library makes for it, needs neither; what it says is judged by the library all the same. Any other token is decoded
    and judged by the library alone, so nothing is refused here.
    """

    def __init__(self, secret: str, issuer: str | None, audience: str | None) -> None:
        """Know the key, and what the claims of a token are judged by."""
        super().__init__({"require": ["exp", "sub"], "verify_aud": audience is not None})
        self._algorithm = _OneKey(secret)
        self._jws = jwt.PyJWS(algorithms=[])
        self._jws.register_algorithm(_ALGORITHM, self._algorithm)
        self._judged_by: dict[str, Any] = {"issuer": issuer, "audience": audience, "leeway": LEEWAY_SECONDS}
        self._accepted_header: bytes | None = None

    def content(self, token: str) -> dict[str, Any]:
        """Return what a token says.

        Raises:
            InvalidTokenError: Where it does not hold.
        """
        encoded = token.encode()
        signed, _, signature = encoded.rpartition(b".")
        header, _, said = signed.partition(b".")
        if header == self._accepted_header and hmac.compare_digest(self._algorithm.signature(signed), signature):
            said_plainly = base64url_decode(said)
            if base64url_encode(said_plainly) == said:
                content = self._decode_payload({"payload": said_plainly})
                self._validate_claims(content, self.options, **self._judged_by)
                return content
        content = self.decode(encoded, algorithms=[_ALGORITHM], **self._judged_by)
        self._accepted_header = header
        return content


class Tokens:
    """Signs and verifies tokens by the server's settings."""

    is_ready = True

    def __init__(self, settings: Settings) -> None:
        """Take the secret, the issuer and the audience from the settings.

        Raises:
            SettingsError: Where the secret is missing or too short.
        """
        self._secret = settings.checked_secret()
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None
        self._decoder = _Decoder(self._secret, self._issuer, self._audience)

    def sign(self, reference: str, lifetime: timedelta) -> str:
        """Return a token for the user with this reference."""
        now = datetime.now(UTC)
        content: dict[str, object] = {"sub": reference, "iat": now, "exp": now + lifetime}
        if self._issuer is not None:
            content["iss"] = self._issuer
        if self._audience is not None:
            content["aud"] = self._audience
        return jwt.encode(content, self._secret, algorithm=_ALGORITHM)

    def verify(self, authorization: object) -> Claims:
        """Return what the token in `Bearer TOKEN` says.

        Raises:
            InvalidToken: Where there is none that holds.
        """
        token = bearer_token(authorization)
        try:
            return claims_of(self._decoder.content(token))
        except (jwt.InvalidTokenError, ValueError, OverflowError, TypeError):
            raise InvalidToken from None

    async def look_for_keys(self) -> None:
        """Nowhere to look: there is one key."""

    async def start(self) -> None:
        """Nothing to keep fresh."""

    async def stop(self) -> None:
        """Nothing to end."""

"""Bearer tokens: JSON Web Tokens signed with the server's secret."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from jwt.algorithms import HMACAlgorithm

from app.settings import Settings

_ALGORITHM = "HS256"
"""Fixed by the server: what a token's header says of its algorithm is never believed."""


class InvalidToken(Exception):
    """The token is missing, not ours, or expired."""


@dataclass(frozen=True)
class Claims:
    """What a verified token says: whom it stands for, and until when."""

    reference: str
    expires_at: datetime


class _OneKey(HMACAlgorithm):
    """The algorithm with the one key there is: the library looks into a key anew for each token otherwise."""

    def __init__(self, secret: str) -> None:
        """Have the library look into the key once."""
        super().__init__(HMACAlgorithm.SHA256)
        self._key = super().prepare_key(secret)

    def prepare_key(self, key: str | bytes) -> bytes:  # noqa: ARG002 - the library's signature
        """Return the key that has been looked into."""
        return self._key


class _Decoder(jwt.PyJWT):
    """The library's decoder, which knows one algorithm and one key."""

    def __init__(self, secret: str) -> None:
        """Know the key."""
        super().__init__()
        self._jws = jwt.PyJWS(algorithms=[])
        self._jws.register_algorithm(_ALGORITHM, _OneKey(secret))


class Tokens:
    """Signs and verifies tokens by the server's settings."""

    def __init__(self, settings: Settings) -> None:
        """Take the secret, the issuer and the audience from the settings.

        Raises:
            SettingsError: Where the secret is missing or too short.
        """
        self._secret = settings.checked_secret()
        self._decoder = _Decoder(self._secret)
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None

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
        if not isinstance(authorization, str):
            raise InvalidToken
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken
        try:
            content = self._decoder.decode(
                token.strip(),
                self._secret,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "sub"], "verify_aud": self._audience is not None},
            )
            return Claims(content["sub"], datetime.fromtimestamp(content["exp"], UTC))
        except (jwt.InvalidTokenError, ValueError, OverflowError, TypeError):
            raise InvalidToken from None

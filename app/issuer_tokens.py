"""Bearer tokens that an issuer has signed, verified by its public keys."""

import jwt

from app.issuer_keys import IssuerKeys
from app.public_keys import PublicKey
from app.tokens import LEEWAY_SECONDS, Claims, InvalidToken, SignInUnavailable, UnknownKey, bearer_token, claims_of


class KeysAway(UnknownKey, SignInUnavailable):
    """Whether the token holds cannot be told: there are no keys at all, for the issuer could not be reached."""


class IssuerTokens:
    """Verifies access tokens of one issuer, for one audience."""

    def __init__(self, keys: IssuerKeys, issuer: str, audience: str) -> None:
        """Verify by the keys.

        Args:
            keys: The issuer's keys.
            issuer: The `iss` that tokens must bear.
            audience: What their `aud` must be, or contain.
        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._decoder = jwt.PyJWT({"require": ["exp", "sub", "iss", "aud"]})

    @property
    def is_ready(self) -> bool:
        """Whether there are keys to verify by."""
        return self._keys.are_there

    def verify(self, authorization: object) -> Claims:
        """Return what the token in `Bearer TOKEN` says.

        Raises:
            InvalidToken: Where there is none that holds.
            UnknownKey: Where it may, by a key that is not known here.
            KeysAway: The same where no key is.
        """
        token = bearer_token(authorization)
        try:
            key = self._key(jwt.get_unverified_header(token))
            content = self._decoder.decode(
                token,
                key.jwk,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
            )
            return claims_of(content, key.trust)
        except (jwt.InvalidTokenError, ValueError, OverflowError, TypeError):
            raise InvalidToken from None

    async def look_for_keys(self) -> None:
        """Return once the issuer was asked for its keys, where it is not too early for that."""
        await self._keys.look_again()

    async def start(self) -> None:
        """Begin to keep the keys fresh."""
        self._keys.start()

    async def stop(self) -> None:
        """Ask the issuer no more."""
        await self._keys.stop()

    def _key(self, header: dict[str, object]) -> PublicKey:
        """Return the one key that a token can be meant for.

        Of what the header says, only the id of the key and the algorithm are looked at, to find a key that the issuer
        has published for that: a key in the header itself, or an address of one, is nothing to us.
        """
        key_id = header.get("kid")
        if not isinstance(key_id, str | None):
            raise InvalidToken
        named = self._keys.of(key_id)
        fitting = [key for key in named if key.algorithm == header.get("alg")]
        if len(fitting) == 1:
            return fitting[0]
        if not self._keys.are_there:
            raise KeysAway
        if not named:
            raise UnknownKey
        raise InvalidToken

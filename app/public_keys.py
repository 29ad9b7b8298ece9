"""The public keys of an issuer, read from what it publishes: a JSON Web Key Set (RFC 7517)."""

from collections.abc import Sequence

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.trust import Trust

_ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
"""What a key of this type and curve signs with, as far as it is supported here."""

_RSA_BITS = range(2048, 8192 + 1)
"""Smaller ones can be broken; ones that are larger take long to verify by."""

_MOST_KEYS = 100


class PublicKey:
    """A key that tokens verify by, and with which algorithm: that is the key's to say and never the token's."""

    def __init__(self, jwk: jwt.PyJWK) -> None:
        """Begin to trust a key."""
        self.jwk = jwk
        self.algorithm = jwk.algorithm_name
        self.key_id = jwk.key_id
        self.trust = Trust()

    def is_same(self, other: "PublicKey") -> bool:
        """Return whether another key verifies the same tokens as this one."""
        return (self.key_id, self.algorithm, self.jwk.key) == (other.key_id, other.algorithm, other.jwk.key)


def read_public_keys(content: bytes) -> Sequence[PublicKey]:
    """Return the keys of a set that tokens can be verified by; what is of no use for that is passed over.

    Raises:
        ValueError: Where the content is no set of keys.
    """
    key_set = orjson.loads(content)
    published = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(published, list) or len(published) > _MOST_KEYS:
        raise ValueError("no set of keys")
    return [key for key in map(_read, published) if key is not None]


def _read(published: object) -> PublicKey | None:
    """Return a key that verifies by a supported algorithm and is public; None for any other."""
    if not isinstance(published, dict) or "d" in published or not isinstance(published.get("kid", ""), str):
        return None
    algorithm = _algorithm(published)
    if algorithm is None:
        return None
    try:
        jwk = jwt.PyJWK(published, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(jwk.key, RSAPublicKey) and jwk.key.key_size not in _RSA_BITS:
        return None
    return PublicKey(jwk)


def _algorithm(published: dict[str, object]) -> str | None:
    kind, curve = published.get("kty"), published.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return None
    algorithm = _ALGORITHMS.get((kind, curve))
    operations = published.get("key_ops", ["verify"])
    verifies = isinstance(operations, list) and "verify" in operations
    is_for_it = published.get("use", "sig") == "sig" and published.get("alg", algorithm) == algorithm
    return algorithm if verifies and is_for_it else None

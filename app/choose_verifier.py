"""What tokens are verified by."""

from app.fetch_keys import KeySource
from app.issuer_keys import IssuerKeys
from app.issuer_tokens import IssuerTokens
from app.settings import Settings
from app.sign_in import Verifier
from app.tokens import Tokens


def choose_verifier(settings: Settings) -> Verifier:
    """Return an issuer's public keys where they are set, else the secret.

    Raises:
        SettingsError: Where a setting is missing or unsafe.
    """
    if settings.jwks_url:
        keys = IssuerKeys(KeySource(settings.checked_jwks_url()))
        return IssuerTokens(keys, settings.jwt_issuer, settings.jwt_audience)
    return Tokens(settings)

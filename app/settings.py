"""What an operator sets, in the environment."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

MIN_SECRET_BYTES = 32
"""HS256 takes a key at least as long as its digest (RFC 7518, section 3.2)."""

_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
_PORTS = range(1, 2**16)


class SettingsError(Exception):
    """A setting is missing or unsafe; the message is the one line that says what to set."""


class Settings(BaseSettings):
    """The `ORDERSHARE_…` variables.

    Attributes:
        database_url: Where everything is kept.
        signal_url: Where replicas wake each other, a server of NATS; empty for the database's own way.
        jwt_secret: The key of HS256 tokens.
        jwks_url: Where the issuer's public keys are, instead of a secret.
        jwt_issuer: The `iss` that tokens must bear, where set.
        jwt_audience: The `aud` that tokens must bear, where set.
        host: The address to listen on.
        port: The port to listen on.
    """

    model_config = SettingsConfigDict(env_prefix="ORDERSHARE_", extra="ignore")

    database_url: str = "sqlite+aiosqlite:///ordershare.db"
    signal_url: str = ""
    jwt_secret: SecretStr = SecretStr("")
    jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    host: str = "127.0.0.1"
    port: int = 8000

    def checked_database_url(self) -> str:
        """Return the database's URL.

        Raises:
            SettingsError: Where it is none of a supported database.
        """
        try:
            url = make_url(self.database_url)
            supported = url.drivername in _DRIVERS and (url.port is None or url.port in _PORTS)
            # Each connection would have a database in memory of its own.
            in_memory = url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
        except (ArgumentError, ValueError):
            supported = in_memory = False
        if not supported or in_memory or _is_in_no_directory(self.database_url):
            raise SettingsError(
                "Set ORDERSHARE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME."
            )
        return self.database_url

    def checked_secret(self) -> str:
        """Return the secret that tokens are signed with.

        Raises:
            SettingsError: Where it is missing or too short, or where public keys are asked for.
        """
        if self.jwks_url:
            raise SettingsError("ORDERSHARE_JWKS_URL is not supported yet: unset it and set ORDERSHARE_JWT_SECRET.")
        secret = self.jwt_secret.get_secret_value()
        if len(secret.encode()) < MIN_SECRET_BYTES:
            raise SettingsError(
                f"Set ORDERSHARE_JWT_SECRET to a secret of at least {MIN_SECRET_BYTES} bytes, "
                "such as the output of: openssl rand -base64 48"
            )
        return secret

    def checked_signal_url(self) -> str:
        """Return where replicas wake each other; empty for the database's own way.

        Raises:
            SettingsError: Where it is no server of NATS.
        """
        if self.signal_url and not self.signal_url.startswith(_NATS):
            raise SettingsError("Set ORDERSHARE_SIGNAL_URL to nats://HOST:PORT, or leave it empty.")
        return self.signal_url


_NATS = ("nats://", "tls://")


def _is_in_no_directory(database_url: str) -> bool:
    url = make_url(database_url)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").absolute().parent.is_dir()


def load_settings() -> Settings:
    """Return the settings of the environment.

    Raises:
        SettingsError: Where a value has the wrong form.
    """
    try:
        return Settings()
    except ValueError as fault:
        names = [f"ORDERSHARE_{error['loc'][0]}".upper() for error in getattr(fault, "errors", list)()]
        raise SettingsError(f"Set {', '.join(names)} to a value of the right form.") from None

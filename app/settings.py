"""What an operator sets, in the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from limits import RateLimitItem
from limits.aio.storage import RedisStorage, Storage
from pydantic import SecretStr, ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.documents import Documents, UnreadableDocuments, read_trusted_documents
from app.limit_settings import LimitSettings
from app.origins import Origins
from app.setting_rules import (
    MIN_METRICS_TOKEN_BYTES,
    MIN_SECRET_BYTES,
    PORTS,
    form_complaint,
    is_guessable,
    is_long_enough,
    is_origin,
    is_this_machine,
    is_to_be_trusted,
    parse_budget,
    unknown_names,
)

LogForm: TypeAlias = Literal["json", "quiet", "text"]

_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class SettingsError(Exception):
    """A setting is missing or unsafe; the message is the one line that says what to set."""


class Settings(LimitSettings):
    """The `ORDERSHARE_…` variables; those that say how much a client may do are `LimitSettings`.

    Attributes:
        database_url: Where everything is kept.
        signal_url: Where replicas wake each other, a server of NATS; empty for the database's own way.
        jwt_secret: The key of HS256 tokens.
        jwks_url: Where the issuer's public keys are, instead of a secret.
        jwt_issuer: The `iss` that tokens must bear, where set.
        jwt_audience: The `aud` that tokens must bear, where set.
        host: The address to listen on.
        port: The port to listen on.
        mode: `production` or `development`; where empty, it is production as soon as other machines can connect.
        introspection: Whether the schema tells of itself; where empty, in development.
        graphiql: Whether a browser is shown GraphiQL; where empty, in development.
        graphiql_cdn: A content delivery network that GraphiQL's files are loaded from; empty to serve them from here.
        origins: The sites, separated by commas, whose pages may use the API from a browser; `*` for all.
        log: `json` for a line of JSON for each operation and whatever else there is to tell, `quiet` for the same
            without operations, `text` for people; where empty, `text` in development, and else `json`.
        metrics_token: What `/metrics` is asked with; where empty, production has none.
        otlp_endpoint: A server of OpenTelemetry that takes traces; empty for none.
        trusted_documents: A file of documents that clients may name instead of sending them; empty for none.
        trusted_documents_only: Whether nothing else is executed.
    """

    database_url: str = "sqlite+aiosqlite:///ordershare.db"
    signal_url: str = ""
    jwt_secret: SecretStr = SecretStr("")
    jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    mode: Literal["", "production", "development"] = ""
    introspection: bool | None = None
    graphiql: bool | None = None
    graphiql_cdn: str = ""
    origins: str = ""
    log: Literal["", "json", "quiet", "text"] = ""
    metrics_token: SecretStr = SecretStr("")
    otlp_endpoint: str = ""
    trusted_documents: str = ""
    trusted_documents_only: bool = False

    @property
    def is_production(self) -> bool:
        """Whether the server shows nothing that only its developers need."""
        return self.mode == "production" or (not self.mode and not is_this_machine(self.host))

    @property
    def shows_schema(self) -> bool:
        """Whether the schema tells of itself, and what a misspelled name was meant to be."""
        return not self.is_production if self.introspection is None else self.introspection

    @property
    def shows_graphiql(self) -> bool:
        """Whether a browser is shown GraphiQL."""
        return not self.is_production if self.graphiql is None else self.graphiql

    @property
    def shows_metrics(self) -> bool:
        """Whether there is `/metrics`."""
        return bool(self.metrics_token.get_secret_value()) or not self.is_production

    @property
    def log_form(self) -> LogForm:
        """What the log's lines look like."""
        return self.log or ("json" if self.is_production else "text")

    def checked_otlp_endpoint(self) -> str:
        """Return where traces are sent; empty for nowhere.

        Raises:
            SettingsError: Where it is no server of HTTP.
        """
        if self.otlp_endpoint and not self.otlp_endpoint.startswith(("http://", "https://")):
            raise SettingsError("Set ORDERSHARE_OTLP_ENDPOINT to http://HOST:PORT, or leave it empty.")
        return self.otlp_endpoint

    def checked_origins(self) -> Origins:
        """Return the sites whose pages may use the API.

        Raises:
            SettingsError: Where one is no origin.
        """
        named = [name.strip() for name in self.origins.split(",") if name.strip()]
        if not all(name == "*" or is_origin(name) for name in named):
            raise SettingsError("Set ORDERSHARE_ORIGINS to origins, such as https://app.example, separated by commas.")
        return Origins(named)

    def checked_graphiql_cdn(self) -> str:
        """Return where GraphiQL's files are loaded from; empty for this server.

        Raises:
            SettingsError: Where it is no address.
        """
        if self.graphiql_cdn and not re.fullmatch(r"https://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/-]*)?", self.graphiql_cdn):
            raise SettingsError(
                "Set ORDERSHARE_GRAPHIQL_CDN to an address of npm's packages, such as https://cdn.example."
            )
        return self.graphiql_cdn

    def checked_documents(self) -> Documents:
        """Return the documents that the server knows by name.

        Raises:
            SettingsError: Where they cannot be read, or there are none and nothing else is to be executed.
        """
        if not self.trusted_documents:
            if self.trusted_documents_only:
                raise SettingsError("Set ORDERSHARE_TRUSTED_DOCUMENTS to the file of the documents to execute.")
            return Documents()
        try:
            trusted = read_trusted_documents(Path(self.trusted_documents))
        except UnreadableDocuments as fault:
            raise SettingsError(f"ORDERSHARE_TRUSTED_DOCUMENTS cannot be read: {fault}.") from None
        return Documents(trusted, only_trusted=self.trusted_documents_only)

    def checked_budget(self, whose: Literal["user", "organisation"]) -> RateLimitItem | None:
        """Return what the operations of one of these may cost within a time; None for whatever they do.

        Raises:
            SettingsError: Where a setting has the wrong form.
        """
        said = self.user_budget if whose == "user" else self.organisation_budget
        try:
            return parse_budget(said) if said else None
        except ValueError:
            raise SettingsError(
                f"Set ORDERSHARE_{whose.upper()}_BUDGET to a cost and a time, such as 1000000 per minute."
            ) from None

    def checked_database_url(self) -> str:
        """Return the database's URL.

        Raises:
            SettingsError: Where it is none of a supported database.
        """
        try:
            url = make_url(self.database_url)
            supported = url.drivername in _DRIVERS and (url.port is None or url.port in PORTS)
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
            raise SettingsError(
                "Where ORDERSHARE_JWKS_URL is set, its issuer signs the tokens: "
                "unset it and set ORDERSHARE_JWT_SECRET to sign your own."
            )
        secret = self.jwt_secret.get_secret_value()
        if not is_long_enough(secret):
            raise SettingsError(
                f"Set ORDERSHARE_JWT_SECRET to a secret of at least {MIN_SECRET_BYTES} bytes, {_RANDOM}"
            )
        if is_guessable(secret):
            raise SettingsError(f"Set ORDERSHARE_JWT_SECRET to a secret that nobody can guess, {_RANDOM}")
        return secret

    def checked_metrics_token(self) -> SecretStr:
        """Return what `/metrics` is asked with; empty where it is asked without.

        Raises:
            SettingsError: Where it is too short.
        """
        token = self.metrics_token.get_secret_value()
        if token and not is_long_enough(token, MIN_METRICS_TOKEN_BYTES):
            raise SettingsError(
                f"Set ORDERSHARE_METRICS_TOKEN to a token of at least {MIN_METRICS_TOKEN_BYTES} bytes, {_RANDOM}"
            )
        return self.metrics_token

    def checked_budget_store(self) -> Storage | None:
        """Return where replicas count together; None where each counts for itself.

        Raises:
            SettingsError: Where it is no store of a known kind.
        """
        if not self.budget_store_url:
            return None
        if not self.budget_store_url.startswith(_REDIS):
            raise SettingsError("Set ORDERSHARE_BUDGET_STORE_URL to redis://HOST:PORT, or leave it empty.")
        return RedisStorage(f"async+{self.budget_store_url}", implementation="redispy")

    def checked_jwks_url(self) -> str:
        """Return where the issuer's public keys are; the issuer and the audience are set then.

        Raises:
            SettingsError: Where it is no address to trust, something beside it is missing, or there is a secret too.
        """
        if self.jwt_secret.get_secret_value():
            raise SettingsError("Set ORDERSHARE_JWKS_URL or ORDERSHARE_JWT_SECRET, not both.")
        if not is_to_be_trusted(self.jwks_url):
            raise SettingsError(
                "Set ORDERSHARE_JWKS_URL to https://HOST/PATH; http:// is for this machine alone, such as 127.0.0.1."
            )
        if not self.jwt_issuer.strip():
            raise SettingsError("Set ORDERSHARE_JWT_ISSUER to the `iss` of the tokens, beside ORDERSHARE_JWKS_URL.")
        if not self.jwt_audience.strip():
            raise SettingsError("Set ORDERSHARE_JWT_AUDIENCE to the `aud` of the tokens, beside ORDERSHARE_JWKS_URL.")
        return self.jwks_url

    def checked_signal_url(self) -> str:
        """Return where replicas wake each other; empty for the database's own way.

        Raises:
            SettingsError: Where it is no server of NATS.
        """
        if self.signal_url and not self.signal_url.startswith(_NATS):
            raise SettingsError("Set ORDERSHARE_SIGNAL_URL to nats://HOST:PORT, or leave it empty.")
        return self.signal_url


_RANDOM = "such as the output of: openssl rand -base64 48"
_REDIS = ("redis://", "rediss://")
_NATS = ("nats://", "tls://")


def _is_in_no_directory(database_url: str) -> bool:
    url = make_url(database_url)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").absolute().parent.is_dir()


def load_settings() -> Settings:
    """Return the settings of the environment.

    Raises:
        SettingsError: Where a value has the wrong form or means nothing, or the name of a setting is misspelt.
    """
    for name, meant in unknown_settings().items():
        if meant is not None:
            raise SettingsError(f"{name} is no setting: set {meant}, or unset it.")
    try:
        settings = Settings()
        settings.checked_times()
    except ValidationError as fault:
        raise SettingsError(form_complaint(fault.errors(), Settings.bounds())) from None
    except ValueError as fault:
        raise SettingsError(str(fault)) from None
    return settings


def unknown_settings() -> Mapping[str, str | None]:
    """Return the variables that look like settings and are none, each with the setting that it is meant to be."""
    return unknown_names(os.environ, Settings.model_fields)

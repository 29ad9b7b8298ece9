"""The settings: their defaults, where they come from, and what makes them unsafe."""

from pathlib import Path

import pytest

from app.setting_rules import MIN_SECRET_BYTES
from app.settings import Settings, SettingsError, load_settings

_NAMES = tuple(name.upper() for name in Settings.model_fields)
_SECRET = "a secret for tests only, long enough for HS256"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _NAMES:
        monkeypatch.delenv(f"ORDERSHARE_{name}", raising=False)


def _settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"ORDERSHARE_{name.upper()}", value)
    return load_settings()


def test_without_any_setting_it_is_one_file_and_one_machine() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite+aiosqlite:///ordershare.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.signal_url, settings.jwks_url, settings.jwt_issuer, settings.jwt_audience) == ("", "", "", "")
    assert settings.jwt_secret.get_secret_value() == ""


def test_each_setting_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(
        monkeypatch,
        database_url="postgresql+asyncpg://user@host/name",
        signal_url="nats://host",
        jwt_secret=_SECRET,
        jwks_url="https://keys",
        jwt_issuer="https://issuer",
        jwt_audience="ordershare",
        host="0.0.0.0",
        port="80",
    )
    assert settings.model_dump(exclude_unset=True) | {"jwt_secret": settings.jwt_secret.get_secret_value()} == {
        "database_url": "postgresql+asyncpg://user@host/name",
        "signal_url": "nats://host",
        "jwt_secret": _SECRET,
        "jwks_url": "https://keys",
        "jwt_issuer": "https://issuer",
        "jwt_audience": "ordershare",
        "host": "0.0.0.0",
        "port": 80,
    }


def test_the_variables_of_others_and_files_of_settings_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ORDERSHARE_PORT=81\n")
    monkeypatch.setenv("PORT", "82")
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://user@host/name")
    monkeypatch.setenv("ORDERSHARE_UNKNOWN", "83")
    settings = load_settings()
    assert (settings.port, settings.database_url) == (8000, "sqlite+aiosqlite:///ordershare.db")


@pytest.mark.parametrize("port", ["", "http", "80.5", "8000 8001"])
def test_a_value_of_another_form_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    with pytest.raises(SettingsError) as refused:
        _settings(monkeypatch, port=port)
    assert str(refused.value) == "Set ORDERSHARE_PORT to a value of the right form."
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///ordershare.db",
        "sqlite+aiosqlite:////var/lib/ordershare.db",
        "postgresql+asyncpg://user@host/name",
        "postgresql+asyncpg://user:p%40ss@host:5433/name?ssl=require",
    ],
)
def test_a_supported_database_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert _settings(monkeypatch, database_url=url).checked_database_url() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ordershare.db",
        "sqlite:///ordershare.db",
        "postgresql://user@host/name",
        "postgres://user@host/name",
        "postgresql+psycopg://user@host/name",
        "mysql+aiomysql://user@host/name",
        "postgresql+asyncpg://user@host:port/name",
    ],
)
def test_another_database_is_refused_with_the_two_forms_to_set(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    settings = _settings(monkeypatch, database_url=url)
    with pytest.raises(SettingsError) as refused:
        settings.checked_database_url()
    assert str(refused.value) == (
        "Set ORDERSHARE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME."
    )


@pytest.mark.parametrize("secret", [_SECRET[:MIN_SECRET_BYTES], "äöüßéèêàçñåøæþðœ", _SECRET])
def test_a_secret_counts_in_bytes(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    assert _settings(monkeypatch, jwt_secret=secret).checked_secret() == secret


@pytest.mark.parametrize("secret", ["", "secret", "x" * (MIN_SECRET_BYTES - 1), "é" * (MIN_SECRET_BYTES // 2 - 1)])
def test_a_secret_that_is_missing_or_short_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    settings = _settings(monkeypatch, jwt_secret=secret)
    with pytest.raises(SettingsError) as refused:
        settings.checked_secret()
    assert str(refused.value) == (
        "Set ORDERSHARE_JWT_SECRET to a secret of at least 32 bytes, such as the output of: openssl rand -base64 48"
    )


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(monkeypatch, jwt_secret=_SECRET)
    assert _SECRET not in repr(settings)
    assert _SECRET not in str(settings)


def test_where_public_keys_are_set_no_secret_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in ("", _SECRET):
        settings = _settings(monkeypatch, jwt_secret=secret, jwks_url="https://keys")
        with pytest.raises(SettingsError) as refused:
            settings.checked_secret()
        assert str(refused.value) == (
            "Where ORDERSHARE_JWKS_URL is set, its issuer signs the tokens: "
            "unset it and set ORDERSHARE_JWT_SECRET to sign your own."
        )


_OF_ISSUER = {"jwt_issuer": "https://issuer", "jwt_audience": "ordershare"}


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer/keys",
        "https://issuer:8443/realms/one/protocol/openid-connect/certs?a=b",
        "HTTPS://issuer/keys",
        "https://10.0.0.7/keys",
        "http://127.0.0.1/keys",
        "http://127.0.0.2:8080/keys",
        "http://[::1]:8080/keys",
        "http://localhost:8080/keys",
        "http://LOCALHOST/keys",
    ],
)
def test_public_keys_come_safely_or_from_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert _settings(monkeypatch, jwks_url=url, **_OF_ISSUER).checked_jwks_url() == url


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer/keys",
        "http://10.0.0.7/keys",
        "http://127.0.0.1.issuer/keys",
        "http://localhost.issuer/keys",
        "http://127.0.0.1@issuer/keys",
        "http://0.0.0.0/keys",
        "http://2130706433/keys",
        "file:///etc/keys",
        "ftp://127.0.0.1/keys",
        "data:application/json,{}",
        "issuer/keys",
        "//issuer/keys",
        "https:///keys",
        "https://",
        "https://issuer:port/keys",
        "https://issuer:99999/keys",
        "https://issuer/\nkeys",
        "https://[::1/keys",
        "garbage",
    ],
)
def test_public_keys_that_others_could_change_on_the_way_are_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        _settings(monkeypatch, jwks_url=url, **_OF_ISSUER).checked_jwks_url()
    assert str(refused.value) == (
        "Set ORDERSHARE_JWKS_URL to https://HOST/PATH; http:// is for this machine alone, such as 127.0.0.1."
    )


def test_public_keys_need_an_issuer_and_an_audience_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for missing, complaint in (
        ({"jwt_issuer": ""}, "Set ORDERSHARE_JWT_ISSUER to the `iss` of the tokens, beside ORDERSHARE_JWKS_URL."),
        ({"jwt_audience": ""}, "Set ORDERSHARE_JWT_AUDIENCE to the `aud` of the tokens, beside ORDERSHARE_JWKS_URL."),
        ({"jwt_secret": _SECRET}, "Set ORDERSHARE_JWKS_URL or ORDERSHARE_JWT_SECRET, not both."),
    ):
        settings = _settings(monkeypatch, jwks_url="https://issuer/keys", **{**_OF_ISSUER, **missing})
        with pytest.raises(SettingsError) as refused:
            settings.checked_jwks_url()
        assert str(refused.value) == complaint


@pytest.mark.parametrize("url", ["", "nats://host", "nats://host:4222", "tls://user:word@host:4222"])
def test_signals_go_by_nats_or_in_the_databases_own_way(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert _settings(monkeypatch, signal_url=url).checked_signal_url() == url


@pytest.mark.parametrize("url", ["redis://host", "host:4222", "nats:host"])
def test_signals_go_by_no_other_way(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        _settings(monkeypatch, signal_url=url).checked_signal_url()
    assert str(refusal.value) == "Set ORDERSHARE_SIGNAL_URL to nats://HOST:PORT, or leave it empty."


@pytest.mark.parametrize(
    ("given", "form", "shown"),
    [
        ({}, "text", True),
        ({"mode": "production"}, "json", False),
        ({"host": "0.0.0.0"}, "json", False),
        ({"mode": "production", "log": "text", "metrics_token": "x7" * 8}, "text", True),
        ({"log": "quiet"}, "quiet", True),
    ],
)
def test_production_logs_for_machines_and_shows_metrics_to_whoever_has_the_token(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], form: str, shown: bool
) -> None:
    settings = _settings(monkeypatch, **given)
    assert (settings.log_form, settings.shows_metrics) == (form, shown)


def test_a_log_of_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refused:
        _settings(monkeypatch, log="xml")
    assert str(refused.value) == "Set ORDERSHARE_LOG to a value of the right form."

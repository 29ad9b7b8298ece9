"""Settings that have the right form and mean nothing: each is refused in one line that says what to set."""

import pytest

from app.limit_settings import LimitSettings
from app.settings import Settings, SettingsError, load_settings, unknown_settings

_RANDOM = "such as the output of: openssl rand -base64 48"
_SHORT = f"Set ORDERSHARE_JWT_SECRET to a secret of at least 32 bytes, {_RANDOM}"
_GUESSABLE = f"Set ORDERSHARE_JWT_SECRET to a secret that nobody can guess, {_RANDOM}"
_SHORT_TOKEN = f"Set ORDERSHARE_METRICS_TOKEN to a token of at least 16 bytes, {_RANDOM}"
_USER_BUDGET = "Set ORDERSHARE_USER_BUDGET to a cost and a time, such as 1000000 per minute."
_ORGANISATION_BUDGET = _USER_BUDGET.replace("USER", "ORGANISATION")
_SECONDS = "to a value from 0.1 to 3600."


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ORDERSHARE_{name.upper()}", raising=False)


def _refusal(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> str:
    """Return the line in which a server with these settings refuses to start."""
    for name, value in settings.items():
        monkeypatch.setenv(f"ORDERSHARE_{name.upper()}", value)
    with pytest.raises(SettingsError) as refused:
        _begin()
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


def _begin() -> None:
    settings = load_settings()
    settings.checked_metrics_token()
    settings.checked_budget("user")
    settings.checked_budget("organisation")
    if settings.jwks_url:
        settings.checked_jwks_url()
    elif settings.jwt_secret.get_secret_value():
        settings.checked_secret()


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("jwt_secret", " " * 40, _SHORT),
        ("jwt_secret", f"{'x9Lq' * 7}{' ' * 20}", _SHORT),
        ("jwt_secret", "x" * 40, _GUESSABLE),
        ("jwt_secret", "changeme" * 5, _GUESSABLE),
        ("jwt_secret", "0123456789abcdef" * 2, _GUESSABLE),
        ("jwt_secret", "a-string-secret-at-least-256-bits-long", _GUESSABLE),
        ("metrics_token", " ", _SHORT_TOKEN),
        ("metrics_token", "secret", _SHORT_TOKEN),
        ("metrics_token", " " * 20, _SHORT_TOKEN),
        ("user_budget", "0 per second", _USER_BUDGET),
        ("user_budget", "-5 per second", _USER_BUDGET),
        ("user_budget", "5 per 0 seconds", _USER_BUDGET),
        ("user_budget", "5/0 minutes", _USER_BUDGET),
        ("user_budget", "5 per second; 6 per minute", _USER_BUDGET),
        ("user_budget", "5 per 99999999 years", _USER_BUDGET),
        ("user_budget", f"{'9' * 30} per second", _USER_BUDGET),
        ("user_budget", " ", _USER_BUDGET),
        ("organisation_budget", "0 per 10 seconds", _ORGANISATION_BUDGET),
        ("request_seconds", "0.0001", f"Set ORDERSHARE_REQUEST_SECONDS {_SECONDS}"),
        ("request_seconds", "0", f"Set ORDERSHARE_REQUEST_SECONDS {_SECONDS}"),
        ("request_seconds", "-1", f"Set ORDERSHARE_REQUEST_SECONDS {_SECONDS}"),
        ("request_seconds", "nan", f"Set ORDERSHARE_REQUEST_SECONDS {_SECONDS}"),
        ("request_seconds", "inf", f"Set ORDERSHARE_REQUEST_SECONDS {_SECONDS}"),
        ("request_seconds", "1e9", f"Set ORDERSHARE_REQUEST_SECONDS {_SECONDS}"),
        ("statement_seconds", "0.01", f"Set ORDERSHARE_STATEMENT_SECONDS {_SECONDS}"),
        ("lock_seconds", "nan", f"Set ORDERSHARE_LOCK_SECONDS {_SECONDS}"),
        ("idle_transaction_seconds", "0.5", "Set ORDERSHARE_IDLE_TRANSACTION_SECONDS to a value from 1 to 86400."),
        ("statement_seconds", "31", "Set ORDERSHARE_STATEMENT_SECONDS to at most ORDERSHARE_REQUEST_SECONDS (30)."),
        ("lock_seconds", "21", "Set ORDERSHARE_LOCK_SECONDS to at most ORDERSHARE_STATEMENT_SECONDS (20)."),
        ("max_depth", "0", "Set ORDERSHARE_MAX_DEPTH to a value from 3 to 200."),
        ("max_cost", "-1", "Set ORDERSHARE_MAX_COST to a value from 10 to 1000000000."),
        ("max_cost", "9" * 30, "Set ORDERSHARE_MAX_COST to a value from 10 to 1000000000."),
        ("max_request_bytes", "10", "Set ORDERSHARE_MAX_REQUEST_BYTES to a value from 1024 to 67108864."),
        ("max_sockets_per_user", "0", "Set ORDERSHARE_MAX_SOCKETS_PER_USER to a value from 1 to 1000000."),
        ("max_depht", "5", "ORDERSHARE_MAX_DEPHT is no setting: set ORDERSHARE_MAX_DEPTH, or unset it."),
        ("user_budgets", "5", "ORDERSHARE_USER_BUDGETS is no setting: set ORDERSHARE_USER_BUDGET, or unset it."),
        ("jwt_secrets", "5", "ORDERSHARE_JWT_SECRETS is no setting: set ORDERSHARE_JWT_SECRET, or unset it."),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    assert _refusal(monkeypatch, {name: value}) == line


@pytest.mark.parametrize("name", ["jwt_issuer", "jwt_audience"])
def test_blanks_are_no_issuer_and_no_audience(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given = {"jwks_url": "https://issuer/keys", "jwt_issuer": "https://issuer", "jwt_audience": "ordershare"}
    assert _refusal(monkeypatch, {**given, name: "  "}).startswith(f"Set ORDERSHARE_{name.upper()} to the ")


def test_several_settings_of_a_wrong_form_are_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refusal(monkeypatch, {"port": "http", "max_depth": "0", "max_cost": "many"}) == (
        "Set ORDERSHARE_MAX_DEPTH to a value from 3 to 200, ORDERSHARE_MAX_COST to a value of the right form, "
        "ORDERSHARE_PORT to a value of the right form."
    )


def test_every_number_among_the_limits_has_a_least_and_a_most_and_its_default_between_them() -> None:
    numbers = {name for name, field in LimitSettings.model_fields.items() if field.annotation in (int, float)}
    assert LimitSettings.bounds().keys() == numbers
    for name, (least, most) in LimitSettings.bounds().items():
        assert least <= LimitSettings.model_fields[name].default <= most


def test_a_time_that_is_not_set_gives_way_to_one_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERSHARE_REQUEST_SECONDS", "2")
    timeouts = load_settings().timeouts
    assert (timeouts.statement, timeouts.lock, timeouts.idle_transaction) == (2, 2, 60)


def test_a_name_that_is_far_from_every_setting_is_told_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # What Kubernetes sets for a service with this name, and what other programs here read.
    for name in ("SERVICE_HOST", "SERVICE_PORT", "PORT_8000_TCP_ADDR", "TOKEN", "PUBLISHED_PORT"):
        monkeypatch.setenv(f"ORDERSHARE_{name}", "x")
    load_settings()
    found = {name: meant for name, meant in unknown_settings().items() if not name.startswith("ORDERSHARE_TEST")}
    assert found == dict.fromkeys(
        ["ORDERSHARE_PORT_8000_TCP_ADDR", "ORDERSHARE_SERVICE_HOST", "ORDERSHARE_SERVICE_PORT"]
    )

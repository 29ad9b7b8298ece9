"""The commands of an operator: schema, token and migrate; `verify`, `import` and `serve` have files of their own."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.settings import Settings
from app.tokens import Tokens
from db.engine import create_engine
from db.migrations.runner import downgrade, is_current
from tests.integration.command_line import CommandLine, Ended
from tests.integration.served_demonstration import environment
from tests.servers import postgresql_database, sqlite_url
from tests.world import SECRET

_REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sqlite_url: str) -> CommandLine:
    return CommandLine(monkeypatch, capsys, jwt_secret=SECRET, database_url=sqlite_url)


def _process(*arguments: str, **settings: str) -> Ended:
    """Run a command as an operator does, in an interpreter of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        check=False,
        cwd=_REPOSITORY,
        env=environment(**settings),
        capture_output=True,
        encoding="utf-8",
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_a_token_is_alone_on_standard_output() -> None:
    ended = _process("token", "owner", ORDERSHARE_JWT_SECRET=SECRET)
    assert (ended.code, ended.complained) == (0, "")
    [token] = ended.printed.splitlines()
    assert ended.printed == f"{token}\n"
    assert _tokens().verify(f"Bearer {token}").reference == "owner"


def _tokens() -> Tokens:
    return Tokens(Settings(jwt_secret=SECRET))  # type: ignore[arg-type]  # pydantic makes it a SecretStr


@pytest.mark.parametrize(
    ("ttl", "lifetime"),
    [
        (None, timedelta(hours=1)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("12h", timedelta(hours=12)),
        ("365d", timedelta(days=365)),
        ("001h", timedelta(hours=1)),
        ("999999d", timedelta(days=999_999)),
    ],
)
def test_a_token_holds_for_as_long_as_told(command: CommandLine, ttl: str | None, lifetime: timedelta) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    ended = command("token", "owner", *([] if ttl is None else ["--ttl", ttl]))
    after = datetime.now(UTC)
    assert (ended.code, ended.complained) == (0, "")
    claims = _tokens().verify(f"Bearer {ended.printed.strip()}")
    assert before + lifetime <= claims.expires_at <= after + lifetime


@pytest.mark.parametrize(
    "ttl", ["", "1", "h", "1w", "-1h", "+1h", "1.5h", "1 h", "1h ", "1h30m", "1H", "1e3s", "9999999d"]
)
def test_a_lifetime_of_another_form_is_refused(command: CommandLine, ttl: str) -> None:
    ended = command("token", "owner", f"--ttl={ttl}")
    assert (ended.code, ended.printed) == (2, "")
    assert "a lifetime is a number and s, m, h or d, such as 90m" in ended.complained


def test_a_token_needs_a_reference(command: CommandLine) -> None:
    ended = command("token")
    assert (ended.code, ended.printed) == (2, "")
    assert "missing argument 'reference'" in ended.complained.lower()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            {"jwt_secret": ""},
            "Set ORDERSHARE_JWT_SECRET to a secret of at least 32 bytes, "
            "such as the output of: openssl rand -base64 48",
        ),
        (
            {"jwks_url": "https://keys"},
            "Where ORDERSHARE_JWKS_URL is set, its issuer signs the tokens: "
            "unset it and set ORDERSHARE_JWT_SECRET to sign your own.",
        ),
    ],
)
def test_a_token_is_signed_with_a_sound_secret_alone(
    command: CommandLine, settings: dict[str, str], complaint: str
) -> None:
    command.set(**settings)
    assert command("token", "owner") == Ended(1, "", f"ordershare: {complaint}\n")


def test_a_token_bears_the_issuer_and_audience_that_the_server_asks_for(command: CommandLine) -> None:
    command.set(jwt_issuer="https://issuer", jwt_audience="ordershare")
    token = command("token", "owner").printed.strip()
    strict = Settings(jwt_secret=SECRET, jwt_issuer="https://issuer", jwt_audience="ordershare")  # type: ignore[arg-type]
    assert Tokens(strict).verify(f"Bearer {token}").reference == "owner"


def test_migrate_brings_a_new_database_to_the_current_schema_and_again_changes_nothing(
    command: CommandLine, tmp_path: Path, postgresql_server_url: str
) -> None:
    with postgresql_database(postgresql_server_url) as postgresql:
        for url in (sqlite_url(tmp_path / "new.db"), postgresql):
            command.set(database_url=url)
            assert not asyncio.run(is_current(url))
            for _ in range(2):
                assert command("migrate") == Ended(0, "", "The database's schema is current.\n")
                assert asyncio.run(is_current(url))


def test_migrate_keeps_what_is_in_the_database(command: CommandLine, database_url: str) -> None:
    command.set(database_url=database_url)
    _execute(database_url, "INSERT INTO order_type (code, name, priority) VALUES ('HOSPITAL', 'Hospital', 10)")
    assert command("migrate").code == 0
    assert _execute(database_url, "SELECT code, name, priority FROM order_type") == [("HOSPITAL", "Hospital", 10)]


def _execute(url: str, statement: str) -> list[tuple[object, ...]]:
    async def execute() -> list[tuple[object, ...]]:
        engine = create_engine(url)
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            rows = [tuple(row) for row in result.all()] if result.returns_rows else []
        await engine.dispose()
        return rows

    return asyncio.run(execute())


@pytest.mark.parametrize("arguments", [("verify",), ("serve",), ("export",), ("import", "orders.csv")])
def test_a_database_whose_schema_is_not_current_is_refused(
    command: CommandLine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").touch()
    downgrade(database_url, "base")
    command.set(database_url=database_url)
    complaint = "ordershare: The database's schema is not current: run `python -m app migrate` first.\n"
    assert command(*arguments) == Ended(1, "", complaint)


def test_without_a_command_the_commands_are_listed(command: CommandLine) -> None:
    ended = command()
    said = ended.printed + ended.complained
    for name in ("serve", "migrate", "import", "export", "token", "schema", "verify"):
        assert name in said


def test_orders_and_types_are_not_exported_into_one_file(command: CommandLine) -> None:
    ended = command("export", "--orders-only", "--types-only")
    assert (ended.code, ended.printed) == (2, "")
    assert "orders and types are two files" in ended.complained

"""The command line: `python -m app COMMAND`."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.address import browser_address, require_free_address
from app.choose_verifier import choose_verifier
from app.command_help import epilog
from app.demonstration import serve_demonstration
from app.export_command import Selection, run_export
from app.import_command import run_import
from app.import_template import write_template
from app.observability.logs import log_at_once
from app.server import serve
from app.settings import Settings, SettingsError, load_settings
from app.table_file import Reading
from app.text_lines import Encoding
from app.tokens import Tokens
from app.verify_findings import tell_findings
from app.watch_client import Door
from app.watch_command import WatchOptions, run_watch, socket_url
from db.database import Database
from db.migrations.runner import is_current, upgrade
from resolvers.verify_organisations import count_organisations, verify_organisations
from schema.build import build_schema

Answer = TypeVar("Answer")

_INSTALLED_AS = "ordershare"

cli = typer.Typer(
    help="Live, shared control of protection orders.",
    no_args_is_help=True,
    # A shell completes the name of a program, which `python -m app` is not.
    add_completion=Path(sys.argv[0]).stem == _INSTALLED_AS,
    pretty_exceptions_show_locals=False,
    epilog="Each command tells more: python -m app COMMAND --help. Settings are ORDERSHARE_… in the environment.",
)

_WATCH_LIFETIME = timedelta(hours=1)
_LIFETIME = re.compile(r"(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@cli.command(
    "serve",
    epilog=epilog(
        "serve",
        "serve --workers 4",
        exits={
            0: "ended by a signal, and has sent what it owed",
            1: "a setting, the database or the address is not as needed",
        },
    ),
)
def serve_command(
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many processes serve, over one PostgreSQL.")] = 1,
) -> None:
    """Serve the API; refuses a database whose schema is not current."""
    settings = load_settings()
    choose_verifier(settings)
    require_free_address(settings)
    _require_current(settings)
    serve(settings, workers)


@cli.command("migrate", epilog=epilog("migrate"))
def migrate_command() -> None:
    """Bring the database to the current schema."""
    upgrade(load_settings().checked_database_url())
    typer.echo("The database's schema is current.", err=True)


@cli.command(
    "import",
    epilog=epilog(
        "import --template orders.xlsx",
        "import orders.xlsx --types types.csv --dry-run",
        "import orders.csv --encoding gb18030 --skip-unknown-columns",
        exits={0: "every row is imported", 1: "a row was refused, the others are kept; or a file cannot be read"},
    ),
)
def import_command(
    orders: Annotated[
        Path | None, typer.Argument(help="The orders: .csv, .xlsx or .jsonl; with --template, the file to make.")
    ] = None,
    types: Annotated[
        Path | None, typer.Option(help="The order types: .csv, .xlsx or .jsonl.", exists=True, dir_okay=False)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be done, and change nothing; locks it meanwhile.")
    ] = False,
    encoding: Annotated[
        Encoding | None, typer.Option(help="Of text without a byte order mark; UTF-8 where left out.")
    ] = None,
    skip_unknown_columns: Annotated[
        bool, typer.Option("--skip-unknown-columns", help="Leave out columns that are none of these.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Write a file of orders to fill in: .csv or .xlsx, or standard output.")
    ] = False,
    template_types: Annotated[
        bool, typer.Option("--template-types", help="Write a file of order types to fill in.")
    ] = False,
) -> None:
    """Load orders, members and organisations; again = no change. Exits with 1 where a row was refused."""
    if template or template_types:
        _write_template(orders, of_types=template_types)
        return
    if orders is None:
        raise typer.BadParameter("name the file of orders, or ask for a --template", param_hint="ORDERS")
    if not orders.exists() or orders.is_dir():
        raise typer.BadParameter(f"there is no file '{orders}'", param_hint="ORDERS")
    reading = Reading(encoding, skips_unknown=skip_unknown_columns)
    settings = load_settings()
    _require_current(settings)
    work = partial(run_import, orders=orders, types=types, reading=reading, dry=dry_run)
    raise typer.Exit(_with_database(settings, work))


def _write_template(path: Path | None, *, of_types: bool) -> None:
    try:
        write_template(path, of_types=of_types)
    except OSError as fault:
        typer.echo(f"Not written: {fault}", err=True)
        raise typer.Exit(1) from None


@cli.command(
    "export",
    epilog=epilog("export --output all.jsonl", "export --organisation lin.example --orders-only > orders.jsonl"),
)
def export_command(
    organisation: Annotated[str | None, typer.Option(help="The reference of one; all where it is left out.")] = None,
    output: Annotated[Path | None, typer.Option(help="A file, instead of standard output.", dir_okay=False)] = None,
    orders_only: Annotated[bool, typer.Option("--orders-only", help="Exactly what `import` takes.")] = False,
    types_only: Annotated[bool, typer.Option("--types-only", help="Exactly what `import --types` takes.")] = False,
) -> None:
    """Write organisations with their orders and logs as JSON Lines, all of one moment."""
    if orders_only and types_only:
        raise typer.BadParameter("orders and types are two files", param_hint="--types-only")
    settings = load_settings()
    _require_current(settings)
    selection = Selection.ORDERS if orders_only else Selection.TYPES if types_only else Selection.EVERYTHING
    raise typer.Exit(_with_database(settings, lambda database: run_export(database, organisation, output, selection)))


@cli.command("token", epilog=epilog("token mei@lin.example", "token mei@lin.example --ttl 90m"))
def token_command(
    reference: Annotated[str, typer.Argument(help="The reference of the user.")],
    ttl: Annotated[str, typer.Option(help="How long it holds: a number and s, m, h or d.")] = "1h",
) -> None:
    """Print a token for a user, alone on standard output."""
    tokens = Tokens(load_settings())
    matched = _LIFETIME.fullmatch(ttl)
    if matched is None:
        raise typer.BadParameter("a lifetime is a number and s, m, h or d, such as 90m", param_hint="--ttl")
    lifetime = timedelta(seconds=int(matched[1]) * _SECONDS[matched[2]])
    typer.echo(tokens.sign(reference, lifetime))


@cli.command("schema", epilog=epilog("schema > schema.graphql", exits={0: "done"}))
def schema_command() -> None:
    """Print the GraphQL schema."""
    typer.echo(build_schema().as_str())


@cli.command("verify", epilog=epilog("verify", exits={0: "all is well", 1: "something is off, and listed"}))
def verify_command() -> None:
    """Recount every organisation; exits with 1, and the list, where anything is off."""
    settings = load_settings()
    _require_current(settings)
    raise typer.Exit(_with_database(settings, _verify))


@cli.command(
    "watch",
    epilog=epilog(
        "watch lin.example --as mei@lin.example",
        "watch lin.example --json --state lin.cursor >> lin.jsonl",
        "watch lin.example --url https://orders.example/graphql",
        exits={0: "ended by Ctrl-C", 1: "the server let nobody in (any more), or the watch cannot begin"},
    ),
)
def watch_command(
    organisation: Annotated[str, typer.Argument(help="The organisation's reference, or its global id.")],
    url: Annotated[str, typer.Option(help="The API; the server of this machine's settings where left out.")] = "",
    token: Annotated[
        str,
        typer.Option(envvar="ORDERSHARE_TOKEN", help="Who watches; better set than typed: others see what you type."),
    ] = "",
    as_user: Annotated[
        str, typer.Option("--as", help="Instead of a token: the reference of a user, signed for by the local secret.")
    ] = "",
    after: Annotated[str | None, typer.Option(help="The cursor after which to begin.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print events as lines of JSON.")] = False,
    state: Annotated[
        Path | None, typer.Option(help="A file that keeps the cursor: the next run goes on after it.", dir_okay=False)
    ] = None,
) -> None:
    """Print what happens in an organisation, live; goes on through any break, and misses and repeats nothing."""
    settings = load_settings()
    try:
        address = socket_url(url or browser_address(settings))
    except ValueError:
        raise typer.BadParameter("an address is http://HOST:PORT/graphql, or https", param_hint="--url") from None
    if as_user:
        tokens = Tokens(settings)
        door = Door(address, lambda: tokens.sign(as_user, _WATCH_LIFETIME), renews=True)
    elif token:
        door = Door(address, lambda: token)
    else:
        raise SettingsError("Set ORDERSHARE_TOKEN to the token of who watches, or sign one by --as REFERENCE.")
    raise typer.Exit(run_watch(door, WatchOptions(organisation, after, as_json, state)))


@cli.command("demo", epilog=epilog("demo"))
def demo_command() -> None:
    """Serve a demonstration organisation: migrates, loads it, prints tokens for two terminals."""
    serve_demonstration(load_settings())


def run() -> None:
    """Run the command; a setting to set or a database to reach is one line on standard error."""
    log_at_once()
    try:
        cli()
    except SettingsError as fault:
        sys.exit(f"ordershare: {fault}")
    except (SQLAlchemyError, OSError) as fault:
        sys.exit(f"ordershare: the database at ORDERSHARE_DATABASE_URL failed: {type(fault).__name__}")


def _require_current(settings: Settings) -> None:
    try:
        current = asyncio.run(is_current(settings.checked_database_url()))
    except TypeError as fault:
        # The driver was given an option that it does not know.
        raise SettingsError(f"Set ORDERSHARE_DATABASE_URL to a URL without unknown options: {fault}.") from None
    if not current:
        raise SettingsError("The database's schema is not current: run `python -m app migrate` first.")


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[Answer]]) -> Answer:
    async def run_work() -> Answer:
        database = Database(settings.checked_database_url())
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run_work())


async def _verify(database: Database) -> int:
    async with database.read() as session:
        count = await count_organisations(session)
        findings = await verify_organisations(session)
    tell_findings(findings)
    if not findings:
        typer.echo(f"All is well in {count} organisations.")
    return 1 if findings else 0

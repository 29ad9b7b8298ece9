"""The demonstration: loaded once, ready to be tried with what it prints."""

import re
import socket
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func
from sqlmodel import SQLModel, col, select

from app.demonstration import SECRET_FILE, serve_demonstration
from app.demonstration_data import CODE_HEADER, DATA_PATH
from app.load_demonstration import load_demonstration
from app.settings import Settings, SettingsError
from app.sweeper import sweep
from db.database import Database
from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import OrderStatus, SharedOrderStatus
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from resolvers.verify_organisations import verify_organisations
from tests.integration.served_demonstration import demonstration
from tests.ports import free_port
from tests.served_world import Server, terminal
from tests.world import World

_OFFERED = "query { viewer { user { name } sharedOrders(status: [OFFERED]) { nodes { claimEligibility { code } } } } }"


async def _rows(database: Database, table: type[SQLModel]) -> list[Any]:
    async with database.read() as session:
        return list((await session.exec(select(table))).all())


async def _ask(port: int, token: str, document: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await client.post(f"http://127.0.0.1:{port}/graphql", json={"query": document}, headers=headers)
    body: dict[str, Any] = answer.json()
    assert "errors" not in body, body
    data: dict[str, Any] = body["data"]
    return data


async def test_it_is_a_family_and_a_fund_of_a_dozen_people_with_sixty_orders_of_eight_types(database: Database) -> None:
    await database.write(load_demonstration)
    assert [len(await _rows(database, table)) for table in (OrganisationRow, UserRow, MembershipRow)] == [2, 12, 13]
    orders = await _rows(database, OrderRow)
    assert len(orders) == 60
    assert {order.type_code for order in orders} == {row.code for row in await _rows(database, OrderTypeRow)}
    assert len({order.type_code for order in orders}) == 8
    assert {order.status for order in orders} == set(OrderStatus)
    shared = {row.status for row in await _rows(database, SharedOrderRow)}
    assert shared == set(SharedOrderStatus) - {SharedOrderStatus.EXPIRED}


async def test_it_is_sound_and_nothing_in_it_is_due(database: Database) -> None:
    await database.write(load_demonstration)
    async with database.read() as session:
        assert await verify_organisations(session) == []
    before = await World(database).dump()
    await sweep(database)
    assert await World(database).dump() == before


async def test_the_next_covers_end_one_after_the_other_and_none_today(database: Database) -> None:
    await database.write(load_demonstration)
    now = datetime.now(UTC)
    ends = [
        order.expires_at - now
        for order in await _rows(database, OrderRow)
        if order.status is OrderStatus.IN_FORCE and order.expires_at and order.expires_at < now + timedelta(days=60)
    ]
    assert len(ends) >= 8
    assert min(ends) > timedelta(days=4)
    assert len({end.days for end in ends}) == len(ends)


async def test_loading_it_again_changes_nothing(database: Database) -> None:
    first = await database.write(load_demonstration)
    before = await World(database).dump()
    assert await database.write(load_demonstration) == first
    assert await World(database).dump() == before


async def test_kinds_of_cover_that_are_known_already_stay_as_they_are(database: Database) -> None:
    known = OrderTypeToImport("TRAVEL", "What others call it", 5)
    await database.write(lambda session: import_order_types(session, [known]))
    await database.write(load_demonstration)
    async with database.read() as session:
        travel = await session.get_one(OrderTypeRow, "TRAVEL")
        orders = select(func.count()).select_from(OrderRow).where(col(OrderRow.type_code) == "TRAVEL")
        assert (travel.name, travel.priority) == ("What others call it", 5)
        assert (await session.exec(orders.where(col(OrderRow.type_priority) == 5))).one() > 0


async def test_a_start_needs_nothing_and_everything_it_prints_works(tmp_path: Path) -> None:
    port = free_port()
    with demonstration(tmp_path, port) as started:
        assert re.fullmatch("#code=[A-Za-z0-9_-]{24}", started.fragment)
        assert started.printed.startswith(
            f"Two terminals, side by side: http://127.0.0.1:{port}/{started.fragment}\n"
            f"GraphiQL, its tabs ready to run: http://127.0.0.1:{port}/graphql{started.fragment}\n"
        )
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            page = await client.get("/graphql", headers={"Accept": "text/html"})
            code = started.fragment.removeprefix("#code=")
            told = [await client.get(DATA_PATH, headers=headers) for headers in ({CODE_HEADER: code}, {})]
        assert (page.status_code, "GraphiQL" in page.text) == (200, True)
        assert [answer.status_code for answer in told] == [200, 403]
        first, second = started.tokens
        listen, offers, claim, process = started.documents
        async with terminal(Server(port), first) as listener:
            await listener.subscribe(listen)
            await listener.send(type="ping")
            assert (await listener.receive())["type"] == "pong"
            offered = (await _ask(port, second, offers))["viewer"]["sharedOrders"]["nodes"]
            assert sorted(str(offer["claimEligibility"]["code"]) for offer in offered) == [
                "CLAIM_WINDOW_NOT_OPEN",
                "None",
                "SHARES_EXHAUSTED",
            ]
            claimed = (await _ask(port, second, claim))["claimSharedOrder"]
            assert (claimed["sharedOrder"]["status"], claimed["userErrors"]) == ("CLAIMED", [])
            processed = (await _ask(port, second, process))["processOrder"]
            assert (processed["order"]["status"], processed["userErrors"]) == ("LOSS_REPORTED", [])
            heard = [(await listener.next_data())["organisationEvents"] for _ in range(2)]
        assert [event.get("offer") or event["status"] for event in heard] == ["CLAIMED", "LOSS_REPORTED"]
    assert (tmp_path / "ordershare.db").exists()


async def test_a_second_start_changes_nothing_and_lets_the_first_tokens_in(
    tmp_path: Path, database_url: str, world: World
) -> None:
    port = free_port()
    with demonstration(tmp_path, port, ORDERSHARE_DATABASE_URL=database_url) as started:
        tokens, documents, fragment = started.tokens, started.documents, started.fragment
    before = await world.dump()
    with demonstration(tmp_path, port, ORDERSHARE_DATABASE_URL=database_url) as started:
        assert started.documents == documents
        assert started.fragment != fragment
        for token, name in zip(tokens, ("林美 (Lin Mei)", "林伟 (Lin Wei)"), strict=True):
            assert (await _ask(port, token, _OFFERED))["viewer"]["user"]["name"] == name
    assert await world.dump() == before


def test_a_port_that_is_taken_is_told_in_one_line_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as refused:
            serve_demonstration(_settings(port=port))
    assert str(refused.value) == f"Port {port} of 127.0.0.1 is taken: set ORDERSHARE_PORT to a free one."
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "ordershare.db").exists()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"port": 65_536}, "65536 is no port: set ORDERSHARE_PORT to one of 1 to 65535."),
        (
            {"host": "192.0.2.1", "port": 1024},
            "Nothing can listen on port 1024 of 192.0.2.1 (Cannot assign requested address): "
            "set ORDERSHARE_HOST and ORDERSHARE_PORT.",
        ),
        (
            {"jwt_secret": SecretStr("too short")},
            "Set ORDERSHARE_JWT_SECRET to a secret of at least 32 bytes, "
            "such as the output of: openssl rand -base64 48",
        ),
        (
            {"database_url": "mysql://nowhere"},
            "Set ORDERSHARE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME.",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_told_in_one_line(
    values: dict[str, Any], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as refused:
        serve_demonstration(_settings(**values))
    assert str(refused.value) == line


def test_a_secret_that_nobody_set_is_kept_for_the_next_start_and_from_others_on_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets = []
    for _ in range(2):
        with pytest.raises(SettingsError, match="is no port"):
            serve_demonstration(_settings(port=65_536))
        secrets.append((tmp_path / SECRET_FILE).read_text())
    assert secrets[0] == secrets[1]
    assert len(secrets[0].encode()) >= 32
    assert [stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / ".demo").iterdir()] == [0o600]


def test_a_secret_that_is_set_is_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="is no port"):
        serve_demonstration(_settings(port=65_536, jwt_secret=SecretStr("set for this test alone, by an operator")))
    assert list(tmp_path.iterdir()) == []


def test_beside_an_issuer_no_secret_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="unset it and set ORDERSHARE_JWT_SECRET to sign your own"):
        serve_demonstration(_settings(jwks_url="https://issuer/keys"))
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_cannot_be_kept_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".demo").write_text("a file where the directory should be")
    with pytest.raises(SettingsError) as refused:
        serve_demonstration(_settings())
    assert str(refused.value) == ".demo/jwt-secret cannot be kept (File exists): set ORDERSHARE_JWT_SECRET."


def _settings(**values: Any) -> Settings:
    """Return settings that owe nothing to the environment of the tests."""
    return Settings.model_construct(**values)

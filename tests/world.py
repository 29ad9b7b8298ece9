"""A small world to test in: two organisations, their people and orders, and terminals that speak the public API."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import sqlalchemy
from sqlmodel import col, select, update

from app.server import create_app
from app.settings import Settings
from app.tokens import Tokens
from db.database import Database
from db.order_tables import OrderRow
from db.people_tables import OrganisationRow, UserRow
from db.sharing_tables import SharedOrderRow
from db.tables import metadata
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from resolvers.import_orders import OrderToImport
from resolvers.import_platform_rows import PlatformRow, import_platform_rows
from schema.global_id import decode_node_id, encode_id

SECRET = "a secret for tests only, long enough for HS256"
FAMILY = "family"
PEOPLE = {
    "admin": MemberRole.ADMIN,
    "owner": MemberRole.MEMBER,
    "sender": MemberRole.MEMBER,
    "recipient": MemberRole.MEMBER,
    "member": MemberRole.MEMBER,
}
TYPES = (
    OrderTypeToImport("HOSPITAL", "Hospital cover", 10),
    OrderTypeToImport("DENTAL", "Dental cover", 20),
)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def row(
    reference: str, owner: str, *, organisation: str = FAMILY, role: MemberRole | None = None, **changes: Any
) -> PlatformRow:
    """Return a row of the platform's file: an order in force, without end, with two seats."""
    order = OrderToImport(
        reference=reference,
        owner_reference=owner,
        type="HOSPITAL",
        title=f"Cover {reference}",
        premium_minor=12_50,
        currency="EUR",
        status=OrderStatus.IN_FORCE,
        effective_at=BEGAN,
        expires_at=None,
        max_shares=2,
    )
    return PlatformRow(organisation, organisation.title(), owner.title(), role, replace(order, **changes))


class World:
    """A database with people and orders in it, and the application over it."""

    def __init__(self, database: Database, **settings: Any) -> None:
        """Put the application over the database.

        Args:
            database: Where everything is kept.
            settings: What the operator sets, by the names of `Settings`.
        """
        self.database = database
        settings = {"user_budget": "", "organisation_budget": "", **settings}
        self.settings = Settings(jwt_secret=SECRET, **settings)  # type: ignore[arg-type]  # pydantic makes it a SecretStr
        self.tokens = Tokens(self.settings)
        self.app = create_app(database, self.tokens, self.settings)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://test")

    async def populate(self) -> None:
        """Make the family, of which each of `PEOPLE` owns an order O-NAME, and strangers with an outsider."""
        await self.database.write(lambda session: import_order_types(session, TYPES))
        await self.import_rows(
            *(row(f"O-{name}", name, role=role) for name, role in PEOPLE.items()),
            row("O-outsider", "outsider", organisation="strangers", role=MemberRole.ADMIN),
        )

    async def import_rows(self, *rows: PlatformRow) -> None:
        """Import rows as the operator does."""
        answer = await self.database.write(partial(_import, rows))
        assert answer.orders.refusals == []

    async def organisation_id(self, reference: str = FAMILY) -> str:
        """Return the global id of an organisation."""
        async with self.database.read() as session:
            statement = select(OrganisationRow.id).where(col(OrganisationRow.reference) == reference)
            return encode_id("Organisation", (await session.exec(statement)).one())

    async def user_id(self, reference: str) -> str:
        """Return the global id of a user."""
        async with self.database.read() as session:
            statement = select(UserRow.id).where(col(UserRow.reference) == reference)
            return encode_id("User", (await session.exec(statement)).one())

    async def order_id(self, reference: str = "O-owner") -> str:
        """Return the global id of an order."""
        return encode_id("Order", (await self.order_row(reference)).id)

    async def order_row(self, reference: str = "O-owner") -> OrderRow:
        """Return an order as it is stored."""
        async with self.database.read() as session:
            return (await session.exec(select(OrderRow).where(col(OrderRow.reference) == reference))).one()

    async def post(self, viewer: str | None, document: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        """Send a document as a viewer, or without a token."""
        headers = {} if viewer is None else {"Authorization": f"Bearer {self.token(viewer)}"}
        return await self.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)

    async def ask(self, viewer: str, document: str, **variables: Any) -> dict[str, Any]:
        """Return the data that a document is answered with; there must be no error."""
        response = await self.post(viewer, document, variables)
        body: dict[str, Any] = response.json()
        assert response.status_code == 200, body
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def mutate(self, viewer: str, mutation: str, fields: str, **given: Any) -> dict[str, Any]:
        """Return the payload of a mutation; `fields` are selected beside `userErrors`, whose codes come as `codes`."""
        input_type = mutation[0].upper() + mutation[1:] + "Input"
        errors = "userErrors { __typename code message path }"
        document = f"mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {fields} {errors} }} }}"
        payload: dict[str, Any] = (await self.ask(viewer, document, input=given))[mutation]
        payload["codes"] = [error["code"] for error in payload["userErrors"]]
        return payload

    async def share(self, *recipients: str, sender: str = "owner", order: str = "O-owner", **given: Any) -> list[str]:
        """Share an order and return the ids of the shared orders; every recipient must be accepted."""
        payload = await self.mutate(
            sender,
            "shareOrder",
            "sharedOrders { id }",
            orderId=await self.order_id(order),
            recipientIds=[await self.user_id(name) for name in recipients],
            **given,
        )
        assert payload["userErrors"] == []
        return [shared["id"] for shared in payload["sharedOrders"]]

    async def claim(self, viewer: str, shared_order_id: str, **given: Any) -> dict[str, Any]:
        """Claim an offer and return the payload."""
        fields = "sharedOrder { id status claimedAt }"
        return await self.mutate(viewer, "claimSharedOrder", fields, sharedOrderId=shared_order_id, **given)

    async def process(self, viewer: str, order_id: str, action: str, **given: Any) -> dict[str, Any]:
        """Send a result and return the payload."""
        fields = "order { status version } processingResult { id orderVersion fromStatus toStatus via }"
        return await self.mutate(viewer, "processOrder", fields, orderId=order_id, action=action, **given)

    async def move_window(self, shared_order_id: str, opens_in: timedelta, closes_in: timedelta) -> None:
        """Set the claim window of a shared order relative to now, past whatever the API would accept."""
        now = datetime.now(UTC)
        _, row_id = decode_node_id(shared_order_id)
        change = (
            update(SharedOrderRow)
            .where(col(SharedOrderRow.id) == row_id)
            .values(opens_at=now + opens_in, closes_at=now + closes_in)
        )
        await self.database.write(partial(_execute, change))

    async def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table, to show that nothing has changed."""
        async with self.database.engine.connect() as connection:
            return {
                table.name: sorted(map(tuple, (await connection.execute(sqlalchemy.select(table))).all()), key=repr)
                for table in metadata.sorted_tables
            }

    def token(self, viewer: str, lifetime: timedelta = timedelta(minutes=5)) -> str:
        """Return a token for a user."""
        return self.tokens.sign(viewer, lifetime)

    async def end_cover(self, reference: str, ends_in: timedelta) -> None:
        """Set when the cover of an order ends, relative to now, and leave its status as it is."""
        await self.database.write(partial(_set_cover, reference, datetime.now(UTC) + ends_in))


def body_of(response: httpx.Response) -> dict[str, Any]:
    """Return what a request was answered, but for what its cost is told."""
    body: dict[str, Any] = response.json()
    return {name: part for name, part in body.items() if name != "extensions"}


async def populate(url: str) -> None:
    """Make the small world's people and orders in the database at `url`."""
    world = World(Database(url))
    await world.populate()
    await world.http.aclose()
    await world.database.close()


async def _import(rows: tuple[PlatformRow, ...], session: Any) -> Any:
    return await import_platform_rows(session, rows)


async def _execute(change: Any, session: Any) -> None:
    await session.exec(change)


async def _set_cover(reference: str, ends_at: datetime, session: Any) -> None:
    order = (await session.exec(select(OrderRow).where(col(OrderRow.reference) == reference))).one()
    order.set_cover(min(order.effective_at, ends_at), ends_at)

"""A stage for the access matrix: one order shared in every way, and everyone who might look at it or touch it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from db.tables import metadata
from domain.vocabulary import MemberRole
from tests.world import World, row

NO_TOKEN = "no token"
OUTSIDER = "outsider"
MEMBER = "member"
SENDER = "sender"
ADMIN = "admin"
OWNER = "owner"
RECIPIENT = "recipient"
HOLDER = "holder"
FORMER = "former"

SIGNED_IN = (OUTSIDER, MEMBER, SENDER, ADMIN, OWNER, RECIPIENT, HOLDER, FORMER)
"""Every kind of viewer: of another organisation, a bystander, who sent one share, an admin, the order's owner, a
recipient before the claim, a recipient after the claim, and a member who was removed."""

MEMBERS = (MEMBER, SENDER, ADMIN, OWNER, RECIPIENT, HOLDER)
STRANGERS = (OUTSIDER, FORMER)

UNAUTHENTICATED = {
    "errors": [{"message": "A valid bearer token is needed.", "extensions": {"code": "UNAUTHENTICATED"}}]
}
"""The whole body for whoever brings no valid token."""

NOBODY = UUID("01900000-0000-7000-8000-000000000000")
"""A well-formed id that no row has."""


def global_id(type_name: str, row_id: UUID = NOBODY) -> str:
    """Return a global id as the API writes it; of nothing, unless told of what."""
    return f"{type_name}_{row_id.hex}"


NOWHERE = {
    "@organisation": global_id("Organisation"),
    "@order": global_id("Order"),
    "@former's order": global_id("Order"),
    "@offered": global_id("SharedOrder"),
    "@claimed": global_id("SharedOrder"),
    "@passed on": global_id("SharedOrder"),
    "@former's share": global_id("SharedOrder"),
    "@result": global_id("ProcessingResult"),
    "@owner": global_id("User"),
    "@friend": global_id("User"),
    "@cousin": global_id("User"),
}
"""What the names of the stage stand for where nothing of the kind exists."""


@dataclass(frozen=True)
class Stage:
    """The family's order O-owner and what became of it, beside a like order among strangers.

    Attributes:
        world: Where all this is.
        ids: Global ids of the family's things, by name.
        foreign: Global ids of the strangers' things, by the same names.
    """

    world: World
    ids: dict[str, str]
    foreign: dict[str, str]

    async def send(
        self, viewer: str, document: str, variables: dict[str, Any], ids: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a document as one of the viewers; names in the variables stand for the family's ids, or for others."""
        token_of = None if viewer == NO_TOKEN else viewer
        return await self.world.post(token_of, document, resolved(variables, self.ids if ids is None else ids))

    async def rewind(self, dump: dict[str, list[tuple[Any, ...]]]) -> None:
        """Put back every row of every table as `World.dump` found it."""
        async with self.world.database.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
            for table in metadata.sorted_tables:
                rows = [dict(zip(table.columns.keys(), found, strict=True)) for found in dump[table.name]]
                if rows:
                    await connection.execute(table.insert(), rows)
        assert await self.world.dump() == dump


def resolved(value: Any, ids: dict[str, str]) -> Any:
    """Return variables in which each `@name` is replaced by the id it stands for."""
    if isinstance(value, dict):
        return {name: resolved(entry, ids) for name, entry in value.items()}
    if isinstance(value, list):
        return [resolved(entry, ids) for entry in value]
    return ids.get(value, value) if isinstance(value, str) else value


async def set_stage(world: World) -> Stage:
    """Offer O-owner to `recipient`, let `holder` claim it and `sender` pass it on to `friend`; remove `former`."""
    await world.import_rows(
        *(row(f"O-{name}", name, role=MemberRole.MEMBER) for name in ("friend", "cousin", "holder", "former")),
        row("O-stranger", "stranger", organisation="strangers", role=MemberRole.MEMBER),
    )
    [formers] = await world.share("former")
    assert (await world.claim("former", formers))["codes"] == []
    removal = {"organisationId": await world.organisation_id(), "userId": await world.user_id("former")}
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **removal))["codes"] == []
    [offered, claimed] = await world.share("recipient", "holder", permission="PROCESS")
    [passed_on] = await world.share("friend", sender="sender")
    assert (await world.claim("holder", claimed))["codes"] == []
    result = (await world.process("holder", claimed, "ENDORSE"))["processingResult"]["id"]
    ids = {
        "@organisation": await world.organisation_id(),
        "@order": await world.order_id(),
        "@former's order": await world.order_id("O-former"),
        "@offered": offered,
        "@claimed": claimed,
        "@passed on": passed_on,
        "@former's share": formers,
        "@result": result,
        "@owner": await world.user_id("owner"),
        "@friend": await world.user_id("friend"),
        "@cousin": await world.user_id("cousin"),
    }
    return Stage(world, ids, await _among_strangers(world))


async def _among_strangers(world: World) -> dict[str, str]:
    [shared] = await world.share("stranger", sender="outsider", order="O-outsider", permission="PROCESS")
    order_id = await world.order_id("O-outsider")
    return {
        "@organisation": await world.organisation_id("strangers"),
        "@order": order_id,
        "@former's order": order_id,
        "@offered": shared,
        "@claimed": shared,
        "@passed on": shared,
        "@former's share": shared,
        "@result": (await world.process("outsider", order_id, "ENDORSE"))["processingResult"]["id"],
        "@owner": await world.user_id("outsider"),
        "@friend": await world.user_id("stranger"),
        "@cousin": await world.user_id("stranger"),
    }

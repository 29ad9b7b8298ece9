"""Finds the organisations of a run as their members see them."""

from db.log_cursor import LogCursor
from schema.global_id import decode_node_id
from tests.chaos import documents
from tests.chaos.api import Api
from tests.chaos.cast import KnownOrder, Person, Troupe, bearer


async def meet(api: Api, reference: str) -> Troupe:
    """Return an organisation as its people know it at first."""
    token = bearer(f"{reference}-0")
    memberships = (await api.ask(token, documents.MEMBERSHIPS))["viewer"]["memberships"]
    [organisation_id] = [each["organisation"]["id"] for each in memberships]
    found = (await api.ask(token, documents.MEMBERS, id=organisation_id))["organisation"]
    people = [
        Person(
            each["user"]["reference"], each["user"]["id"], each["role"] == "ADMIN", bearer(each["user"]["reference"])
        )
        for each in found["members"]["nodes"]
    ]
    orders = (await api.ask(token, documents.ORDERS, id=organisation_id))["organisation"]["orders"]["nodes"]
    return Troupe(
        reference,
        organisation_id,
        found["logCursor"],
        {person.reference: person for person in people},
        {each["id"]: KnownOrder(each["id"], each["owner"]["id"], each["status"]) for each in orders},
    )


def first_cursor(troupe: Troupe) -> str:
    """Return the cursor before the first event of a log, which nothing tells a client."""
    _, organisation_id = decode_node_id(troupe.id)
    return str(LogCursor.before_everything(organisation_id))

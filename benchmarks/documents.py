"""The list page as each server is asked for it, and its answers brought to one shape, so that they can be compared."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

PAGE = 50
SHARED_ORDERS = 5

LIST_PAGE = """
query ListPage($id: ID!) {
  organisation(id: $id) {
    orders(first: 50, orderBy: TYPE_PRIORITY) {
      nodes {
        id reference title status version premium { amountMinor currency } expiresAt
        type { code name } owner { id name } sharesClaimed maxShares
        sharedOrders(first: 5) { nodes { id status permission recipient { id name } } }
      }
    }
  }
}
"""
"""For our server, and for the peers whose schema is written by hand."""

LIST_PAGE_AFTER = LIST_PAGE.replace("($id: ID!)", "($id: ID!, $after: String)").replace(
    "orders(first: 50,", "orders(first: 50, after: $after,"
)
"""The same from a place in the list on."""

POSTGRAPHILE_LIST_PAGE = """
query ListPage($id: UUID!) {
  organisationByRowId(rowId: $id) {
    ordersByOrganisationId(first: 50, orderBy: [TYPE_PRIORITY_ASC, NEWEST_FIRST_ASC, ROW_ID_ASC]) {
      nodes {
        rowId reference title status version premiumMinor currency expiresAt
        orderTypeByTypeCodeAndTypePriority { code name }
        membershipByOrganisationIdAndOwnerId { appUserByUserId { rowId name } }
        sharesClaimed maxShares
        sharedOrdersByOrganisationIdAndOrderId(first: 5, orderBy: [ROW_ID_DESC]) {
          nodes { rowId status permission membershipByOrganisationIdAndRecipientId { appUserByUserId { rowId name } } }
        }
      }
    }
  }
}
"""
"""PostGraphile makes its schema from the tables: other names, and a user is reached through the membership."""

WALK = """
query Walk($id: ID!, $after: String) {
  organisation(id: $id) { orders(first: 100, after: $after) { pageInfo { endCursor } } }
}
"""
"""Goes a hundred orders further in the list."""

CLAIM = """
mutation Claim($input: ClaimSharedOrderInput!) {
  claimSharedOrder(input: $input) { sharedOrder { id status permission } userErrors { code message } }
}
"""

DELIVERIES = """
subscription Deliveries($organisation: ID!, $after: Cursor) {
  organisationEvents(organisationId: $organisation, after: $after) {
    __typename id cursor sequence occurredAt orderVersion
    order { id reference status version }
    ... on OrderStatusChanged { status previousStatus }
  }
}
"""
"""What every listener follows, on every server."""

Row = dict[str, Any]


def request_body(document: str, **variables: object) -> bytes:
    """Return a GraphQL request as JSON."""
    return json.dumps({"query": document, "variables": variables}).encode()


def _plain_id(text: str) -> str:
    """Return the id of the row that a global id of ours, or a plain id, stands for."""
    try:
        return str(UUID(text))
    except ValueError:
        return str(UUID(text.partition("_")[2]))


def _id_in(row: Row) -> str:
    return _plain_id(row["rowId"] if "rowId" in row else row["id"])


def _user(user: Row) -> tuple[str, str]:
    return _id_in(user), user["name"]


def _shared_order(shared: Row, recipient: Row) -> Row:
    return {
        "id": _id_in(shared),
        "status": shared["status"],
        "permission": shared["permission"],
        "recipient": _user(recipient),
    }


def _order(order: Row, **different: object) -> Row:
    same = ("reference", "title", "status", "version", "sharesClaimed", "maxShares")
    return {
        **{name: order[name] for name in same},
        "id": _id_in(order),
        "expiresAt": order["expiresAt"] and datetime.fromisoformat(order["expiresAt"]),
        **different,
    }


def orders_in(nodes: list[Row]) -> list[Row]:
    """Return the orders of an answer in the shape that all are compared in."""
    return [
        _order(
            node,
            premium=node["premium"],
            type=node["type"],
            owner=_user(node["owner"]),
            sharedOrders=[_shared_order(shared, shared["recipient"]) for shared in node["sharedOrders"]["nodes"]],
        )
        for node in nodes
    ]


def from_graphql(answer: Any) -> list[Row]:
    """Return the orders of our answer, or of a peer with the same schema."""
    return orders_in(answer["data"]["organisation"]["orders"]["nodes"])


def from_postgraphile(answer: Any) -> list[Row]:
    """Return the orders of PostGraphile's answer; it writes 64-bit integers as text."""
    return [
        _order(
            node,
            premium={"amountMinor": int(node["premiumMinor"]), "currency": node["currency"]},
            type=node["orderTypeByTypeCodeAndTypePriority"],
            owner=_user(node["membershipByOrganisationIdAndOwnerId"]["appUserByUserId"]),
            sharedOrders=[
                _shared_order(shared, shared["membershipByOrganisationIdAndRecipientId"]["appUserByUserId"])
                for shared in node["sharedOrdersByOrganisationIdAndOrderId"]["nodes"]
            ],
        )
        for node in answer["data"]["organisationByRowId"]["ordersByOrganisationId"]["nodes"]
    ]

"""What clients are written against: names, types, arguments and their defaults. More may be added; none may change."""

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType

from tests.contract.schema_file import default_of, own_types, the_schema


def _object(name: str) -> GraphQLObjectType:
    kind = the_schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    return kind


def _input(name: str) -> GraphQLInputObjectType:
    kind = the_schema().type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    return kind


QUERIES = {
    "viewer": "Viewer!",
    "node": "Node",
    "nodes": "[Node]!",
    "organisation": "Organisation",
    "order": "Order",
    "sharedOrder": "SharedOrder",
    "orderStateMachine": "[OrderTransition!]!",
}
PAYLOADS = {
    "shareOrder": {"order": "Order", "sharedOrders": "[SharedOrder!]!"},
    "claimSharedOrder": {"sharedOrder": "SharedOrder"},
    "declineSharedOrder": {"sharedOrder": "SharedOrder"},
    "releaseSharedOrder": {"sharedOrder": "SharedOrder"},
    "revokeSharedOrder": {"sharedOrder": "SharedOrder"},
    "extendClaimWindow": {"sharedOrder": "SharedOrder"},
    "processOrder": {"order": "Order", "processingResult": "ProcessingResult"},
    "importOrders": {"imported": "Int!", "updated": "Int!", "unchanged": "Int!"},
    "setSharePolicy": {"organisation": "Organisation"},
    "addMember": {"membership": "Membership"},
    "removeMember": {"organisation": "Organisation"},
    "setMemberRole": {"membership": "Membership"},
}
REQUIRED = {
    "ShareOrderInput": {"orderId": "ID!", "recipientIds": "[ID!]!"},
    "ClaimSharedOrderInput": {"sharedOrderId": "ID!"},
    "DeclineSharedOrderInput": {"sharedOrderId": "ID!"},
    "ReleaseSharedOrderInput": {"sharedOrderId": "ID!"},
    "RevokeSharedOrderInput": {"sharedOrderId": "ID!"},
    "ExtendClaimWindowInput": {"sharedOrderId": "ID!", "closesAt": "DateTime!"},
    "ProcessOrderInput": {"orderId": "ID!", "action": "OrderAction!"},
    "ImportOrdersInput": {"organisationId": "ID!", "orders": "[OrderImport!]!"},
    "SetSharePolicyInput": {"organisationId": "ID!", "sharePolicy": "SharePolicy!"},
    "AddMemberInput": {"organisationId": "ID!", "reference": "String!", "name": "String!"},
    "RemoveMemberInput": {"organisationId": "ID!", "userId": "ID!"},
    "SetMemberRoleInput": {"organisationId": "ID!", "userId": "ID!", "role": "MemberRole!"},
    "ClaimWindowInput": {},
    "OrderFilter": {},
}
"""What each input cannot do without; whatever else it takes can be left out."""

DEFAULTS: dict[tuple[str, str, str], str] = {
    ("Viewer", "sharedOrders", "box"): "RECEIVED",
    ("Viewer", "sharedOrders", "first"): "20",
    ("Organisation", "members", "first"): "50",
    ("Organisation", "orders", "orderBy"): "TYPE_PRIORITY",
    ("Order", "sharedOrders", "first"): "20",
    ("Order", "processingResults", "first"): "20",
    ("Order", "history", "first"): "20",
}
"""Every argument that has a value where the client gives none; all others have none, or null."""

SUBSCRIPTIONS = {
    "orderStatusChanged": ("OrderStatusChanged!", {"organisationId": "ID!", "orderIds": "[ID!]", "after": "Cursor"}),
    "sharedOrderChanged": ("SharedOrderChanged!", {"organisationId": "ID!", "after": "Cursor"}),
    "organisationEvents": ("OrderEvent!", {"organisationId": "ID!", "after": "Cursor"}),
}
CONNECTIONS = {
    "OrderConnection": "Order",
    "SharedOrderConnection": "SharedOrder",
    "MemberConnection": "Membership",
    "ProcessingResultConnection": "ProcessingResult",
    "OrderEventConnection": "OrderEvent",
}
INTERFACES = {
    "Node": {"User", "Organisation", "Order", "ProcessingResult", "SharedOrder"},
    "OrderEvent": {"OrderStatusChanged", "SharedOrderChanged", "OrderImported", "MembershipChanged"},
    "UserError": {
        "GenericUserError",
        "ClaimWindowError",
        "SharesExhaustedError",
        "ActionNotAllowedError",
        "VersionConflictError",
    },
}


def test_the_query_type_has_every_field() -> None:
    assert {name: str(field.type) for name, field in _object("Query").fields.items()} == QUERIES


def test_every_mutation_takes_one_input_and_answers_a_payload_of_its_own_name() -> None:
    mutations = _object("Mutation").fields
    assert set(mutations) == set(PAYLOADS)
    for name, mutation in mutations.items():
        own = name[0].upper() + name[1:]
        assert {argument: str(taken.type) for argument, taken in mutation.args.items()} == {"input": f"{own}Input!"}
        assert str(mutation.type) == f"{own}Payload!"


@pytest.mark.parametrize("mutation", PAYLOADS)
def test_every_payload_has_its_fields_and_user_errors(mutation: str) -> None:
    payload = _object(f"{mutation[0].upper()}{mutation[1:]}Payload")
    fields = {name: str(field.type) for name, field in payload.fields.items()}
    assert fields == {**PAYLOADS[mutation], "userErrors": "[UserError!]!"}


@pytest.mark.parametrize("name", REQUIRED)
def test_every_input_needs_what_the_contract_says_and_nothing_else(name: str) -> None:
    fields = _input(name).fields
    needed = {
        field: str(given.type)
        for field, given in fields.items()
        if str(given.type).endswith("!") and default_of(given) is None
    }
    assert needed == REQUIRED[name]


def test_every_mutations_input_takes_an_idempotency_key() -> None:
    for mutation in PAYLOADS:
        key = _input(f"{mutation[0].upper()}{mutation[1:]}Input").fields["idempotencyKey"]
        assert str(key.type) == "String"
        assert default_of(key) is None


def test_arguments_have_the_defaults_that_the_contract_says() -> None:
    found = {
        (name, field, argument): default_of(taken)
        for name, kind in own_types().items()
        if isinstance(kind, GraphQLObjectType)
        for field, answered in kind.fields.items()
        for argument, taken in answered.args.items()
        if default_of(taken) is not None
    }
    assert found == DEFAULTS


def test_input_fields_have_the_defaults_that_the_contract_says() -> None:
    found = {
        (name, field): (str(given.type), default_of(given))
        for name, kind in own_types().items()
        if isinstance(kind, GraphQLInputObjectType)
        for field, given in kind.fields.items()
        if default_of(given) is not None
    }
    assert found == {
        ("ShareOrderInput", "permission"): ("SharePermission!", "VIEW"),
        ("AddMemberInput", "role"): ("MemberRole!", "MEMBER"),
    }


def test_every_subscription_follows_an_organisation_from_a_cursor() -> None:
    found = {
        name: (str(field.type), {argument: str(taken.type) for argument, taken in field.args.items()})
        for name, field in _object("Subscription").fields.items()
    }
    assert found == SUBSCRIPTIONS


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_every_connection_follows_the_relay_specification(connection: str) -> None:
    edge, node = connection.replace("Connection", "Edge"), CONNECTIONS[connection]
    fields = {name: str(field.type) for name, field in _object(connection).fields.items()}
    assert fields == {"edges": f"[{edge}!]!", "nodes": f"[{node}!]!", "pageInfo": "PageInfo!", "totalCount": "Int!"}
    assert {name: str(field.type) for name, field in _object(edge).fields.items()} == {
        "cursor": "String!",
        "node": f"{node}!",
    }


def test_page_info_follows_the_relay_specification() -> None:
    assert {name: str(field.type) for name, field in _object("PageInfo").fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


@pytest.mark.parametrize("interface", INTERFACES)
def test_every_interface_has_the_types_that_clients_branch_on(interface: str) -> None:
    implementing = {
        name
        for name, kind in own_types().items()
        if isinstance(kind, GraphQLObjectType) and interface in {each.name for each in kind.interfaces}
    }
    assert implementing >= INTERFACES[interface]
    assert interface == "OrderEvent" or implementing == INTERFACES[interface]

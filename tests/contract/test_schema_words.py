"""The words that clients branch on: every value of every enum, and what the typed errors carry."""

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType

from domain import vocabulary
from tests.contract.schema_file import own_types, the_schema

WORDS = {
    "OrderSort": "TYPE_PRIORITY EXPIRES_AT EFFECTIVE_AT_DESC PREMIUM_DESC",
    "SharedOrderBox": "RECEIVED SENT",
    "MemberRole": "ADMIN MEMBER",
    "SharePolicy": "ANY_MEMBER OWNER_AND_ADMINS",
    "SharePermission": "VIEW PROCESS",
    "OrderStatus": "PENDING IN_FORCE LOSS_REPORTED GRACE_PERIOD SUSPENDED LAPSED CANCELLED",
    "OrderAction": "ACTIVATE RENEW ENDORSE REPORT_LOSS SETTLE_LOSS REJECT_LOSS SUSPEND REINSTATE CANCEL",
    "SharedOrderStatus": "OFFERED CLAIMED DECLINED RELEASED REVOKED EXPIRED",
    "StatusCause": "IMPORTED PROCESSED TIME",
    "Terminal": "FIRST_ORDER SHARED_ORDER",
    "ErrorCode": (
        "NOT_FOUND FORBIDDEN INVALID_INPUT OWN_ORDER NOT_A_MEMBER ALREADY_SHARED ORDER_NOT_SHAREABLE"
        " CLAIM_WINDOW_NOT_OPEN CLAIM_WINDOW_CLOSED SHARES_EXHAUSTED NOT_OFFERED NOT_CLAIMED ACTION_NOT_ALLOWED"
        " VERSION_CONFLICT KEY_REUSED"
    ),
}
ERRORS = {
    "GenericUserError": {},
    "ClaimWindowError": {"opensAt": "DateTime!", "closesAt": "DateTime!"},
    "SharesExhaustedError": {"maxShares": "Int!", "sharesClaimed": "Int!"},
    "ActionNotAllowedError": {"currentStatus": "OrderStatus!", "availableActions": "[OrderAction!]!"},
    "VersionConflictError": {"currentVersion": "Int!", "currentStatus": "OrderStatus!"},
}


def test_no_enum_is_left_out_here() -> None:
    assert {name for name, kind in own_types().items() if isinstance(kind, GraphQLEnumType)} == set(WORDS)


@pytest.mark.parametrize("name", WORDS)
def test_an_enum_has_exactly_its_words(name: str) -> None:
    kind = the_schema().type_map[name]
    assert isinstance(kind, GraphQLEnumType)
    assert set(kind.values) == set(WORDS[name].split())


@pytest.mark.parametrize("name", [name for name in WORDS if hasattr(vocabulary, name)])
def test_the_rules_use_the_same_words(name: str) -> None:
    words = getattr(vocabulary, name)
    assert [str(word) for word in words] == [word.name for word in words]
    assert {word.name for word in words} == set(WORDS[name].split())


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_carries_what_a_client_needs_to_act_on_it(name: str) -> None:
    kind = the_schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    common = {"code": "ErrorCode!", "message": "String!", "path": "[String!]!"}
    assert {field: str(answered.type) for field, answered in kind.fields.items()} == {**common, **ERRORS[name]}

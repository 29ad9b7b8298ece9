from enum import StrEnum

import pytest

from domain.vocabulary import (
    ErrorCode,
    EventKind,
    MemberRole,
    OrderAction,
    OrderStatus,
    SharedOrderStatus,
    SharePermission,
    SharePolicy,
    StatusCause,
    Terminal,
)


@pytest.mark.parametrize(
    ("words", "of_the_contract"),
    [
        (MemberRole, "ADMIN MEMBER"),
        (SharePolicy, "ANY_MEMBER OWNER_AND_ADMINS"),
        (SharePermission, "VIEW PROCESS"),
        (OrderStatus, "PENDING IN_FORCE LOSS_REPORTED GRACE_PERIOD SUSPENDED LAPSED CANCELLED"),
        (
            OrderAction,
            "ACTIVATE RENEW ENDORSE REPORT_LOSS SETTLE_LOSS REJECT_LOSS SUSPEND REINSTATE CANCEL",
        ),
        (SharedOrderStatus, "OFFERED CLAIMED DECLINED RELEASED REVOKED EXPIRED"),
        (StatusCause, "IMPORTED PROCESSED TIME"),
        (Terminal, "FIRST_ORDER SHARED_ORDER"),
        (
            EventKind,
            "ORDER_STATUS_CHANGED SHARED_ORDER_CHANGED ORDER_IMPORTED MEMBERSHIP_CHANGED SHARE_POLICY_CHANGED",
        ),
        (
            ErrorCode,
            "NOT_FOUND FORBIDDEN INVALID_INPUT OWN_ORDER NOT_A_MEMBER ALREADY_SHARED ORDER_NOT_SHAREABLE "
            "CLAIM_WINDOW_NOT_OPEN CLAIM_WINDOW_CLOSED SHARES_EXHAUSTED NOT_OFFERED NOT_CLAIMED "
            "ACTION_NOT_ALLOWED VERSION_CONFLICT KEY_REUSED",
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "words",
)
def test_a_closed_set_has_the_words_that_clients_know_and_stores_each_as_its_name(
    words: type[StrEnum], of_the_contract: str
) -> None:
    assert [word.value for word in words] == of_the_contract.split()
    assert [word.name for word in words] == of_the_contract.split()

from uuid import UUID

import pytest

from domain.errors import ActionNotAllowed, DomainError, VersionConflict
from domain.people import Member
from domain.processing import (
    actions_through_order,
    actions_through_shared_order,
    require_may_process_order,
    require_may_process_shared_order,
    result_of,
)
from domain.vocabulary import ErrorCode, MemberRole, OrderAction, OrderStatus, SharedOrderStatus, SharePermission

ORGANISATION = UUID(int=1)
OWNER = UUID(int=11)
RECIPIENT = UUID(int=13)
BYSTANDER = UUID(int=14)

THE_OWNER = Member(OWNER, ORGANISATION, MemberRole.MEMBER)
AN_ADMIN = Member(BYSTANDER, ORGANISATION, MemberRole.ADMIN)
A_MEMBER = Member(BYSTANDER, ORGANISATION, MemberRole.MEMBER)
FROM_GRACE_PERIOD = (OrderAction.RENEW, OrderAction.REPORT_LOSS, OrderAction.CANCEL)
NOT_CLAIMED = [status for status in SharedOrderStatus if status is not SharedOrderStatus.CLAIMED]


def actions_through_share(
    user_id: UUID = RECIPIENT,
    share_status: SharedOrderStatus = SharedOrderStatus.CLAIMED,
    permission: SharePermission = SharePermission.PROCESS,
) -> tuple[OrderAction, ...]:
    return actions_through_shared_order(
        user_id,
        recipient_id=RECIPIENT,
        share_status=share_status,
        permission=permission,
        order_status=OrderStatus.GRACE_PERIOD,
    )


def process_through_share(
    user_id: UUID = RECIPIENT,
    share_status: SharedOrderStatus = SharedOrderStatus.CLAIMED,
    permission: SharePermission = SharePermission.PROCESS,
) -> None:
    require_may_process_shared_order(user_id, recipient_id=RECIPIENT, share_status=share_status, permission=permission)


@pytest.mark.parametrize("member", [THE_OWNER, AN_ADMIN], ids=["owner", "admin"])
def test_the_owner_and_admins_may_do_through_the_order_what_its_status_allows(member: Member) -> None:
    assert actions_through_order(member, OWNER, OrderStatus.GRACE_PERIOD) == FROM_GRACE_PERIOD


def test_another_member_may_do_nothing_through_the_order() -> None:
    assert actions_through_order(A_MEMBER, OWNER, OrderStatus.GRACE_PERIOD) == ()


def test_nobody_may_do_anything_to_a_cancelled_order() -> None:
    assert actions_through_order(THE_OWNER, OWNER, OrderStatus.CANCELLED) == ()


def test_a_recipient_who_claimed_a_share_to_process_may_do_what_the_order_allows() -> None:
    assert actions_through_share() == FROM_GRACE_PERIOD


def test_a_recipient_who_may_only_view_may_do_nothing() -> None:
    assert actions_through_share(permission=SharePermission.VIEW) == ()


@pytest.mark.parametrize("share_status", NOT_CLAIMED)
def test_a_recipient_without_a_claimed_share_may_do_nothing(share_status: SharedOrderStatus) -> None:
    assert actions_through_share(share_status=share_status) == ()


@pytest.mark.parametrize("user_id", [OWNER, BYSTANDER], ids=["owner", "bystander"])
def test_nobody_but_the_recipient_may_do_anything_through_a_share(user_id: UUID) -> None:
    assert actions_through_share(user_id=user_id) == ()


@pytest.mark.parametrize("member", [THE_OWNER, AN_ADMIN], ids=["owner", "admin"])
def test_the_owner_and_admins_may_process_the_order(member: Member) -> None:
    require_may_process_order(member, OWNER)


def test_another_member_may_not_process_the_order() -> None:
    with pytest.raises(DomainError) as refused:
        require_may_process_order(A_MEMBER, OWNER)

    assert refused.value.code is ErrorCode.FORBIDDEN
    assert refused.value.path == ("order_id",)


def test_a_recipient_who_claimed_a_share_to_process_may_process_through_it() -> None:
    process_through_share()


@pytest.mark.parametrize("share_status", SharedOrderStatus)
@pytest.mark.parametrize("permission", SharePermission)
def test_nobody_but_the_recipient_may_process_through_a_share(
    share_status: SharedOrderStatus, permission: SharePermission
) -> None:
    with pytest.raises(DomainError) as refused:
        process_through_share(user_id=BYSTANDER, share_status=share_status, permission=permission)

    assert refused.value.code is ErrorCode.FORBIDDEN
    assert refused.value.path == ("order_id",)


@pytest.mark.parametrize("share_status", NOT_CLAIMED)
@pytest.mark.parametrize("permission", SharePermission)
def test_a_recipient_may_not_process_before_or_after_the_claim(
    share_status: SharedOrderStatus, permission: SharePermission
) -> None:
    with pytest.raises(DomainError) as refused:
        process_through_share(share_status=share_status, permission=permission)

    assert str(refused.value) == f"NOT_CLAIMED: This shared order is {share_status}."


def test_a_recipient_who_may_only_view_may_not_process() -> None:
    with pytest.raises(DomainError) as refused:
        process_through_share(permission=SharePermission.VIEW)

    assert refused.value.code is ErrorCode.FORBIDDEN
    assert refused.value.path == ("order_id",)


@pytest.mark.parametrize("expected_version", [7, None], ids=["current-version", "no-version"])
def test_a_result_that_is_possible_leads_to_its_status(expected_version: int | None) -> None:
    result = result_of(
        OrderAction.REPORT_LOSS, status=OrderStatus.IN_FORCE, version=7, expected_version=expected_version
    )

    assert result is OrderStatus.LOSS_REPORTED


@pytest.mark.parametrize("expected_version", [6, 8, 0], ids=["one-behind", "one-ahead", "zero"])
def test_a_result_for_another_version_is_refused_with_the_present_picture(expected_version: int) -> None:
    with pytest.raises(VersionConflict) as refused:
        result_of(OrderAction.REPORT_LOSS, status=OrderStatus.IN_FORCE, version=7, expected_version=expected_version)

    assert str(refused.value) == f"VERSION_CONFLICT: The order is at version 7, not {expected_version}."
    assert refused.value.path == ("expected_version",)
    assert refused.value.current_version == 7
    assert refused.value.current_status is OrderStatus.IN_FORCE


def test_a_result_that_is_no_longer_possible_is_refused_with_what_is_possible() -> None:
    with pytest.raises(ActionNotAllowed) as refused:
        result_of(OrderAction.SUSPEND, status=OrderStatus.GRACE_PERIOD, version=7, expected_version=7)

    assert str(refused.value) == "ACTION_NOT_ALLOWED: SUSPEND is not possible while the order is GRACE_PERIOD."
    assert refused.value.path == ("action",)
    assert refused.value.current_status is OrderStatus.GRACE_PERIOD
    assert refused.value.available_actions == FROM_GRACE_PERIOD


def test_a_stale_version_is_told_before_an_action_that_is_no_longer_possible() -> None:
    with pytest.raises(VersionConflict):
        result_of(OrderAction.SUSPEND, status=OrderStatus.CANCELLED, version=7, expected_version=6)


def test_a_second_loss_reported_without_a_version_is_not_applied_twice() -> None:
    with pytest.raises(ActionNotAllowed) as refused:
        result_of(OrderAction.REPORT_LOSS, status=OrderStatus.LOSS_REPORTED, version=8, expected_version=None)

    assert refused.value.available_actions == (OrderAction.SETTLE_LOSS, OrderAction.REJECT_LOSS)

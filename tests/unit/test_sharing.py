from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.people import Member
from domain.sharing import (
    DEFAULT_CLAIM_PERIOD,
    MAX_MESSAGE_LENGTH,
    MAX_RECIPIENTS,
    SHAREABLE_STATUSES,
    ClaimWindow,
    already_shared,
    claim_window,
    may_share,
    permission_held,
    require_may_share,
    require_recipient,
    require_shareable,
    require_short_text,
)
from domain.vocabulary import ErrorCode, MemberRole, OrderStatus, SharePermission, SharePolicy

ORGANISATION = UUID(int=1)
OWNER = UUID(int=11)
SENDER = UUID(int=12)
RECIPIENT = UUID(int=13)

THE_OWNER = Member(OWNER, ORGANISATION, MemberRole.MEMBER)
AN_ADMIN = Member(SENDER, ORGANISATION, MemberRole.ADMIN)
A_MEMBER = Member(SENDER, ORGANISATION, MemberRole.MEMBER)

SHAREABLE = [OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD, OrderStatus.LOSS_REPORTED]
NOT_SHAREABLE = [OrderStatus.PENDING, OrderStatus.SUSPENDED, OrderStatus.LAPSED, OrderStatus.CANCELLED]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


def share(
    member: Member,
    *,
    policy: SharePolicy = SharePolicy.ANY_MEMBER,
    status: OrderStatus = OrderStatus.IN_FORCE,
    granted: SharePermission = SharePermission.VIEW,
    claimed: SharePermission | None = None,
) -> None:
    require_may_share(member, policy, owner_id=OWNER, status=status, granted=granted, claimed=claimed)


@pytest.mark.parametrize("member", [THE_OWNER, AN_ADMIN, A_MEMBER], ids=["owner", "admin", "member"])
def test_every_member_may_share_where_the_policy_is_any_member(member: Member) -> None:
    assert may_share(member, SharePolicy.ANY_MEMBER, OWNER) is True


@pytest.mark.parametrize(
    ("member", "may"),
    [
        pytest.param(THE_OWNER, True, id="owner"),
        pytest.param(AN_ADMIN, True, id="admin"),
        pytest.param(A_MEMBER, False, id="member"),
    ],
)
def test_only_the_owner_and_admins_may_share_where_the_policy_says_so(member: Member, may: bool) -> None:
    assert may_share(member, SharePolicy.OWNER_AND_ADMINS, OWNER) is may


@pytest.mark.parametrize("member", [THE_OWNER, AN_ADMIN], ids=["owner", "admin"])
@pytest.mark.parametrize("claimed", [None, *SharePermission])
def test_the_owner_and_admins_hold_the_permission_to_process(member: Member, claimed: SharePermission | None) -> None:
    assert permission_held(member, OWNER, claimed) is SharePermission.PROCESS


@pytest.mark.parametrize(
    ("claimed", "held"),
    [
        pytest.param(None, SharePermission.VIEW, id="nothing-claimed"),
        pytest.param(SharePermission.VIEW, SharePermission.VIEW, id="view-claimed"),
        pytest.param(SharePermission.PROCESS, SharePermission.PROCESS, id="process-claimed"),
    ],
)
def test_another_member_holds_what_they_claimed_and_may_view_at_the_least(
    claimed: SharePermission | None, held: SharePermission
) -> None:
    assert permission_held(A_MEMBER, OWNER, claimed) is held


@pytest.mark.parametrize("member", [THE_OWNER, AN_ADMIN], ids=["owner", "admin"])
@pytest.mark.parametrize("policy", SharePolicy)
@pytest.mark.parametrize("granted", SharePermission)
def test_the_owner_and_admins_may_grant_everything_under_every_policy(
    member: Member, policy: SharePolicy, granted: SharePermission
) -> None:
    share(member, policy=policy, granted=granted)


def test_a_member_may_let_another_view() -> None:
    share(A_MEMBER, granted=SharePermission.VIEW)


def test_a_member_who_may_process_may_let_another_process() -> None:
    share(A_MEMBER, granted=SharePermission.PROCESS, claimed=SharePermission.PROCESS)


def test_a_member_who_may_process_may_grant_less() -> None:
    share(A_MEMBER, granted=SharePermission.VIEW, claimed=SharePermission.PROCESS)


@pytest.mark.parametrize("claimed", [None, SharePermission.VIEW])
def test_a_member_who_may_only_view_may_not_let_another_process(claimed: SharePermission | None) -> None:
    with pytest.raises(DomainError) as refused:
        share(A_MEMBER, granted=SharePermission.PROCESS, claimed=claimed)

    assert refused.value.code is ErrorCode.FORBIDDEN
    assert refused.value.path == ("permission",)


@pytest.mark.parametrize("claimed", [None, *SharePermission])
def test_a_member_may_not_share_against_the_policy_whatever_they_hold(claimed: SharePermission | None) -> None:
    with pytest.raises(DomainError) as refused:
        share(A_MEMBER, policy=SharePolicy.OWNER_AND_ADMINS, claimed=claimed)

    assert refused.value.code is ErrorCode.FORBIDDEN
    assert refused.value.path == ("order_id",)


@pytest.mark.parametrize("status", SHAREABLE)
def test_an_order_in_a_shareable_status_can_be_shared(status: OrderStatus) -> None:
    share(A_MEMBER, status=status)
    require_shareable(status)


@pytest.mark.parametrize("status", NOT_SHAREABLE)
def test_an_order_in_any_other_status_cannot_be_shared(status: OrderStatus) -> None:
    with pytest.raises(DomainError) as refused:
        share(THE_OWNER, status=status)

    assert str(refused.value) == f"ORDER_NOT_SHAREABLE: An order that is {status} cannot be shared or claimed."
    assert refused.value.path == ("order_id",)


def test_every_status_is_either_shareable_or_not() -> None:
    assert {*SHAREABLE, *NOT_SHAREABLE} == set(OrderStatus)
    assert set(SHAREABLE) == SHAREABLE_STATUSES


def test_an_order_that_is_not_shareable_is_refused_about_no_argument_unless_one_is_named() -> None:
    with pytest.raises(DomainError) as refused:
        require_shareable(OrderStatus.LAPSED)

    assert refused.value.path == ()


def test_a_window_opens_at_once_and_closes_after_seven_days_unless_told_otherwise() -> None:
    assert timedelta(days=7) == DEFAULT_CLAIM_PERIOD
    assert claim_window(None, None, NOW) == ClaimWindow(NOW, datetime(2026, 3, 8, 12, tzinfo=UTC))


@pytest.mark.parametrize("opens_at", [NOW + 10 * DAY, NOW - DAY], ids=["ahead", "past"])
def test_a_window_without_a_given_end_closes_seven_days_after_it_opens(opens_at: datetime) -> None:
    assert claim_window(opens_at, None, NOW) == ClaimWindow(opens_at, opens_at + 7 * DAY)


def test_a_window_without_a_given_opening_opens_at_once() -> None:
    assert claim_window(None, NOW + DAY, NOW) == ClaimWindow(NOW, NOW + DAY)


def test_a_window_is_as_the_sender_gives_it() -> None:
    assert claim_window(NOW + DAY, NOW + 2 * DAY, NOW) == ClaimWindow(NOW + DAY, NOW + 2 * DAY)


def test_a_window_of_a_microsecond_is_long_enough() -> None:
    assert claim_window(NOW + DAY, NOW + DAY + MICROSECOND, NOW) == ClaimWindow(NOW + DAY, NOW + DAY + MICROSECOND)


def test_a_window_that_opened_before_may_close_a_microsecond_from_now() -> None:
    assert claim_window(NOW - DAY, NOW + MICROSECOND, NOW) == ClaimWindow(NOW - DAY, NOW + MICROSECOND)


@pytest.mark.parametrize(
    ("opens_at", "closes_at"),
    [
        pytest.param(NOW + DAY, NOW + DAY, id="closes-as-it-opens"),
        pytest.param(NOW + DAY, NOW + DAY - MICROSECOND, id="closes-before-it-opens"),
        pytest.param(NOW - DAY, NOW, id="closes-now"),
        pytest.param(NOW - DAY, NOW - MICROSECOND, id="closed-a-microsecond-ago"),
        pytest.param(None, NOW, id="opens-at-once-and-closes-now"),
        pytest.param(None, NOW - MICROSECOND, id="opens-at-once-and-closed-before"),
        pytest.param(NOW - 7 * DAY, None, id="its-seven-days-are-over"),
    ],
)
def test_a_window_that_would_never_be_open_is_refused(opens_at: datetime | None, closes_at: datetime | None) -> None:
    with pytest.raises(DomainError) as refused:
        claim_window(opens_at, closes_at, NOW)

    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert refused.value.path == ("claim_window", "closes_at")


@pytest.mark.parametrize("sender_id", [SENDER, OWNER], ids=["by-a-member", "by-the-owner"])
def test_an_order_is_shared_with_another_member(sender_id: UUID) -> None:
    require_recipient(sender_id, OWNER, RECIPIENT)


@pytest.mark.parametrize("sender_id", [SENDER, OWNER], ids=["by-a-member", "by-the-owner"])
def test_an_order_is_never_shared_with_its_owner(sender_id: UUID) -> None:
    with pytest.raises(DomainError) as refused:
        require_recipient(sender_id, OWNER, OWNER)

    assert refused.value.code is ErrorCode.OWN_ORDER


def test_a_sender_does_not_share_with_themselves() -> None:
    with pytest.raises(DomainError) as refused:
        require_recipient(SENDER, OWNER, SENDER)

    assert refused.value.code is ErrorCode.INVALID_INPUT


def test_a_second_open_share_has_a_refusal_of_its_own() -> None:
    assert already_shared().code is ErrorCode.ALREADY_SHARED


def test_one_instruction_takes_a_hundred_recipients() -> None:
    assert MAX_RECIPIENTS == 100


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("请在周五前领取\nThank you\t🙂", id="any-script-and-lines"),
        pytest.param("🙂" * MAX_MESSAGE_LENGTH, id="a-thousand-characters"),
    ],
)
def test_a_short_text_may_say_anything(text: str | None) -> None:
    assert MAX_MESSAGE_LENGTH == 1000
    require_short_text(text, "message")


@pytest.mark.parametrize(
    "text",
    [pytest.param("x" * 1001, id="a-thousand-and-one-characters"), pytest.param("before\x00after", id="nul")],
)
def test_a_text_that_is_too_long_or_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        require_short_text(text, "message")

    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert refused.value.path == ("message",)

from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.people import Member, may_see_event, may_see_shared_order, not_a_member, require_admin
from domain.vocabulary import ErrorCode, EventKind, MemberRole

ORGANISATION = UUID(int=1)
OWNER = UUID(int=11)
SENDER = UUID(int=12)
RECIPIENT = UUID(int=13)
BYSTANDER = UUID(int=14)
INVOLVED = [
    pytest.param(OWNER, id="owner"),
    pytest.param(SENDER, id="sender"),
    pytest.param(RECIPIENT, id="recipient"),
]
TOLD_TO_ALL = [
    EventKind.ORDER_STATUS_CHANGED,
    EventKind.ORDER_IMPORTED,
    EventKind.MEMBERSHIP_CHANGED,
    EventKind.SHARE_POLICY_CHANGED,
]


def member(user_id: UUID) -> Member:
    return Member(user_id, ORGANISATION, MemberRole.MEMBER)


def admin(user_id: UUID) -> Member:
    return Member(user_id, ORGANISATION, MemberRole.ADMIN)


def sees_shared_order(viewer: Member) -> bool:
    return may_see_shared_order(viewer, owner_id=OWNER, sender_id=SENDER, recipient_id=RECIPIENT)


def sees_event(viewer: Member, kind: EventKind) -> bool:
    return may_see_event(viewer, kind, owner_id=OWNER, sender_id=SENDER, recipient_id=RECIPIENT)


def test_only_the_role_of_an_admin_makes_one() -> None:
    assert admin(BYSTANDER).is_admin is True
    assert member(BYSTANDER).is_admin is False


def test_an_owner_and_an_admin_rule_over_an_order() -> None:
    assert member(OWNER).rules_over(OWNER) is True
    assert admin(BYSTANDER).rules_over(OWNER) is True
    assert admin(OWNER).rules_over(OWNER) is True


def test_nobody_else_rules_over_an_order() -> None:
    assert member(BYSTANDER).rules_over(OWNER) is False


def test_an_admin_may_administer() -> None:
    require_admin(admin(BYSTANDER))


def test_a_member_may_not_administer() -> None:
    with pytest.raises(DomainError) as refused:
        require_admin(member(BYSTANDER))

    assert refused.value.code is ErrorCode.FORBIDDEN
    assert refused.value.path == ("organisation_id",)


@pytest.mark.parametrize("user_id", INVOLVED)
def test_whoever_is_involved_sees_a_shared_order(user_id: UUID) -> None:
    assert sees_shared_order(member(user_id)) is True


def test_an_admin_sees_every_shared_order() -> None:
    assert sees_shared_order(admin(BYSTANDER)) is True


def test_a_member_who_is_not_involved_does_not_see_a_shared_order() -> None:
    assert sees_shared_order(member(BYSTANDER)) is False


@pytest.mark.parametrize("user_id", INVOLVED)
def test_whoever_is_involved_sees_what_happens_to_a_shared_order(user_id: UUID) -> None:
    assert sees_event(member(user_id), EventKind.SHARED_ORDER_CHANGED) is True


def test_an_admin_sees_what_happens_to_every_shared_order() -> None:
    assert sees_event(admin(BYSTANDER), EventKind.SHARED_ORDER_CHANGED) is True


def test_a_member_who_is_not_involved_does_not_see_what_happens_to_a_shared_order() -> None:
    assert sees_event(member(BYSTANDER), EventKind.SHARED_ORDER_CHANGED) is False


def test_every_kind_of_event_is_either_told_to_all_or_about_a_shared_order() -> None:
    assert {*TOLD_TO_ALL, EventKind.SHARED_ORDER_CHANGED} == set(EventKind)


@pytest.mark.parametrize("kind", TOLD_TO_ALL)
def test_every_member_sees_every_other_event(kind: EventKind) -> None:
    assert sees_event(member(BYSTANDER), kind) is True


@pytest.mark.parametrize("kind", TOLD_TO_ALL)
def test_every_member_sees_an_event_that_involves_nobody(kind: EventKind) -> None:
    assert may_see_event(member(BYSTANDER), kind, owner_id=None, sender_id=None, recipient_id=None) is True


def test_a_stranger_and_nobody_at_all_are_refused_alike() -> None:
    refusal = not_a_member("recipient_ids", 2)

    assert refusal.code is ErrorCode.NOT_A_MEMBER
    assert refusal.path == ("recipient_ids", "2")

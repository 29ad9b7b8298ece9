"""Who looks at an order, and what that lets them see and do."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.errors import DomainError, forbidden
from domain.vocabulary import ErrorCode, EventKind, MemberRole


@dataclass(frozen=True)
class Viewer:
    """The authenticated user on whose behalf something is asked.

    Attributes:
        user_id: Who they are.
        came_from: The organisations they belonged to when they came in; None where nobody looked. It says nothing of
            what they may do now.
    """

    user_id: UUID
    came_from: tuple[UUID, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Member:
    """A viewer inside one organisation, of which they are a member now."""

    user_id: UUID
    organisation_id: UUID
    role: MemberRole

    @property
    def is_admin(self) -> bool:
        """Whether the member administers the organisation."""
        return self.role is MemberRole.ADMIN

    def rules_over(self, owner_id: UUID) -> bool:
        """Return whether the member may do everything with an order of `owner_id`: its owner and admins may."""
        return self.is_admin or self.user_id == owner_id


def require_admin(member: Member) -> None:
    """Refuse a member who does not administer the organisation.

    Raises:
        DomainError: FORBIDDEN.
    """
    if not member.is_admin:
        raise forbidden("Only an admin of the organisation may do this.", "organisation_id")


def may_see_shared_order(member: Member, *, owner_id: UUID, sender_id: UUID, recipient_id: UUID) -> bool:
    """Return whether `member` sees a shared order: its sender, its recipient, the order's owner and admins do."""
    return member.user_id in (sender_id, recipient_id) or member.rules_over(owner_id)


def everybody_sees(kind: EventKind) -> bool:
    """Return whether every member sees all entries of the log of this kind."""
    return kind is not EventKind.SHARED_ORDER_CHANGED


def may_see_event(
    member: Member,
    kind: EventKind,
    *,
    owner_id: UUID | None,
    sender_id: UUID | None,
    recipient_id: UUID | None,
) -> bool:
    """Return whether `member` sees an entry of the log.

    Entries about shared orders follow `may_see_shared_order`; every member sees all others.
    """
    if everybody_sees(kind) or member.is_admin:
        return True
    return member.user_id in (owner_id, sender_id, recipient_id)


def not_a_member(*path: str | int) -> DomainError:
    """Return the refusal of a user who is not, or no longer, a member: alike for strangers and for nobody at all."""
    return DomainError(ErrorCode.NOT_A_MEMBER, "There is no such member of this organisation.").at(*path)

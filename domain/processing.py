"""Who may process an order through which terminal, and what the result is."""

from uuid import UUID

from domain.claiming import require_claimed
from domain.errors import ActionNotAllowed, VersionConflict, forbidden
from domain.lifecycle import actions_from, status_after
from domain.people import Member
from domain.vocabulary import ErrorCode, OrderAction, OrderStatus, SharedOrderStatus, SharePermission


def actions_through_order(member: Member, owner_id: UUID, status: OrderStatus) -> tuple[OrderAction, ...]:
    """Return what `member` may do now through the first order: everything for its owner and admins, else nothing."""
    return actions_from(status) if member.rules_over(owner_id) else ()


def actions_through_shared_order(
    user_id: UUID,
    *,
    recipient_id: UUID,
    share_status: SharedOrderStatus,
    permission: SharePermission,
    order_status: OrderStatus,
) -> tuple[OrderAction, ...]:
    """Return what `user_id` may do through the second order: all for its recipient, once claimed with PROCESS."""
    if user_id == recipient_id and share_status is SharedOrderStatus.CLAIMED and permission is SharePermission.PROCESS:
        return actions_from(order_status)
    return ()


def require_may_process_order(member: Member, owner_id: UUID) -> None:
    """Refuse a member who may not process through the first order.

    Raises:
        DomainError: FORBIDDEN.
    """
    if not member.rules_over(owner_id):
        raise forbidden(
            "Only the owner of the order and admins process it; a recipient processes the shared order.",
            "order_id",
        )


def require_may_process_shared_order(
    user_id: UUID, *, recipient_id: UUID, share_status: SharedOrderStatus, permission: SharePermission
) -> None:
    """Refuse a user who may not process through the second order.

    Raises:
        DomainError: FORBIDDEN for anyone but its recipient, or without PROCESS; NOT_CLAIMED before and after.
    """
    if user_id != recipient_id:
        raise forbidden("Only the recipient processes through a shared order.", "order_id")
    require_claimed(share_status)
    if permission is not SharePermission.PROCESS:
        raise forbidden("This shared order lets you view the order, not process it.", "order_id")


def result_of(action: OrderAction, *, status: OrderStatus, version: int, expected_version: int | None) -> OrderStatus:
    """Return the status that the server derives from a result.

    A stale `expected_version` is judged first: the terminal decided on a picture that is no longer true, whatever
    the action.

    Raises:
        VersionConflict: Where the terminal expected another version.
        ActionNotAllowed: Where the table has no such action from the order's status.
    """
    if expected_version is not None and expected_version != version:
        raise VersionConflict(
            ErrorCode.VERSION_CONFLICT,
            f"The order is at version {version}, not {expected_version}.",
            ("expected_version",),
            current_version=version,
            current_status=status,
        )
    to_status = status_after(status, action)
    if to_status is None:
        raise ActionNotAllowed(
            ErrorCode.ACTION_NOT_ALLOWED,
            f"{action} is not possible while the order is {status}.",
            ("action",),
            current_status=status,
            available_actions=actions_from(status),
        )
    return to_status

"""The closed sets of words that the rules, the tables and the API share.

Every value equals its name, so that what is stored, logged and answered reads the same everywhere.
"""

from enum import StrEnum


class MemberRole(StrEnum):
    """What a member may do in an organisation."""

    ADMIN = "ADMIN"
    MEMBER = "MEMBER"


class SharePolicy(StrEnum):
    """Who may share the orders of an organisation."""

    ANY_MEMBER = "ANY_MEMBER"
    OWNER_AND_ADMINS = "OWNER_AND_ADMINS"


class SharePermission(StrEnum):
    """What a claimed shared order lets its recipient do."""

    VIEW = "VIEW"
    PROCESS = "PROCESS"


class OrderStatus(StrEnum):
    """Where a protection order stands."""

    PENDING = "PENDING"
    IN_FORCE = "IN_FORCE"
    LOSS_REPORTED = "LOSS_REPORTED"
    GRACE_PERIOD = "GRACE_PERIOD"
    SUSPENDED = "SUSPENDED"
    LAPSED = "LAPSED"
    CANCELLED = "CANCELLED"


class OrderAction(StrEnum):
    """What a terminal can do to an order."""

    ACTIVATE = "ACTIVATE"
    RENEW = "RENEW"
    ENDORSE = "ENDORSE"
    REPORT_LOSS = "REPORT_LOSS"
    SETTLE_LOSS = "SETTLE_LOSS"
    REJECT_LOSS = "REJECT_LOSS"
    SUSPEND = "SUSPEND"
    REINSTATE = "REINSTATE"
    CANCEL = "CANCEL"


class SharedOrderStatus(StrEnum):
    """Where a shared order stands between the instruction to claim it and its end."""

    OFFERED = "OFFERED"
    CLAIMED = "CLAIMED"
    DECLINED = "DECLINED"
    RELEASED = "RELEASED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class StatusCause(StrEnum):
    """Why an order has the status it has."""

    IMPORTED = "IMPORTED"
    PROCESSED = "PROCESSED"
    TIME = "TIME"


class Terminal(StrEnum):
    """Through which of the two linked orders a result was processed."""

    FIRST_ORDER = "FIRST_ORDER"
    SHARED_ORDER = "SHARED_ORDER"


class EventKind(StrEnum):
    """What an entry of an organisation's log tells."""

    ORDER_STATUS_CHANGED = "ORDER_STATUS_CHANGED"
    SHARED_ORDER_CHANGED = "SHARED_ORDER_CHANGED"
    ORDER_IMPORTED = "ORDER_IMPORTED"
    MEMBERSHIP_CHANGED = "MEMBERSHIP_CHANGED"
    SHARE_POLICY_CHANGED = "SHARE_POLICY_CHANGED"


class ErrorCode(StrEnum):
    """Why a mutation was refused."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID_INPUT = "INVALID_INPUT"
    OWN_ORDER = "OWN_ORDER"
    NOT_A_MEMBER = "NOT_A_MEMBER"
    ALREADY_SHARED = "ALREADY_SHARED"
    ORDER_NOT_SHAREABLE = "ORDER_NOT_SHAREABLE"
    CLAIM_WINDOW_NOT_OPEN = "CLAIM_WINDOW_NOT_OPEN"
    CLAIM_WINDOW_CLOSED = "CLAIM_WINDOW_CLOSED"
    SHARES_EXHAUSTED = "SHARES_EXHAUSTED"
    NOT_OFFERED = "NOT_OFFERED"
    NOT_CLAIMED = "NOT_CLAIMED"
    ACTION_NOT_ALLOWED = "ACTION_NOT_ALLOWED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    KEY_REUSED = "KEY_REUSED"

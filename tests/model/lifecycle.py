"""The table of actions, written by hand from what clients are promised."""

SHAREABLE = ("IN_FORCE", "GRACE_PERIOD", "LOSS_REPORTED")
TABLE = {
    "PENDING": {"ACTIVATE": "IN_FORCE", "CANCEL": "CANCELLED"},
    "IN_FORCE": {
        "RENEW": "IN_FORCE",
        "ENDORSE": "IN_FORCE",
        "REPORT_LOSS": "LOSS_REPORTED",
        "SUSPEND": "SUSPENDED",
        "CANCEL": "CANCELLED",
    },
    "GRACE_PERIOD": {"RENEW": "IN_FORCE", "REPORT_LOSS": "LOSS_REPORTED", "CANCEL": "CANCELLED"},
    "LOSS_REPORTED": {"SETTLE_LOSS": "IN_FORCE", "REJECT_LOSS": "IN_FORCE"},
    "SUSPENDED": {"REINSTATE": "IN_FORCE", "CANCEL": "CANCELLED"},
    "LAPSED": {"REINSTATE": "IN_FORCE"},
    "CANCELLED": {},
}
ACTIONS = sorted({action for row in TABLE.values() for action in row})


def actions_from(status: str) -> list[str]:
    """Return what is possible from a status."""
    return list(TABLE[status])

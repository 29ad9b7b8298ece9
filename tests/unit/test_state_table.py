import pytest

from domain.lifecycle import ENDED_STATUSES, TRANSITIONS, actions_from, status_after
from domain.vocabulary import OrderAction, OrderStatus

EVERY_CELL = [(status, action) for status in OrderStatus for action in OrderAction]

# Written by hand from the contract, by status, where the code has it by action.
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

# The same as the contract shows it, and as a client is served it.
SERVED_ROWS = [
    ("ACTIVATE", ("PENDING",), "IN_FORCE"),
    ("RENEW", ("IN_FORCE", "GRACE_PERIOD"), "IN_FORCE"),
    ("ENDORSE", ("IN_FORCE",), "IN_FORCE"),
    ("REPORT_LOSS", ("IN_FORCE", "GRACE_PERIOD"), "LOSS_REPORTED"),
    ("SETTLE_LOSS", ("LOSS_REPORTED",), "IN_FORCE"),
    ("REJECT_LOSS", ("LOSS_REPORTED",), "IN_FORCE"),
    ("SUSPEND", ("IN_FORCE",), "SUSPENDED"),
    ("REINSTATE", ("SUSPENDED", "LAPSED"), "IN_FORCE"),
    ("CANCEL", ("PENDING", "IN_FORCE", "GRACE_PERIOD", "SUSPENDED"), "CANCELLED"),
    (None, ("IN_FORCE",), "GRACE_PERIOD"),
    (None, ("GRACE_PERIOD",), "LAPSED"),
]


def test_the_hand_written_table_speaks_of_every_status() -> None:
    assert TABLE.keys() == set(OrderStatus)


@pytest.mark.parametrize(("status", "action"), EVERY_CELL)
def test_an_action_leads_where_the_table_says_and_nowhere_else(status: OrderStatus, action: OrderAction) -> None:
    assert status_after(status, action) == TABLE[status].get(action)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_status_offers_exactly_the_actions_of_its_row(status: OrderStatus) -> None:
    assert actions_from(status) == tuple(TABLE[status])


def test_the_rows_that_clients_are_served_are_those_of_the_contract_with_time_last() -> None:
    assert [(row.action, row.from_statuses, row.to_status) for row in TRANSITIONS] == SERVED_ROWS


def test_a_cancelled_order_is_at_its_end() -> None:
    assert actions_from(OrderStatus.CANCELLED) == ()


def test_only_a_lapsed_or_cancelled_order_revokes_its_open_offers() -> None:
    assert {OrderStatus.LAPSED, OrderStatus.CANCELLED} == ENDED_STATUSES

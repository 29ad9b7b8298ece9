"""Every table, imported so that the metadata is whole."""

from sqlmodel import SQLModel

from db.log_tables import EventRow, IdempotencyKeyRow, StreamRow
from db.names_tables import NamesRow
from db.order_tables import ImportedOrderRow, OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import ProcessingResultRow, SharedOrderRow

metadata = SQLModel.metadata

__all__ = [
    "EventRow",
    "IdempotencyKeyRow",
    "ImportedOrderRow",
    "MembershipRow",
    "NamesRow",
    "OrderRow",
    "OrderTypeRow",
    "OrganisationRow",
    "ProcessingResultRow",
    "SharedOrderRow",
    "StreamRow",
    "UserRow",
    "metadata",
]

"""The platform's file of orders: its columns, and the rows that they make."""

from collections.abc import Iterator

from app.column_values import instant, integer, read_rows, word
from app.table_file import TableFile
from app.table_rows import BadRow, Record
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_orders import OrderToImport
from resolvers.import_platform_rows import PlatformRow

COLUMNS = (
    "organisation",
    "organisation_name",
    "member",
    "member_name",
    "role",
    "reference",
    "type",
    "title",
    "premium_minor",
    "currency",
    "status",
    "effective_at",
    "expires_at",
    "max_shares",
)


def read_orders(file: TableFile) -> Iterator[tuple[int, PlatformRow] | BadRow]:
    """Yield the rows of a file of orders, each with the line on which it begins, or why it cannot be read.

    Raises:
        OSError: Where the file cannot be read on.
    """
    return read_rows(file, _platform_row)


def _platform_row(record: Record) -> PlatformRow:
    values = record.values
    return PlatformRow(
        organisation=values["organisation"],
        organisation_name=values["organisation_name"],
        member_name=values["member_name"],
        role=word(record, "role", MemberRole) if values["role"] else None,
        order=OrderToImport(
            reference=values["reference"],
            owner_reference=values["member"],
            type=values["type"],
            title=values["title"],
            premium_minor=integer(record, "premium_minor"),
            currency=values["currency"],
            status=word(record, "status", OrderStatus),
            effective_at=instant(record, "effective_at"),
            expires_at=instant(record, "expires_at") if values["expires_at"] else None,
            max_shares=integer(record, "max_shares"),
        ),
    )

"""The file of order types: its columns, and the rows that they make."""

from collections.abc import Iterator

from app.column_values import integer, read_rows
from app.table_file import TableFile
from app.table_rows import BadRow, Record
from resolvers.import_order_types import OrderTypeToImport

COLUMNS = ("code", "name", "priority")


def read_types(file: TableFile) -> Iterator[tuple[int, OrderTypeToImport] | BadRow]:
    """Yield the rows of a file of order types, each with the line on which it begins, or why it cannot be read.

    Raises:
        OSError: Where the file cannot be read on.
    """
    return read_rows(file, _order_type)


def _order_type(record: Record) -> OrderTypeToImport:
    return OrderTypeToImport(record.values["code"], record.values["name"], integer(record, "priority"))

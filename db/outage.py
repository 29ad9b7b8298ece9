"""Which faults mean that the database is away, or took too long: the same may succeed later."""

from sqlalchemy.exc import DBAPIError, InterfaceError

_CONNECTION_EXCEPTION = "08"
_AWAY = frozenset({"57P01", "57P02", "57P03", "55000"})
"""PostgreSQL ends, has crashed, is starting, or takes no connections."""


_TOOK_TOO_LONG = frozenset({"55P03", "57014"})
"""A lock was not to be had in time, or a statement was ended."""


def took_too_long(fault: BaseException | None) -> bool:
    """Return whether `fault` is of a statement that took, or waited for a lock, longer than the operator allows."""
    return isinstance(fault, DBAPIError) and getattr(fault.orig, "sqlstate", None) in _TOOK_TOO_LONG


def is_away(fault: BaseException | None) -> bool:
    """Return whether `fault` is of a database that cannot be reached now, or of a connection that broke."""
    if isinstance(fault, OSError):
        return True
    if not isinstance(fault, DBAPIError):
        return False
    state = getattr(fault.orig, "sqlstate", None) or ""
    is_cut = fault.connection_invalidated or isinstance(fault, InterfaceError)
    return is_cut or state in _AWAY or state.startswith(_CONNECTION_EXCEPTION)

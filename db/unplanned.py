"""Values that PostgreSQL does not look at when it plans a statement.

A plan made for the very values of a request looks cheaper to it than the kept one where they seem to find few rows: a
cursor near the end of a list, a short list of ids. Then it plans anew for each request, which costs as much as the
statement. Where the best plan is the same for all values, they are better hidden, each in a sub-select of its own.
"""

from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, select


def unplanned(value: BindParameter[Any]) -> ScalarSelect[Any]:
    """Return a value hidden from the planner; SQLite, which plans without values, takes it as well."""
    return select(value).scalar_subquery()

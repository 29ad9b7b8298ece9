"""Searching in columns of case-folded text: part of a text, or the beginning of a reference."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_
from sqlalchemy.orm import Mapped

SEARCH = "search"
"""The parameter of the text that is looked for inside."""

_PREFIX = "search_prefix"
_ESCAPE = "/"


def found_by(text: Mapped[str], reference: Mapped[str]) -> ColumnElement[bool]:
    """Return the condition that the text contains what is searched for, or the reference starts with it."""
    return or_(
        text.like(bindparam(SEARCH), escape=_ESCAPE),
        reference.like(bindparam(_PREFIX), escape=_ESCAPE),
    )


def search_values(search: str) -> dict[str, Any]:
    """Return the parameters of `found_by` for a search, in any case of letters."""
    literal = search.casefold()
    for sign in (_ESCAPE, "%", "_"):
        literal = literal.replace(sign, _ESCAPE + sign)
    return {SEARCH: f"%{literal}%", _PREFIX: f"{literal}%"}

"""What a file of rows is made of, whatever its form."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_ROW_CHARACTERS = 16_384
"""A longer row is broken: no row that could be imported comes near it, and it bounds the memory."""


class UnreadableFile(Exception):
    """Nothing of a file can be read; the message is one line that says why, and what to do."""


class WrongColumns(UnreadableFile):
    """The file has not the columns that it must have."""


@dataclass(frozen=True)
class Record:
    """A row as its file has it: the text of each column, and the line on which it begins, from 1."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read: the line on which it begins, from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Fields:
    """A row by position: the text of each of its cells, and the line on which it begins, from 1."""

    line: int
    fields: list[str]


def shown(text: str) -> str:
    """Return text of a file as a message can quote it: short, and harmless to a terminal."""
    return ascii(text[:40])

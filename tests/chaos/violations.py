"""What can be wrong with a history."""

from enum import StrEnum
from typing import NamedTuple


class Wrong(StrEnum):
    """The kinds of violations; the words are those of the report."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    STRANGE = "heard and not theirs, or not as the log has it"
    OVER_CLAIM = "over-claims"
    OUTSIDE_WINDOW = "claims outside their window"
    WRONGLY_REFUSED = "claims wrongly refused"
    MISSING = "acknowledged and missing"
    DONE_TWICE = "done twice"
    UNASKED = "in the log and asked for by nobody"
    IMPOSSIBLE = "impossible steps of the log"
    OUT_OF_TIME = "against the order of time"
    SURPRISE = "answers that nobody may get"


class Violation(NamedTuple):
    """One thing that is wrong: of what kind, where, and what exactly."""

    wrong: Wrong
    organisation: str
    what: str

    def __str__(self) -> str:
        return f"{self.wrong.upper()} [{self.organisation}]: {self.what}"

"""To what it comes when people do something, by the reference and by the application, in the same words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from tests.model.answers import Answer
from tests.model.asks import AddMember, Ask, ShareOrder
from tests.model.cast import MEMBERS
from tests.model.lines import line
from tests.model.names import Names
from tests.model.reference import play
from tests.model.scene import Raw, Seen
from tests.model.sight import details, page
from tests.model.state import State


@dataclass(frozen=True)
class Ending:
    """One way in which it may end.

    Attributes:
        state: What the organisation is then.
        names: The names of all that there is then.
        answers: What the mutations answered, in the order in which they were asked for.
    """

    state: State
    names: Names
    answers: Sequence[Answer] = ()

    def expected(self, known: int, curious: str) -> dict[str, Any]:
        """Return what is told where it ends so.

        Args:
            known: How long the log was before.
            curious: Who looks at the details.
        """
        return {
            "answers": [{**answer.payload, "userErrors": answer.errors} for answer in self.answers],
            "log": [f"{sequence} {entry.text}" for sequence, entry in enumerate(self.state.log, 1)][known:],
            "pages": {member: page(self.state, member) for member in MEMBERS},
            "details": details(self.state, curious),
        }

    def told(self, answers: Sequence[Raw], seen: Seen) -> dict[str, Any]:
        """Return what was told in the words of this ending."""
        return {
            "answers": [_with_positions(self.names.told(answer)) for answer in answers],
            "log": [line(self.names.told(event)) for event in seen.events],
            "pages": self.names.told(seen.pages),
            "details": self.names.told(seen.details),
        }

    def differences(self, answers: Sequence[Raw], seen: Seen, known: int) -> list[str]:
        """Return where it was told otherwise than this ending says."""
        return list(_differences("", self.told(answers, seen), self.expected(known, seen.curious)))


def _differences(place: str, told: Any, expected: Any) -> Iterator[str]:
    if isinstance(told, dict) and isinstance(expected, dict) and told.keys() == expected.keys():
        for key, value in told.items():
            yield from _differences(f"{place} {key}", value, expected[key])
    elif isinstance(told, list) and isinstance(expected, list) and len(told) == len(expected):
        for number, (one, other) in enumerate(zip(told, expected, strict=True)):
            yield from _differences(f"{place} {number}", one, other)
    elif told != expected:
        yield f"{place.strip()}: told {told}, expected {expected}"


def endings_of(state: State, names: Names, asks: Sequence[Ask], answers: Sequence[Raw]) -> list[Ending]:
    """Return all ways in which it may end where mutations are sent at once: as one after the other, in any order.

    A user who becomes a member meanwhile may still be refused as a recipient: what is refused is true when it is read,
    and only what is accepted is true when it commits.
    """
    joining = frozenset(ask.user for ask in asks if isinstance(ask, AddMember))
    early = [replace(ask, too_early_for=joining) if isinstance(ask, ShareOrder) else ask for ask in asks]
    orders = list(permutations(range(len(asks))))
    readings = [asks] if early == asks else [asks, early]
    return [_ending_of(state, names, reading, answers, order) for reading in readings for order in orders]


def _ending_of(state: State, names: Names, asks: Sequence[Ask], answers: Sequence[Raw], order: Iterable[int]) -> Ending:
    """Return how it ends where mutations are done in an order.

    What the reference calls by a number when it is made, the application calls by an id in its answer.
    """
    expected: dict[int, Answer] = {}
    ids: dict[str | int, str] = {}
    for place in order:
        known = len(state.shares)
        state, expected[place] = play(state, asks[place])
        made = answers[place].get("sharedOrders", ())
        ids |= dict(zip(range(known, len(state.shares)), (shared["id"] for shared in made), strict=False))
    return Ending(state, names.learning(ids), [expected[place] for place in range(len(asks))])


def _with_positions(answer: Raw) -> Raw:
    """Tell of each user error which recipient it is about, instead of its path."""
    errors = [{**error, "position": _position(error["path"])} for error in answer["userErrors"]]
    return {**answer, "userErrors": [{key: error[key] for key in error if key != "path"} for error in errors]}


def _position(path: Sequence[str]) -> int | None:
    return int(path[2]) if path[:2] == ["input", "recipientIds"] and len(path) == 3 else None

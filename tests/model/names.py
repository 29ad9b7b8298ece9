"""What a story calls things, and what the API calls them: names for ids and references, hours for instants."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

HOUR = timedelta(hours=1)
_INSTANTS = ("opensAt", "closesAt", "expiresAt")


@dataclass(frozen=True)
class Names:
    """The names of one story.

    Attributes:
        number: Which story of this database it is: everybody's and everything's reference ends in it.
        began: When it began, by the clock of the story: what has been passed over since lies before.
        ids: The id of each user, order and shared order, by its name or number, and of the "organisation".
    """

    number: int
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ids: Mapping[str | int, str] = field(default_factory=dict)

    def reference(self, name: str) -> str:
        """Return the reference of what the story calls so."""
        return f"{name}-{self.number}"

    def instant(self, hour: int | None) -> str | None:
        """Return an hour of the story as the API takes it."""
        return None if hour is None else (self.began + hour * HOUR).isoformat()

    def hour(self, instant: str) -> int:
        """Return an instant as an hour of the story, which itself takes no time worth speaking of."""
        return round((datetime.fromisoformat(instant) - self.began) / HOUR)

    def later(self, hours: int) -> "Names":
        """Return the names of the same story when time has passed."""
        return replace(self, began=self.began - hours * HOUR)

    def learning(self, ids: Mapping[str | int, str]) -> "Names":
        """Return the names with those of new shared orders."""
        return replace(self, ids={**self.ids, **ids})

    def told(self, answer: Any) -> Any:
        """Return an answer of the API in the words of the story."""
        return _Translation(self).of(answer)


class _Translation:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._of_id = {value: name for name, value in names.ids.items()}

    def of(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self.of(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self.of(each, key) for each in value]
        if value is None:
            return None
        if key == "id":
            return self._of_id.get(value, value)
        if key == "reference":
            return value.removesuffix(f"-{self._names.number}")
        return self._names.hour(value) if key in _INSTANTS else value

"""Compares an answer with the one that a page shows, in which words stand for what differs from server to server."""

import re
from typing import Any

_WORD = re.compile(r"[A-Z]+(_[A-Z]+)*_(ID|CURSOR|TIME)")
"""Such as ORDER_ID. What it stands for is learned where a page first shows it, and is the same from there on."""


class Words:
    """What the words of a page stand for."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def filled(self, shown: Any) -> Any:
        """Return a value of the page with what its words stand for.

        Raises:
            AssertionError: Where a reader could not know one.
        """
        if isinstance(shown, dict):
            return {name: self.filled(value) for name, value in shown.items()}
        if isinstance(shown, list):
            return [self.filled(value) for value in shown]
        if isinstance(shown, str) and _WORD.fullmatch(shown):
            assert shown in self.known, f"{shown} is used before the page shows where it comes from"
            return self.known[shown]
        return shown

    def learn(self, shown: Any, real: Any) -> Any:
        """Return the real value, with the page's words where it has them: equal to the shown one, if all is well."""
        if isinstance(shown, dict) and isinstance(real, dict):
            return {name: self.learn(shown.get(name), value) for name, value in real.items()}
        if isinstance(shown, list) and isinstance(real, list):
            expected = [*shown, *([None] * len(real))]
            return [self.learn(expected[place], value) for place, value in enumerate(real)]
        is_word = isinstance(shown, str) and isinstance(real, str) and _WORD.fullmatch(shown)
        if is_word and self.known.setdefault(shown, real) == real:
            return shown
        return real

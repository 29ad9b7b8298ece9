"""A clock that is off, for this process alone."""

import time
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tests.chaos.everywhere import OURS, replace_everywhere

_TIME_OF_UUID7 = 80
"""The milliseconds of a UUIDv7 are above this bit."""


def shift(seconds: float) -> None:
    """Have the program, and what verifies its tokens, see the time that is `seconds` later than it is."""
    true_time, off = time.time, timedelta(seconds=seconds)
    time.time = lambda: true_time() + seconds

    class Instants(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

    class Shifted(datetime, metaclass=Instants):
        # Whatever makes an instant makes an ordinary one: what reads it may look for the very type.
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return datetime(*arguments, **named)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + off

    def shifted_uuid7() -> UUID:
        return UUID(int=uuid7().int + (int(seconds * 1_000) << _TIME_OF_UUID7))

    replace_everywhere(datetime, Shifted, {*OURS, "jwt"})
    replace_everywhere(uuid7, shifted_uuid7)

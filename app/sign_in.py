"""From a bearer token to whoever it stands for, verified once and remembered as long as it holds."""

import logging
import sys
import time
from typing import Protocol

from app.bounded_cache import BoundedCache
from app.tokens import Claims, InvalidToken, SignInUnavailable, UnknownKey, bearer_token
from app.trust import Trust
from db.database import Database
from db.outage import is_away
from domain.people import Viewer
from resolvers.authenticate import find_viewers

_CAPACITY = 10_000
_REMEMBERED_BYTES = 16 * 1024 * 1024
_REMEMBERED_BYTES_BESIDES = 512
"""What is remembered of a token besides its text: its user, their organisations, its end."""

_KNOWN_USERS = 50_000
_LOOK_AGAIN_SECONDS = 300.0

_log = logging.getLogger(__name__)


_Known = tuple[Viewer, float, Trust | None]


class Verifier(Protocol):
    """Verifies tokens, by a secret or by keys that come and go."""

    @property
    def is_ready(self) -> bool:
        """Whether there is a key to verify by."""

    def verify(self, authorization: object) -> Claims:
        """Return what the token in `Bearer TOKEN` says.

        Raises:
            InvalidToken: Where there is none that holds.
            UnknownKey: Where it may, by a key that is not known here.
        """

    async def look_for_keys(self) -> None:
        """Return once it was tried to learn of new keys, where it is not too early for that."""

    async def start(self) -> None:
        """Begin to keep keys fresh."""

    async def stop(self) -> None:
        """Keep them no more."""


class SignIn:
    """Verifies tokens, and remembers those that hold, and for some minutes whom they stand for.

    What is remembered is whose a token is, until when, and by which key: none of that ever changes, though the key may
    be withdrawn. What its owner may do is not: every operation looks that up, so a member who is removed is refused at
    once.
    """

    def __init__(
        self,
        tokens: Verifier,
        database: Database,
        capacity: int = _CAPACITY,
        look_again_seconds: float = _LOOK_AGAIN_SECONDS,
    ) -> None:
        """Remember nothing yet.

        Args:
            tokens: Verifies.
            database: Knows the users.
            capacity: How many tokens are remembered; the one used longest ago goes first.
            look_again_seconds: For how long a user is known whose next token comes.
        """
        self._tokens = tokens
        self._database = database
        self._known: BoundedCache[bytes, _Known] = BoundedCache(_REMEMBERED_BYTES, capacity)
        self._look_again_seconds = look_again_seconds
        self._users: dict[str, tuple[Viewer, float]] = {}

    def remembered(self, authorization: bytes) -> Viewer | None:
        """Return whose token this is where it was verified before and still holds; None where it must be verified.

        A token is remembered in one spelling, `Bearer TOKEN`: it takes one place however often it comes in others.
        """
        known = self._known.get(authorization)
        if known is None:
            return None
        viewer, expires_at, trust = known
        if time.time() >= expires_at or (trust is not None and trust.is_over):
            self._known.discard(authorization)
            return None
        return viewer

    async def admit(self, claims: Claims, authorization: object = None) -> Viewer:
        """Return the user that verified claims stand for; those who come at the same moment are looked up together.

        Args:
            claims: What the token says.
            authorization: The header that it came in, to be remembered; None to remember nothing.

        Raises:
            InvalidToken: Where there is no such user.
            SignInUnavailable: Where they cannot be looked up, for the database is away.
        """
        viewer, known_until = self._users.get(claims.reference, (None, 0.0))
        if viewer is None or time.monotonic() >= known_until:
            viewer = await self._look_up(claims.reference)
        if isinstance(authorization, str):
            key = b"Bearer " + bearer_token(authorization).encode()
            size = sys.getsizeof(key) + sys.getsizeof(viewer.came_from) + _REMEMBERED_BYTES_BESIDES
            self._known.put(key, (viewer, claims.expires_at.timestamp(), claims.trust), size)
        return viewer

    async def _look_up(self, reference: str) -> Viewer:
        self._users.pop(reference, None)
        try:
            viewer = await self._database.read_together(find_viewers, reference)
        except Exception as fault:
            if not is_away(fault):
                raise
            _log.warning("a user could not be looked up, for the database is away", exc_info=fault)
            raise SignInUnavailable from fault
        if viewer is None:
            raise InvalidToken
        self._users[reference] = viewer, time.monotonic() + self._look_again_seconds
        if len(self._users) > _KNOWN_USERS:
            del self._users[next(iter(self._users))]
        return viewer

    async def verify(self, authorization: object) -> Claims:
        """Return what the token in `Bearer TOKEN` says, at once unless its key must be looked for.

        Raises:
            InvalidToken: Where there is none that holds.
        """
        try:
            return self._tokens.verify(authorization)
        except UnknownKey:
            await self._tokens.look_for_keys()
            return self._tokens.verify(authorization)

"""From a bearer token to whoever it stands for, verified once and remembered as long as it holds."""

import time
from collections import OrderedDict

from app.tokens import Claims, InvalidToken, Tokens
from db.database import Database
from domain.people import Viewer
from resolvers.authenticate import find_viewers

_CAPACITY = 10_000


class SignIn:
    """Verifies tokens, and remembers those that hold.

    What is remembered is whose a token is and until when: neither ever changes. What its owner may do is not: every
    operation looks that up, so a member who is removed is refused at once.
    """

    def __init__(self, tokens: Tokens, database: Database, capacity: int = _CAPACITY) -> None:
        """Remember nothing yet.

        Args:
            tokens: Verifies.
            database: Knows the users.
            capacity: How many tokens are remembered; the one used longest ago goes first.
        """
        self._tokens = tokens
        self._database = database
        self._capacity = capacity
        self._known: OrderedDict[bytes, tuple[Viewer, float]] = OrderedDict()

    def remembered(self, authorization: bytes) -> Viewer | None:
        """Return whose token this is where it was verified before and still holds; None where it must be verified."""
        known = self._known.get(authorization)
        if known is None:
            return None
        viewer, expires_at = known
        if time.time() >= expires_at:
            del self._known[authorization]
            return None
        self._known.move_to_end(authorization)
        return viewer

    async def admit(self, claims: Claims, authorization: object = None) -> Viewer:
        """Return the user that verified claims stand for; those who come at the same moment are looked up together.

        Args:
            claims: What the token says.
            authorization: The header that it came in, to be remembered; None to remember nothing.

        Raises:
            InvalidToken: Where there is no such user.
        """
        viewer = await self._database.read_together(find_viewers, claims.reference)
        if viewer is None:
            raise InvalidToken
        if isinstance(authorization, str):
            self._known[authorization.encode("latin-1", "replace")] = viewer, claims.expires_at.timestamp()
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return viewer

    def verify(self, authorization: object) -> Claims:
        """Return what the token in `Bearer TOKEN` says.

        Raises:
            InvalidToken: Where there is none that holds.
        """
        return self._tokens.verify(authorization)

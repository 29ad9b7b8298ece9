"""The broadcast groups of a process: subscribers with the same question form one.

What makes a question the same: what the operation asks, whatever its text looks like, the organisation, and every
variable that the document uses for anything but the place to begin at.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import orjson
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from db.database import Database
from db.log_tables import EventRow
from domain.people import Viewer
from execution.compiled_operation import CompiledOperation
from execution.fair_turns import FairTurns
from execution.subscriptions import Subscribed
from schema.delivery.accounts import Accounts, SharedMemory
from schema.delivery.broadcast_group import BroadcastGroup
from schema.delivery.listener import Listener, Sink
from schema.delivery.payments import Payments
from schema.delivery.question import Question
from schema.delivery.result_cache import cached_bytes
from schema.delivery.shared import Delivery
from schema.executable import ExecutableSchema
from schema.following import Following
from schema.observing import NOBODY, Watcher
from schema.pricing import Spend
from schema.request_errors import RATE_LIMITED, bad_user_input
from schema.types.event import OrderEvent, event_from_row

_TURNS_AT_ONCE = 3
"""One turn keeps the event loop busy while the others read."""

_MAX_VARIABLE_BYTES = 64 * 1024
"""Of one subscription, as JSON."""

_BYTES_PER_USER = 64 * 1024 * 1024
"""Of this process, for the subscriptions of one user."""

_BYTES_OF_A_LISTENER = 4 * 1024
_BYTES_OF_A_GROUP = 8 * 1024
_BYTES_OF_A_CHARACTER = 200
"""Of a document, parsed and selected."""

_BYTES_OF_A_VARIABLES_BYTE = 5


class _Key(NamedTuple):
    """What makes a question the same: digests of the operation and of its variables, and the organisation."""

    asked: bytes
    organisation_id: UUID
    variables: bytes


class _Operation(NamedTuple):
    """An operation that groups have in common, as it was compiled for the first of them."""

    compiled: CompiledOperation
    memory: SharedMemory


class BroadcastGroups:
    """The broadcast groups of one process."""

    def __init__(
        self,
        schema: ExecutableSchema,
        database: Database,
        watcher: Watcher = NOBODY,
        spend: Spend | None = None,
        kept_bytes: int = _BYTES_PER_USER,
    ) -> None:
        """Have no listeners yet.

        Args:
            schema: Executes events.
            database: Where the logs are.
            watcher: Hears how late events are sent.
            spend: Takes what events cost from the budgets of users; None where they are free.
            kept_bytes: How much memory the subscriptions of one user may take.
        """
        self._schema = schema
        self._database = database
        self._accounts = Accounts(kept_bytes)
        self._operations: dict[bytes, _Operation] = {}
        self._groups: dict[_Key, BroadcastGroup] = {}
        self._delivery = Delivery(database, Payments(spend), watcher, FairTurns(_TURNS_AT_ONCE), cached_bytes())

    def __len__(self) -> int:
        """Return how many different questions are asked here now."""
        return len(self._groups)

    @property
    def listeners(self) -> int:
        """How many subscribers there are now."""
        return sum(group.listeners for group in self._groups.values())

    def subscribe(self, subscribed: Subscribed, sink: Sink) -> Callable[[], None]:
        """Begin to send a subscriber what happens.

        Args:
            subscribed: The subscription.
            sink: Where its events go.

        Returns:
            What to call when the subscriber leaves.

        Raises:
            GraphQLError: BAD_USER_INPUT, where the variables are too large to be kept; RATE_LIMITED, where the user's
                subscriptions take too much memory.
        """
        following: Following[OrderEvent] = subscribed.source
        follower, viewer = following.follower, following.context.viewer
        variables = _checked_variables(subscribed)
        key = _Key(subscribed.operation.question, follower.member.organisation_id, blake2b(variables).digest())
        group, operation = self._groups.get(key), self._operations.get(key.asked)
        new_operation = subscribed.operation.size * _BYTES_OF_A_CHARACTER if operation is None else 0
        new_group = _BYTES_OF_A_GROUP + len(variables) * _BYTES_OF_A_VARIABLES_BYTE if group is None else 0
        if not self._accounts.has_room(viewer.user_id, _BYTES_OF_A_LISTENER + new_group + new_operation):
            message = "Your subscriptions take too much memory; end some of them."
            raise GraphQLError(message, extensions={"code": RATE_LIMITED})
        if operation is None:
            shared = SharedMemory(self._accounts, new_operation)
            operation = self._operations[key.asked] = _Operation(subscribed.operation, shared)
        if group is None:
            shared = SharedMemory(self._accounts, new_group)
            question = self._question(operation.compiled, subscribed, following.wants)
            group = self._groups[key] = BroadcastGroup(self._delivery, question, shared, partial(self._left, key))
        self._accounts.add(viewer.user_id, _BYTES_OF_A_LISTENER)
        operation.memory.join(viewer.user_id)
        return partial(group.leave, group.subscribe(viewer, follower, sink))

    async def end(self) -> None:
        """Send each listener what has happened by now, then detach it."""
        self._delivery.ending.set()
        await self._database.tails.look()
        await asyncio.gather(*(group.end() for group in self._groups.values()))

    def _left(self, key: _Key, listener: Listener) -> None:
        user_id, operation = listener.viewer.user_id, self._operations[key.asked]
        self._accounts.release(user_id, _BYTES_OF_A_LISTENER)
        operation.memory.leave(user_id)
        if not operation.memory.users:
            del self._operations[key.asked]
        if not self._groups[key].listeners:
            del self._groups[key]

    def _question(
        self, compiled: CompiledOperation, subscribed: Subscribed, wants: Callable[[EventRow], bool]
    ) -> Question:
        # Each text that asks the same has a tree of its own: the first is kept for all groups.
        kept = self._schema.as_operation(subscribed, compiled)

        async def execute(events: Sequence[EventRow], viewer: Viewer | None) -> Sequence[ExecutionResult] | None:
            shown = [event_from_row(event) for event in events]
            return await self._schema.answers(kept, shown, self._database, viewer)

        return Question(execute, wants, self._schema.cost_of_event(kept))


def _checked_variables(subscribed: Subscribed) -> bytes:
    """Return the variables that make a question another one, as JSON.

    Raises:
        GraphQLError: BAD_USER_INPUT, where all that the operation declares are too large to be kept.
    """
    if len(orjson.dumps(subscribed.variables)) > _MAX_VARIABLE_BYTES:
        raise bad_user_input(f"The variables of a subscription may have at most {_MAX_VARIABLE_BYTES} bytes.")
    return orjson.dumps(subscribed.variables_beside("after"), option=orjson.OPT_SORT_KEYS)

"""What an operator allows a client, in the environment."""

from collections.abc import Mapping
from typing import Annotated, cast

from annotated_types import Ge, Le
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.websocket.quota import SocketLimits
from db.engine import Timeouts
from execution.limits import DocumentLimits
from schema.limits import Limits

_Seconds = Annotated[float, Field(ge=0.1, le=3600, allow_inf_nan=False)]


class LimitSettings(BaseSettings):
    """The `ORDERSHARE_MAX_…` variables, budgets and times.

    Attributes:
        max_request_bytes: How long the body of a request, or a message over a socket, may be.
        max_characters: Characters of a document.
        max_tokens: Lexical tokens of a document.
        max_operations: Operations of a document.
        max_fragments: Fragments of a document.
        max_depth: Fields inside fields.
        max_fields: Selected fields; what is in a fragment counts at each spread, here and below.
        max_aliases: Aliased fields.
        max_directives: Directives.
        max_repeats: Fields that are selected again where they are selected already.
        max_cost: How many objects one answer may have.
        max_response_bytes: How long one answer, or the answer to one event, may be.
        max_subscriptions_per_socket: Operations that are under way over one socket.
        max_sockets_per_user: Sockets, and streams over HTTP, of one user in one process.
        user_budget: What the operations of one user may cost within a time.
        organisation_budget: What the operations of all users of one organisation may cost within a time.
        budget_store_url: Where replicas count together; empty to count in each process.
        request_seconds: How long an operation may take.
        statement_seconds: How long a statement may take.
        lock_seconds: How long a statement may wait for a lock.
        idle_transaction_seconds: How long a transaction may do nothing.
    """

    model_config = SettingsConfigDict(env_prefix="ORDERSHARE_", extra="ignore")

    max_request_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 256 * 1024
    max_characters: Annotated[int, Field(ge=256, le=16 * 1024 * 1024)] = DocumentLimits.characters
    max_tokens: Annotated[int, Field(ge=50, le=1_000_000)] = DocumentLimits.tokens
    max_operations: Annotated[int, Field(ge=1, le=10_000)] = DocumentLimits.operations
    max_fragments: Annotated[int, Field(ge=0, le=10_000)] = DocumentLimits.fragments
    max_depth: Annotated[int, Field(ge=3, le=200)] = DocumentLimits.depth
    max_fields: Annotated[int, Field(ge=10, le=1_000_000)] = DocumentLimits.fields
    max_aliases: Annotated[int, Field(ge=0, le=100_000)] = DocumentLimits.aliases
    max_directives: Annotated[int, Field(ge=0, le=100_000)] = DocumentLimits.directives
    max_repeats: Annotated[int, Field(ge=0, le=100_000)] = DocumentLimits.repeats
    max_cost: Annotated[int, Field(ge=10, le=1_000_000_000)] = 35_000
    max_response_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024 * 1024)] = Limits.bytes
    max_subscriptions_per_socket: Annotated[int, Field(ge=1, le=100_000)] = 200
    max_sockets_per_user: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    user_budget: str = "30000000 per 10 seconds"
    organisation_budget: str = "300000000 per 10 seconds"
    budget_store_url: str = ""
    request_seconds: _Seconds = 30.0
    statement_seconds: _Seconds = 20.0
    lock_seconds: _Seconds = 15.0
    idle_transaction_seconds: Annotated[float, Field(ge=1, le=86_400, allow_inf_nan=False)] = 60.0

    @classmethod
    def bounds(cls) -> Mapping[str, tuple[float, float]]:
        """Return the least and the most of each setting that is a number with bounds."""
        found = {}
        for name, field in cls.model_fields.items():
            least = [each.ge for each in field.metadata if isinstance(each, Ge)]
            most = [each.le for each in field.metadata if isinstance(each, Le)]
            if least and most:
                found[name] = (cast(float, least[0]), cast(float, most[0]))
        return found

    @property
    def socket_limits(self) -> SocketLimits:
        """What a client that stays connected may do."""
        return SocketLimits(self.max_request_bytes, self.max_subscriptions_per_socket, self.max_sockets_per_user)

    @property
    def timeouts(self) -> Timeouts:
        """How long the database works, waits, and is kept waiting; a default that exceeds what is set gives way."""
        statement = min(self.statement_seconds, self.request_seconds)
        return Timeouts(statement, min(self.lock_seconds, statement), self.idle_transaction_seconds)

    def checked_times(self) -> None:
        """Require that no time is longer than the one that it is a part of.

        Raises:
            ValueError: Where one is; the message is the line that says what to set.
        """
        parts = (
            ("statement_seconds", "request_seconds", self.request_seconds),
            ("lock_seconds", "statement_seconds", self.timeouts.statement),
        )
        for part, whole, most in parts:
            if part in self.model_fields_set and getattr(self, part) > most:
                raise ValueError(f"Set ORDERSHARE_{part.upper()} to at most ORDERSHARE_{whole.upper()} ({most:g}).")

    def limits(self, *, introspection: bool) -> Limits:
        """Return what a client may ask for.

        Args:
            introspection: Whether the schema tells of itself.
        """
        document = DocumentLimits(
            characters=self.max_characters,
            tokens=self.max_tokens,
            operations=self.max_operations,
            fragments=self.max_fragments,
            depth=self.max_depth,
            fields=self.max_fields,
            aliases=self.max_aliases,
            directives=self.max_directives,
            repeats=self.max_repeats,
        )
        return Limits(document, self.max_cost, self.max_response_bytes, introspection)

"""What an operator allows a client, in the environment."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.socket_limits import SocketLimits
from db.engine import Timeouts
from execution.limits import DocumentLimits
from schema.limits import Limits


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

    max_request_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    max_characters: Annotated[int, Field(ge=1)] = DocumentLimits.characters
    max_tokens: Annotated[int, Field(ge=1)] = DocumentLimits.tokens
    max_operations: Annotated[int, Field(ge=1)] = DocumentLimits.operations
    max_fragments: Annotated[int, Field(ge=0)] = DocumentLimits.fragments
    max_depth: Annotated[int, Field(ge=1)] = DocumentLimits.depth
    max_fields: Annotated[int, Field(ge=1)] = DocumentLimits.fields
    max_aliases: Annotated[int, Field(ge=0)] = DocumentLimits.aliases
    max_directives: Annotated[int, Field(ge=0)] = DocumentLimits.directives
    max_repeats: Annotated[int, Field(ge=0)] = DocumentLimits.repeats
    max_cost: Annotated[int, Field(ge=1)] = 35_000
    max_response_bytes: Annotated[int, Field(ge=1024)] = Limits.bytes
    max_subscriptions_per_socket: Annotated[int, Field(ge=1)] = 200
    max_sockets_per_user: Annotated[int, Field(ge=1)] = 10_000
    user_budget: str = "30000000 per 10 seconds"
    organisation_budget: str = "300000000 per 10 seconds"
    budget_store_url: str = ""
    request_seconds: Annotated[float, Field(gt=0)] = 30.0
    statement_seconds: Annotated[float, Field(gt=0)] = 20.0
    lock_seconds: Annotated[float, Field(gt=0)] = 15.0
    idle_transaction_seconds: Annotated[float, Field(gt=0)] = 60.0

    @property
    def socket_limits(self) -> SocketLimits:
        """What a client that stays connected may do."""
        return SocketLimits(self.max_request_bytes, self.max_subscriptions_per_socket, self.max_sockets_per_user)

    @property
    def timeouts(self) -> Timeouts:
        """How long the database works, waits, and is kept waiting."""
        return Timeouts(self.statement_seconds, self.lock_seconds, self.idle_transaction_seconds)

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

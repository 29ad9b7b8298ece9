"""Top-level errors: what a client may know of them, and a code to branch on."""

import logging
import re

from graphql import GraphQLError, GraphQLSyntaxError

from db.outage import OutcomeUnknown, is_away, took_too_long
from domain.errors import AccessEnded, CursorInvalid, DomainError

BAD_USER_INPUT = "BAD_USER_INPUT"
INTERNAL = "INTERNAL"
QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
RATE_LIMITED = "RATE_LIMITED"
TIMEOUT = "TIMEOUT"
UNAUTHENTICATED = "UNAUTHENTICATED"
UNAVAILABLE = "UNAVAILABLE"

_RETRY_SECONDS = 5
"""After how long a client is to come again to a database that was away."""

_SEND_AGAIN = "Send it again, a mutation with the same idempotency key."

_SIGNS_OF_TOO_LARGE = ("Document contains more than", "Document is nested too deeply")
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)
_MOST_CHARACTERS = 1_000
"""Of a message: some repeat what the client sent."""

_VALIDATION_GIVEN_UP = "Validation aborted."

_log = logging.getLogger(__name__)


def bad_user_input(message: str) -> GraphQLError:
    """Return the error of an argument that a query or subscription cannot accept."""
    return GraphQLError(message, extensions={"code": BAD_USER_INPUT})


def presented(error: GraphQLError, request_id: str, *, executed: bool) -> GraphQLError:
    """Return the error as the client gets it.

    Whatever is not meant for clients becomes INTERNAL with the request's id; the log has the rest under that id. Where
    the database is away it is UNAVAILABLE.

    Args:
        error: What parsing, validation or execution reported.
        request_id: The id of the operation.
        executed: Whether execution had begun.
    """
    if is_away(error.original_error):
        return _unavailable(error, request_id)
    code, message = _known(error, executed)
    if code is None:
        _log.error("operation %s failed", request_id, exc_info=error.original_error or error)
        return _with(error, "Something failed on our side.", {"code": INTERNAL, "requestId": request_id})
    return _with(error, message, {**(error.extensions or {}), "code": code})


def _unavailable(error: GraphQLError, request_id: str) -> GraphQLError:
    cause = error.original_error
    _log.warning("operation %s could not be done, for the database is away", request_id, exc_info=cause)
    if isinstance(cause, OutcomeUnknown):
        message = f"The connection to the database broke: whether this was done is not known. {_SEND_AGAIN}"
    elif error.path is not None and len(error.path) > 1:
        message = f"The database is not available: a part of the answer is missing. {_SEND_AGAIN}"
    else:
        message = f"The database is not available: nothing was done. {_SEND_AGAIN}"
    extensions = {"code": UNAVAILABLE, "requestId": request_id, "retryAfter": _RETRY_SECONDS}
    return _with(error, message, extensions)


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """Return an error that does not tell which names of the schema are like the one that is wrong."""
    return _with(error, _SUGGESTION.sub("", error.message), dict(error.extensions or {}))


def _known(error: GraphQLError, executed: bool) -> tuple[str | None, str]:
    """Return the code of an error that clients may know, and its message; None for a fault of ours."""
    cause = error.original_error
    if isinstance(error, GraphQLSyntaxError):
        too_large = any(sign in error.message for sign in _SIGNS_OF_TOO_LARGE)
        return (QUERY_TOO_COMPLEX if too_large else "GRAPHQL_PARSE_FAILED"), error.message
    if isinstance(cause, CursorInvalid):
        return "CURSOR_INVALID", "This log does not know the cursor; begin again from a logCursor."
    if isinstance(cause, AccessEnded):
        return "ACCESS_ENDED", "You are no longer a member of this organisation."
    if isinstance(cause, DomainError):
        return str(cause.code), cause.message
    if took_too_long(cause):
        return TIMEOUT, "The database took too long; nothing was changed by what failed. Try again."
    if isinstance(cause, RecursionError) or (cause is None and error.message == _VALIDATION_GIVEN_UP):
        return QUERY_TOO_COMPLEX, "The document is too large or too deep to be validated."
    if isinstance(cause, ValueError) and not executed:
        # Python refuses to read an integer of thousands of digits.
        return "GRAPHQL_VALIDATION_FAILED", "A literal of the document is no value of its type."
    if error.extensions and "code" in error.extensions:
        return str(error.extensions["code"]), error.message
    if cause is None or isinstance(cause, GraphQLError):
        bad_variable = error.message.startswith("Variable '$") and "' has invalid value" in error.message
        return (BAD_USER_INPUT if executed or bad_variable else "GRAPHQL_VALIDATION_FAILED"), error.message
    return None, ""


def _with(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    if len(message) > _MOST_CHARACTERS:
        message = message[:_MOST_CHARACTERS] + "…"
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )

"""Documents that clients name instead of sending them.

Trusted documents are those of the operator's own front ends, listed in a file when these are built; a server may
execute nothing else. Automatic persisted queries are any other documents: a client sends the SHA-256 of one, and the
document itself only where the server answers that it does not know it
(https://www.apollographql.com/docs/apollo-server/performance/apq).
"""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError

from app.bounded_cache import BoundedCache
from app.operation_request import OperationRequest
from schema.request_errors import BAD_USER_INPUT

_KEPT_BYTES = 16 * 1024 * 1024


class UnreadableDocuments(Exception):
    """The file of trusted documents is none; the argument says why."""


class Documents:
    """The documents that the server knows by name."""

    def __init__(
        self, trusted: Mapping[str, str] | None = None, *, only_trusted: bool = False, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        """Know the trusted ones.

        Args:
            trusted: Documents by their names.
            only_trusted: Whether no other document is executed.
            kept_bytes: How many bytes of memory other documents may take; the one asked for longest ago goes first.
        """
        self._trusted = dict(trusted or {})
        self._texts = frozenset(self._trusted.values())
        self._only_trusted = only_trusted
        self._kept: BoundedCache[str, str] = BoundedCache(kept_bytes)

    def text(self, asked: OperationRequest) -> str:
        """Return the document of a request.

        Raises:
            GraphQLError: Where it is not known, or may not be executed.
        """
        name = asked.document_id
        if name is None and not self._only_trusted:
            return asked.query
        trusted = None if name is None else self._trusted.get(name)
        if trusted is not None and asked.query in ("", trusted):
            return trusted
        if self._only_trusted:
            return self._listed(asked)
        return self._persisted(str(name), asked.query)

    def keep(self, asked: OperationRequest) -> None:
        """Know the document of a request by its hash from now on, where it came with one.

        Args:
            asked: The request, whose document was found by `text` and is valid: others would take the place of those
                that are used.
        """
        name, query = asked.document_id, asked.query
        if name is not None and query and not self._only_trusted and name not in self._trusted:
            self._kept.put(name, query, sys.getsizeof(name) + sys.getsizeof(query))

    def _listed(self, asked: OperationRequest) -> str:
        """Return the document of a request where only trusted ones are executed."""
        if asked.query in self._texts:
            return asked.query
        if asked.document_id is None:
            raise _refusal("PERSISTED_QUERY_ID_REQUIRED", "Only documents that the server was given are executed.")
        raise _refusal("PERSISTED_QUERY_NOT_IN_LIST", "The document is none of those that the server was given.")

    def _persisted(self, name: str, query: str) -> str:
        if not query:
            kept = self._kept.get(name)
            if kept is None:
                raise _refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
            return kept
        if hashlib.sha256(query.encode()).hexdigest() != name:
            raise _refusal(BAD_USER_INPUT, "The name of the document is not the SHA-256 of its text.")
        return query


def read_trusted_documents(file: Path) -> dict[str, str]:
    """Return documents by their names.

    Args:
        file: JSON: an object of documents by name, as Relay's and GraphQL Code Generator's, or the manifest of
            Apollo's tools.

    Raises:
        UnreadableDocuments: Where it cannot be read as such.
    """
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as fault:
        raise UnreadableDocuments(str(fault)) from None
    documents = _from_manifest(content) if isinstance(content, dict) and "operations" in content else content
    if not isinstance(documents, dict) or not all(isinstance(text, str) for text in documents.values()):
        raise UnreadableDocuments("it is no object of documents by name, and no manifest of Apollo's")
    return documents


def _from_manifest(content: dict[str, Any]) -> dict[str, str] | None:
    operations = content["operations"]
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        return None
    return {str(each.get("id")): each.get("body") for each in operations}


def _refusal(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})

"""What a client asks to be executed, in the form in which all transports carry it."""

from typing import Any, NamedTuple

_MAX_NAME = 256
"""How many characters the name of an operation may have."""


class MalformedRequest(Exception):
    """What came is no request; the argument is a sentence that says why."""


class OperationRequest(NamedTuple):
    """One request.

    Attributes:
        query: The document; empty where the server is to know it already.
        variables: Its variables.
        operation_name: Which of the document's operations.
        document_id: By what name the server may know the document.
    """

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    document_id: str | None = None


def operation_request(content: object) -> OperationRequest:
    """Return the request that decoded JSON stands for.

    Raises:
        MalformedRequest: Where it is none.
    """
    if not isinstance(content, dict):
        raise MalformedRequest("A request must be a JSON object with a `query`.")
    document_id = _document_id(content)
    query = content.get("query")
    if query is None and document_id is not None:
        query = ""
    if not isinstance(query, str):
        raise MalformedRequest("`query` must be a document, as a string.")
    variables, name = content.get("variables"), content.get("operationName")
    if not isinstance(variables, dict | None):
        raise MalformedRequest("`variables` must be an object.")
    if not isinstance(name, str | None):
        raise MalformedRequest("`operationName` must be a string.")
    if name is not None and len(name) > _MAX_NAME:
        raise MalformedRequest(f"`operationName` may have at most {_MAX_NAME} characters.")
    return OperationRequest(query, variables, name, document_id)


def _document_id(content: dict[str, Any]) -> str | None:
    """Return the name of a document: `documentId`, or the hash that Apollo's clients send in the extensions."""
    extensions, document_id = content.get("extensions"), content.get("documentId")
    if not isinstance(extensions, dict | None):
        raise MalformedRequest("`extensions` must be an object.")
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is not None:
        if not isinstance(persisted, dict) or persisted.get("version") != 1:
            raise MalformedRequest("`extensions.persistedQuery` must be an object whose `version` is 1.")
        document_id = persisted.get("sha256Hash")
        if document_id is None:
            raise MalformedRequest("`extensions.persistedQuery` must have a `sha256Hash`.")
    if not isinstance(document_id, str | None):
        raise MalformedRequest("The name of a document must be a string.")
    return document_id or None

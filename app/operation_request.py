"""What a client asks to be executed, in the form in which all transports carry it."""

from typing import Any, NamedTuple


class OperationRequest(NamedTuple):
    """One request.

    Attributes:
        query: The document.
        variables: Its variables.
        operation_name: Which of the document's operations.
    """

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def operation_request(content: object) -> OperationRequest | None:
    """Return the request that decoded JSON stands for; None where it is none."""
    if not isinstance(content, dict):
        return None
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    if isinstance(query, str) and isinstance(variables, dict | None) and isinstance(name, str | None):
        return OperationRequest(query, variables, name)
    return None

"""Which operation of a document is meant."""

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode


def unchosen(document: DocumentNode, operation_name: str | None) -> GraphQLError | None:
    """Return why no operation can be executed where there are several and a request names none, or None.

    The specification says so (https://spec.graphql.org/September2025/#GetOperation()). Names that are missing or not
    unique are for validation to report.

    Args:
        document: The document.
        operation_name: What the request says.
    """
    operations = [definition for definition in document.definitions if isinstance(definition, OperationDefinitionNode)]
    names = {operation.name.value for operation in operations if operation.name}
    if operation_name is not None or not len(names) == len(operations) > 1:
        return None
    return GraphQLError("Name one of the operations.", extensions={"code": "BAD_USER_INPUT"})

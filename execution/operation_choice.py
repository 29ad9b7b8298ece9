"""Which operation of a document is meant."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class OperationChooser(SchemaExtension):
    """Refuses a document of several operations where the request does not name one, as the specification says."""

    def on_validate(self) -> Iterator[None]:
        """Count the operations of the parsed document."""
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        operations = [definition for definition in definitions if isinstance(definition, OperationDefinitionNode)]
        names = {operation.name.value for operation in operations if operation.name}
        # Strawberry's `operation_name` falls back to the first one's; what the request says is only kept here. Names
        # that are missing or not unique are for validation to tell.
        unsaid = context._provided_operation_name is None and len(names) == len(operations) > 1
        if unsaid and context.pre_execution_errors is None:
            refusal = GraphQLError("Name one of the operations.", extensions={"code": "BAD_USER_INPUT"})
            context.pre_execution_errors = [refusal]
        yield

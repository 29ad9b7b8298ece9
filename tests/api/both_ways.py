"""An organisation asked for twice: had whole, and by graphql-core, field by field."""

from typing import Any

from graphql import execute, parse
from strawberry.execution import optimized_is_awaitable

from domain.people import Viewer
from execution.compiled_documents import CompiledDocuments
from schema.build import build_schema
from schema.context import OperationContext
from schema.global_id import decode_node_id
from tests.oracle.judge import finished
from tests.world import World

SCHEMA = build_schema()


async def answered(world: World, executing: Any, viewer: str, document: str, given: dict[str, Any]) -> Any:
    """Return data and errors of an operation.

    Args:
        world: Where it is asked.
        executing: Executes it: `CompiledDocuments.execute`, or that of graphql-core.
        viewer: Who asks.
        document: The operation.
        given: Its variables.
    """
    context = OperationContext(world.database, Viewer(decode_node_id(await world.user_id(viewer))[1]))
    try:
        answer = await finished(
            executing(
                SCHEMA._schema,
                parse(document),
                context_value=context,
                variable_values=given,
                is_awaitable=optimized_is_awaitable,
                executor_class=SCHEMA.execution_context_class,
            )
        )
    finally:
        await context.close()
    return answer.data, [(error.message, error.path, error.extensions) for error in answer.errors or ()]


class BothWays:
    """An organisation, as a viewer sees it."""

    def __init__(self, world: World) -> None:
        """Ask in a world."""
        self._world = world
        self._compiled = CompiledDocuments(50, plain_attributes=True)

    async def orders(
        self, viewer: str, selection: str, *, whole: bool = True, variables: str = "", **given: Any
    ) -> list[dict[str, Any]]:
        """Return the nodes of the orders; both ways must answer the same, without errors.

        Args:
            viewer: Who asks.
            selection: The field `orders` and what is selected of it.
            whole: Whether it must have been had whole.
            variables: What variables there are beside `$id`.
            given: Their values.
        """
        document = f"query($id: ID!{variables}) {{ organisation(id: $id) {{ {selection} }} }}"
        given = {"id": await self._world.organisation_id(), **given}
        before = self._compiled.counts.whole
        found = await answered(self._world, self._compiled.execute, viewer, document, given)
        judged = await answered(self._world, execute, viewer, document, given)
        assert repr(found) == repr(judged)
        assert found[1] == []
        assert self._compiled.counts.whole - before == whole
        nodes: list[dict[str, Any]] = found[0]["organisation"]["orders"]["nodes"]
        return nodes

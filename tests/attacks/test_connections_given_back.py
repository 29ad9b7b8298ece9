"""Whatever is asked, and however it ends, each connection of the pool that was lent for it is given back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from graphql import (
    BooleanValueNode,
    DocumentNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    Visitor,
    execute,
    parse,
    print_ast,
    validate,
    visit,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_graphql import mutations, queries
from strawberry.utils.await_maybe import await_maybe

from db.database import Database
from domain.people import Viewer
from schema.context import ConnectionContext, OperationContext
from schema.global_id import decode_node_id
from tests.attacks.harness import connections_in_use
from tests.attacks.raw_client import connected
from tests.attacks.served import Served
from tests.oracle.effort import effort
from tests.oracle.own_stage import CORE, INSTANTS, PLACEHOLDERS, SCHEMA, Sensible, Stage, fill, named
from tests.oracle.variations import varied
from tests.servers import plain_url
from tests.world import PEOPLE, World

_SCALARS = {"ID": PLACEHOLDERS, "DateTime": INSTANTS, "Cursor": PLACEHOLDERS}
_QUERIES = queries(CORE, custom_scalars=_SCALARS, print_ast=lambda document: document)
_MUTATIONS = mutations(CORE, custom_scalars=_SCALARS, print_ast=lambda document: document)
_VIEWERS = st.sampled_from([*PEOPLE, "outsider"])
_FAILS = parse("query($undecided: Boolean!) { last: orderStateMachine { toStatus @skip(if: $undecided) } }")
_POOL = 30
_MOST_TURNS = 60
_END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = '' AND pid <> pg_backend_pid()"
)

_leaves_coroutines = pytest.mark.filterwarnings(
    # graphql-core itself leaves them behind where it gives an execution up; they hold nothing.
    "ignore:coroutine '.*_async_resolver' was never awaited:RuntimeWarning"
)

Ask = Callable[[], Awaitable[object]]


@pytest.fixture
def stage(filled_url: str) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        database = Database(filled_url)
        ids, people = runner.run(fill(database))
        yield Stage(runner, database, ids, people)
        runner.run(database.close())


class _Undecided(Visitor):
    """Lets conditions be null: such an operation is not compiled, and fails at the first field that has one.

    A query gets a last field that fails at once: graphql-core answers without those that are still under way.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        super().__init__()
        self.variables = dict(variables)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> VariableDefinitionNode | None:
        """Make a condition one that may be null, and is."""
        inside = node.type.type if isinstance(node.type, NonNullTypeNode) else None
        if not isinstance(inside, NamedTypeNode) or inside.name.value != "Boolean":
            return None
        self.variables[node.variable.name.value] = None
        return replace(node, type=inside, default_value=BooleanValueNode(value=True))

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode | None:
        """Add the field that fails."""
        if node.operation is not OperationType.QUERY:
            return None
        [failing] = _FAILS.definitions
        assert isinstance(failing, OperationDefinitionNode)
        selections = replace(
            node.selection_set, selections=(*node.selection_set.selections, *failing.selection_set.selections)
        )
        definitions = (*(node.variable_definitions or ()), *(failing.variable_definitions or ()))
        return replace(node, variable_definitions=definitions, selection_set=selections)


async def _all_ended() -> None:
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


async def _cancelled(ask: Ask, turns: list[int]) -> None:
    """Ask, and cancel it each time after so many turns of the loop."""
    asking = asyncio.ensure_future(ask())
    for count in turns:
        for _ in range(count):
            await asyncio.sleep(0)
        asking.cancel()
    await asyncio.wait({asking})


async def _cut_off(ask: Ask, url: str) -> None:
    """Ask, and have the server end all connections meanwhile."""
    asking = asyncio.ensure_future(ask())
    connection = await asyncpg.connect(plain_url(url), server_settings={"application_name": "cuts off"})
    await connection.execute(_END_ALL)
    await connection.close()
    await asyncio.wait({asking})


async def _check(
    stage: Stage, viewer: str, document: DocumentNode, variables: dict[str, Any], turns: list[int]
) -> None:
    database, text = stage.database, print_ast(document)
    user = Viewer(decode_node_id(stage.viewers[viewer])[1])

    def begin() -> Awaitable[object]:
        return SCHEMA.begin(text, variables, ConnectionContext(database, user), None)

    async def interpret() -> object:
        context = OperationContext(database, user)
        try:
            return await await_maybe(execute(CORE, document, context_value=context, variable_values=variables))
        finally:
            await context.close()

    for ask in (begin, begin, interpret):
        await ask()
        await _all_ended()
        assert database.lent_connections == 0
        await _cancelled(ask, turns)
        await _all_ended()
        assert database.lent_connections == 0
        if turns[0] == 0 and database.engine.dialect.name == "postgresql":
            await _cut_off(ask, database.engine.url.render_as_string(hide_password=False))
            await _all_ended()
            assert database.lent_connections == 0
    assert database.loans.overdue(-1) == []


def _tried(stage: Stage, viewer: str, document: DocumentNode, data: st.DataObject) -> None:
    numbers = st.integers(0, 2**16)

    def choose(sides: int) -> int:
        return data.draw(numbers) % sides

    changed, variables = varied(CORE, visit(document, Sensible(choose)), choose)
    if choose(2):
        undecided = _Undecided(variables)
        changed, variables = visit(changed, undecided), undecided.variables
    asked = parse(named(stage, print_ast(changed)))
    assume(not validate(CORE, asked))
    turns = [choose(_MOST_TURNS) for _ in range(1 + choose(3))]
    stage.runner.run(_check(stage, viewer, asked, named(stage, variables), turns))


@_leaves_coroutines
def test_generated_queries_leave_nothing_lent(stage: Stage) -> None:
    @effort(40, 0.1)
    @given(_VIEWERS, _QUERIES, st.data())
    def tried(viewer: str, document: Any, data: st.DataObject) -> None:
        _tried(stage, viewer, document, data)

    tried()


@_leaves_coroutines
def test_generated_mutations_leave_nothing_lent(stage: Stage) -> None:
    @effort(25, 0.05)
    @given(_VIEWERS, _MUTATIONS, st.data())
    def tried(viewer: str, document: Any, data: st.DataObject) -> None:
        _tried(stage, viewer, document, data)

    tried()


async def test_a_field_that_reads_after_its_answer_does_not_empty_the_pool(serves_world: Served, world: World) -> None:
    document = (
        "query($b: Boolean = true, $id: ID!) { organisation(id: $id) { orderTypes { code } }"
        " orderStateMachine { toStatus @skip(if: $b) } }"
    )
    given = {"b": None, "id": await world.organisation_id()}
    with connected(serves_world.port, serves_world.token("owner")) as client:
        for _ in range(2 * _POOL):
            assert client.ask(document, given).codes == {"BAD_USER_INPUT"}
        assert client.ask("{ viewer { user { reference } } }").json["data"] == {
            "viewer": {"user": {"reference": "owner"}}
        }
    assert connections_in_use(serves_world) == 0

"""The project's own schema and a small world of it, for documents that are compiled and judged."""

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    IntValueNode,
    NameNode,
    StringValueNode,
    Visitor,
)
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable

from db.database import Database
from domain.people import Viewer
from schema.build import build_schema
from schema.context import OperationContext
from schema.global_id import decode_node_id
from tests.oracle.judge import finished
from tests.oracle.variations import Choose
from tests.world import PEOPLE, World

SCHEMA = build_schema()
CORE = SCHEMA._schema
KINDS = ("Organisation", "Order", "SharedOrder", "User", "ProcessingResult")
ROOTS = {"organisation": "Organisation", "order": "Order", "sharedOrder": "SharedOrder"}
NOTHING = "nothing"
"""The id of nothing."""

PLACEHOLDERS = st.tuples(st.sampled_from(KINDS), st.integers(0, 6)).map(
    lambda each: StringValueNode(value=f"{each[0]}#{each[1]}")
)
INSTANTS = st.sampled_from(["2026-01-01T00:00:00Z", "2030-01-01T00:00:00+02:00"]).map(
    lambda text: StringValueNode(value=text)
)


@dataclass
class Stage:
    """A world to ask, what is in it, and the loop that its connections belong to."""

    runner: asyncio.Runner
    database: Database
    ids: dict[str, list[str]]
    viewers: dict[str, str]


async def fill(database: Database) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Put on the stage what sharing leaves behind; return the ids of everything by kind, and people's by name."""
    world = World(database)
    [first, second] = await world.share("recipient", "member", permission="PROCESS", message="for you")
    await world.share("sender", sender="admin", order="O-admin")
    await world.claim("recipient", first)
    answer = await world.process("recipient", first, "REPORT_LOSS")
    people = {name: await world.user_id(name) for name in (*PEOPLE, "outsider")}
    ids = {
        "Organisation": [await world.organisation_id()],
        "Order": [await world.order_id(f"O-{name}") for name in (*PEOPLE, "outsider")],
        "SharedOrder": [first, second],
        "User": list(people.values()),
        "ProcessingResult": [answer["processingResult"]["id"]],
    }
    await world.http.aclose()
    return ids, people


class Sensible(Visitor):
    """Makes most arguments ones that reach something: ids of the right kind, small pages, no wild cursors."""

    def __init__(self, choose: Choose) -> None:
        super().__init__()
        self._choose = choose

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if node.name.value == "at":
            # The time of an answer: that of the other answer is another.
            return replace(node, name=NameNode(value="__typename"))
        if not node.arguments or self._choose(6) == 5:
            return None
        kind = ROOTS.get(node.name.value)
        kept = [
            self._argument(each, kind) for each in node.arguments if each.name.value not in ("after", "before", "last")
        ]
        return replace(node, arguments=tuple(kept))

    def _argument(self, node: ArgumentNode, kind: str | None) -> ArgumentNode:
        if node.name.value == "first":
            return replace(node, value=IntValueNode(value=str(1 + self._choose(4))))
        if node.name.value == "id" and kind is not None:
            return replace(node, value=StringValueNode(value=f"{kind}#{self._choose(6)}"))
        return node


async def run(
    executing: Any, stage: Stage, viewer: str, document: DocumentNode, variables: dict[str, Any]
) -> ExecutionResult:
    context = OperationContext(stage.database, Viewer(decode_node_id(stage.viewers[viewer])[1]))
    try:
        answer = executing(
            CORE,
            document,
            context_value=context,
            variable_values=variables,
            is_awaitable=optimized_is_awaitable,
            executor_class=SCHEMA.execution_context_class,
        )
        return await finished(answer)
    finally:
        await context.close()


def named(stage: Stage, value: Any) -> Any:
    """Return a value with real ids in the places of their stand-ins."""
    if isinstance(value, dict):
        return {key: named(stage, each) for key, each in value.items()}
    if isinstance(value, list):
        return [named(stage, each) for each in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"(\w+)#(\d)", lambda found: _id(stage, found[1], int(found[2])), value)


def _id(stage: Stage, kind: str, number: int) -> str:
    known = stage.ids[kind]
    return known[number % len(known)] if number < 6 else NOTHING

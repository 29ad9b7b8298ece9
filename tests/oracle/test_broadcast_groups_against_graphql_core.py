"""What subscribers are told together, against graphql-core executing each event for each of them alone.

Nobody may be told what is another's: the members here see different events, and different things in the same event.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    parse,
    print_ast,
    subscribe,
    validate,
    visit,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_graphql import queries
from strawberry.execution import optimized_is_awaitable

from db.database import Database
from db.event_log import read_events
from db.log_cursor import LogCursor
from domain.people import Member, Viewer, may_see_event
from domain.vocabulary import EventKind
from execution.subscriptions import Subscribed
from schema.context import ConnectionContext, OperationContext
from schema.delivery.broadcast_groups import BroadcastGroups
from schema.delivery.encoded_event import EncodedEvent
from schema.global_id import decode_node_id
from tests.oracle.effort import effort
from tests.oracle.own_stage import CORE, INSTANTS, PLACEHOLDERS, SCHEMA, Sensible, Stage, fill, named
from tests.servers import sqlite_url
from tests.world import PEOPLE

assert CORE.subscription_type is not None
DOCUMENTS = queries(
    # Only queries can be generated: they are of a schema whose queries are the subscriptions.
    GraphQLSchema(query=CORE.subscription_type, types=list(CORE.type_map.values())),
    custom_scalars={"ID": PLACEHOLDERS, "DateTime": INSTANTS, "Cursor": PLACEHOLDERS},
    print_ast=lambda document: document,
)


_KINDS = {
    "orderStatusChanged": EventKind.ORDER_STATUS_CHANGED,
    "sharedOrderChanged": EventKind.SHARED_ORDER_CHANGED,
}


class Collecting:
    """Collects what a subscriber is sent."""

    def __init__(self) -> None:
        self.payloads: list[Any] = []

    def send(self, events: Sequence[EncodedEvent]) -> bool:
        self.payloads += [json.loads(each.payload) for each in events]
        return True

    async def wait_writable(self) -> None:
        return

    def fail(self, payload: bytes) -> None:
        self.payloads.append(json.loads(payload))

    def detach(self) -> None:
        self.payloads.append("detached")


@pytest.fixture(scope="module")
def stage(sqlite_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path = tmp_path_factory.mktemp("groups") / "ordershare.db"
    shutil.copyfile(sqlite_world, path)
    with asyncio.Runner() as runner:
        database = Database(sqlite_url(path))
        ids, people = runner.run(fill(database))
        yield Stage(runner, database, ids, people)
        runner.run(database.close())


def _viewer(stage: Stage, name: str) -> Viewer:
    return Viewer(decode_node_id(stage.viewers[name])[1])


def _first_cursor(stage: Stage) -> str:
    return str(LogCursor.before_everything(decode_node_id(stage.ids["Organisation"][0])[1]))


def _as_subscription(stage: Stage, document: DocumentNode) -> DocumentNode:
    """Return the document with its first root field alone, from the beginning of the log."""
    operation, *others = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    root = operation.selection_set.selections[0]
    assume(isinstance(root, FieldNode) and root.name.value != "__typename")
    assert isinstance(root, FieldNode)
    given = {"organisationId": "Organisation#0", "after": _first_cursor(stage)}
    arguments = [
        ArgumentNode(name=NameNode(value=key), value=StringValueNode(value=each)) for key, each in given.items()
    ]
    selections = SelectionSetNode(selections=(replace(root, arguments=tuple(arguments), directives=()),))
    subscription = replace(operation, operation=OperationType.SUBSCRIPTION, selection_set=selections)
    return replace(document, definitions=(subscription, *others))


async def _told_together(stage: Stage, text: str) -> dict[str, list[Any]]:
    groups, sinks, leave = BroadcastGroups(SCHEMA, stage.database), {name: Collecting() for name in PEOPLE}, []
    for name, sink in sinks.items():
        result = await SCHEMA.begin(text, None, ConnectionContext(stage.database, _viewer(stage, name)), None)
        subscribed = Subscribed.within(result.data)
        assert subscribed is not None, result.errors
        leave.append(groups.subscribe(subscribed, sink))
    await groups.end()
    for each in leave:
        each()
    return {name: sink.payloads for name, sink in sinks.items()}


async def _due(stage: Stage, text: str, name: str) -> int:
    """Return how many events a member is to be told of."""
    _, organisation_id = decode_node_id(stage.ids["Organisation"][0])
    member = Member(_viewer(stage, name).user_id, organisation_id, PEOPLE[name])
    kind = next((kind for root, kind in _KINDS.items() if root in text), None)
    async with stage.database.read() as session:
        entries = await read_events(session, organisation_id, 0, 1_000)
    people = [(each.event, each.owner_id, each.event.sender_id, each.event.recipient_id) for each in entries]
    return sum(
        kind in (None, event.kind)
        and may_see_event(member, event.kind, owner_id=owner, sender_id=sender, recipient_id=recipient)
        for event, owner, sender, recipient in people
    )


async def _told_alone(stage: Stage, text: str, name: str, count: int) -> list[Any]:
    context = OperationContext(stage.database, _viewer(stage, name))
    answer: Any = subscribe(
        CORE,
        parse(text),
        context_value=context,
        is_awaitable=optimized_is_awaitable,
        executor_class=SCHEMA.execution_context_class,
    )
    results = await answer
    payloads: list[Any] = []
    async with aclosing(results):
        while len(payloads) < count:
            payloads.append((await anext(results)).data)
    await context.close()
    return payloads


async def _check(stage: Stage, text: str) -> None:
    together = await _told_together(stage, text)
    for name, payloads in together.items():
        assert payloads.pop() == "detached"
        alone = await _told_alone(stage, text, name, await _due(stage, text, name))
        assert [payload["data"] for payload in payloads] == json.loads(json.dumps(alone))


@effort(25, 0.05)
@given(document=DOCUMENTS, data=st.data())
def test_each_member_is_told_together_what_they_would_be_told_alone(
    stage: Stage, document: DocumentNode, data: st.DataObject
) -> None:
    numbers = st.integers(0, 2**16)

    def choose(sides: int) -> int:
        return data.draw(numbers) % sides

    asked = visit(_as_subscription(stage, document), Sensible(choose))
    text = named(stage, print_ast(_as_subscription(stage, asked)))
    assume(not validate(CORE, parse(text)))
    stage.runner.run(_check(stage, text))


_EVERYTHING = """subscription { organisationEvents(organisationId: "Organisation#0", after: "AFTER") {
  sequence actor { name } order { reference OWN sharedOrders { totalCount nodes { id status } } }
  ... on SharedOrderChanged { status sharedOrder { id OWN_SHARE } } } }"""


def test_what_depends_on_who_hears_it_is_told_to_each_in_their_own_words(stage: Stage) -> None:
    for own, own_share in (
        ("availableActions viewerCanShare", "availableActions claimEligibility { claimable }"),
        ("id", "id"),
    ):
        text = _EVERYTHING.replace("OWN_SHARE", own_share).replace("OWN", own)
        text = named(stage, text.replace("AFTER", _first_cursor(stage)))
        stage.runner.run(_check(stage, text))
        told = stage.runner.run(_told_together(stage, text))
        assert len({json.dumps(payloads) for payloads in told.values()}) > 3

"""The terminals of the demonstration: they send the documents of a page, and hear what it says that they hear."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
from graphql import OperationDefinitionNode, OperationType, parse

from tests.documentation.blocks import Block
from tests.documentation.likeness import Words

_PEOPLE = {
    "Lin Mei": "mei@lin.example",
    "Lin Wei": "wei@lin.example",
    "Wang Fang": "fang@lin.example",
    "Lin Jun": "jun@lin.example",
    "Amara Okafor": "amara@harbour.example",
}


class Terminals:
    """The people of the demonstration, each with a client."""

    def __init__(self, api: str, tokens: dict[str, str], stack: ExitStack) -> None:
        """Connect.

        Args:
            api: The endpoint.
            tokens: A token for each person, by reference.
            stack: Ends what they listen to.
        """
        self._api = api
        self._tokens = tokens
        self._stack = stack
        self._client = stack.enter_context(httpx.Client(timeout=30))
        self._streams: dict[str, Iterator[str]] = {}

    def send(self, block: Block, variables: Any) -> Any:
        """Send a document, and return the answer; None for a subscription, which is listened to from then on."""
        person = _person(block.title)
        request = {"query": block.text, "variables": variables}
        if _is_subscription(block.text):
            headers = self._headers(person) | {"Accept": "text/event-stream"}
            answer = self._stack.enter_context(self._client.stream("POST", self._api, json=request, headers=headers))
            assert answer.status_code == 200, answer.read()
            self._streams[person] = answer.iter_lines()
            return None
        answer = self._client.post(self._api, json=request, headers=self._headers(person)).json()
        # Each answer tells its cost beside what was asked; the pages leave that out.
        answer.pop("extensions", None)
        return answer

    def hear(self, block: Block) -> Any:
        """Return what somebody hears next."""
        for line in self._streams[_person(block.title)]:
            if line.startswith("data:") and (told := line.removeprefix("data:").strip()):
                return json.loads(told)
        raise AssertionError("The stream has ended.")

    def _headers(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[_PEOPLE[person]]}"}


def _person(title: str) -> str:
    [person] = [name for name in _PEOPLE if title.startswith(name)]
    return person


def _is_subscription(document: str) -> bool:
    return any(
        isinstance(each, OperationDefinitionNode) and each.operation is OperationType.SUBSCRIPTION
        for each in parse(document).definitions
    )


class Correspondence:
    """What a page tells the terminals to send, and what it says they are answered."""

    def __init__(self, terminals: Terminals) -> None:
        self._terminals = terminals
        self.words = Words()
        self._document: Block | None = None
        self._answer: Any = None

    def take(self, block: Block) -> None:
        """Go on by a block of GraphQL or JSON."""
        if block.language == "graphql":
            self.settle()
            self._document = block
        elif block.title == "Variables":
            self._send(self.words.filled(json.loads(block.text)))
        elif block.title == "Answer":
            self.settle()
            self._compare(block, self._answer)
        else:
            self.settle()
            self._compare(block, self._terminals.hear(block))

    def settle(self) -> None:
        """Send what has no variables."""
        if self._document is not None:
            self._send(None)

    def _send(self, variables: Any) -> None:
        assert self._document is not None, "Variables without a document"
        document, self._document = self._document, None
        self._answer = self._terminals.send(document, variables)

    def _compare(self, block: Block, real: Any) -> None:
        shown = json.loads(block.text)
        assert self.words.learn(shown, real) == shown, f"line {block.line}"

"""What the tests of the examples need: a server that can be broken, and Node.js."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.programs import NO_NODE, install, node_is_there
from tests.examples.house import EXAMPLES, House
from tests.examples.writer import Writer
from tests.world import World


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the tests that need Node.js where there is none, but never in CI."""
    if "packages" in getattr(item, "fixturenames", ()) and not node_is_there():
        if os.environ.get("CI") == "true":
            pytest.fail(NO_NODE, pytrace=False)
        pytest.skip(NO_NODE)


@pytest.fixture
def packages(request: pytest.FixtureRequest) -> None:
    """Node.js, and what the example of the parameter `client` installs with npm."""
    for name in {"graphql-ws", request.getfixturevalue("client")}:
        install(EXAMPLES / name)


@pytest.fixture
async def house(world: World, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A server of the small world, in a process of its own, that serves."""
    made = House(world, database_url, tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def writer(house: House) -> AsyncIterator[Writer]:
    """Whoever makes events there."""
    made = Writer(house)
    yield made
    await made.close()

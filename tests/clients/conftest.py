"""What the tests with clients for JavaScript need."""

import os

import pytest

from tests.clients.programs import NO_NODE, install, node_is_there


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the tests that need Node.js where there is none, but never in CI.

    A skip in the fixture would be told for each test; those from here are told in one line.
    """
    if "node" in getattr(item, "fixturenames", ()) and not node_is_there():
        if os.environ.get("CI") == "true":
            pytest.fail(NO_NODE, pytrace=False)
        pytest.skip(NO_NODE)


@pytest.fixture(scope="session")
def node() -> None:
    """Node.js, and the clients that npm installs."""
    install()

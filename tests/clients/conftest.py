"""What the tests with clients for JavaScript need."""

import os

import pytest

from tests.clients.programs import NO_NODE, install, node_is_there


@pytest.fixture(scope="session")
def node() -> None:
    """Node.js, and the clients that npm installs; where there is none its tests are skipped, but never in CI."""
    if not node_is_there():
        if os.environ.get("CI"):
            pytest.fail(NO_NODE, pytrace=False)
        pytest.skip(NO_NODE)
    install()

"""The example for TypeScript: its types are made from our schema and hold, and it goes the whole way."""

import asyncio
import os

import pytest

from tests.examples.house import EXAMPLES, House

HERE = EXAMPLES / "typescript"

# The first of these tests on a machine installs what makes the types.
pytestmark = [
    pytest.mark.usefixtures("packages"),
    pytest.mark.timeout(300),
    pytest.mark.parametrize("client", ["typescript"]),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


async def _npm(*words: str, **environment: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        "npm",
        *words,
        cwd=HERE,
        env={**os.environ, "npm_config_update_notifier": "false", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_it_goes_the_whole_way(house: House, client: str) -> None:
    tokens = {"TOKEN_FILE": house.token_file("owner"), "SECOND_TOKEN_FILE": house.token_file("recipient")}
    environment = {"API": house.http_url, **{name: str(path) for name, path in tokens.items()}}
    code, said = await _npm("run", "--silent", "build")
    assert code == 0, said
    code, said = await _npm("run", "--silent", "demo", "O-owner", "recipient", "owner", **environment)
    assert code == 0, said
    lines = said.splitlines()
    assert sorted(lines[:5]) == [
        f'10 Hospital cover: O-{name} "Cover O-{name}" of {name.title()} is IN_FORCE'
        for name in ("admin", "member", "owner", "recipient", "sender")
    ]
    assert lines[5:] == [
        "OFFERED to Recipient",
        "Refused at input.recipientIds.0: OWN_ORDER. The recipient owns this order.",
        "CLAIMED",
        "LOSS_REPORTED",
        "Somebody was faster: it is LOSS_REPORTED now, at version 2.",
    ]

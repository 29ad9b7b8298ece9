"""The specification "GraphQL over HTTP", by the audits of graphql-http: all of them, also what is only advised."""

import pytest

from tests.clients.programs import program
from tests.served_world import Server
from tests.world import World

# What is tested is how requests are read and answers written, on whichever database.
pytestmark = [pytest.mark.usefixtures("node"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

_AUDITS = 61


async def test_every_audit_passes(world: World, server: Server) -> None:
    async with program("audits.js", API=server.http_url, FIRST_TOKEN=world.token("owner")) as running:
        audits = await running.rest()
    assert [audit for audit in audits if not audit["passed"]] == []
    assert len(audits) == _AUDITS

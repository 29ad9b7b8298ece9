"""The main journey over the public API: share, tell, claim, process, push."""

from tests.listening import log_cursor
from tests.served_world import Server, terminal
from tests.world import World

_EVENTS = """
subscription($organisation: ID!, $after: Cursor) { organisationEvents(organisationId: $organisation, after: $after) {
  sequence
  ... on SharedOrderChanged { shareStatus: status sharedOrder { id } }
  ... on OrderStatusChanged { orderStatus: status order { version } reason { via action } }
} }
"""


async def test_both_terminals_see_the_status_that_either_of_them_causes(world: World, server: Server) -> None:
    organisation = await world.organisation_id()
    async with terminal(server, world.token("owner")) as first, terminal(server, world.token("recipient")) as second:
        # From a cursor: "from now on" begins whenever the server comes to it.
        after = await log_cursor(world, "owner")
        await first.subscribe(_EVENTS, organisation=organisation, after=after)
        await second.subscribe(_EVENTS, organisation=organisation, after=after)
        [shared] = await world.share("recipient", permission="PROCESS")
        assert (await world.claim("recipient", shared))["sharedOrder"]["status"] == "CLAIMED"
        assert (await world.process("recipient", shared, "REPORT_LOSS"))["order"]["status"] == "LOSS_REPORTED"
        for side in (first, second):
            heard = [(await side.next_data())["organisationEvents"] for _ in range(3)]
            assert [event.get("shareStatus") or event["orderStatus"] for event in heard] == [
                "OFFERED",
                "CLAIMED",
                "LOSS_REPORTED",
            ]
            assert heard[2]["reason"] == {"via": "SHARED_ORDER", "action": "REPORT_LOSS"}
            assert heard[2]["order"] == {"version": 2}

"""What an organisation says: its log's end, its members and how they are found, its types, its policy."""

from typing import Any

import pytest

from domain.vocabulary import MemberRole
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from tests.listening import EVENTS, document, first_cursor
from tests.served_world import Server, terminal
from tests.world import PEOPLE, World

_MEMBERS = """
query($id: ID!, $search: String) { organisation(id: $id) {
  members(search: $search) { totalCount nodes { role user { reference name } organisation { reference } } }
} }
"""

# Who is a member, by reference and name.
NAMES = {
    "abel.m": "Abel Müller",
    "straße": "Anna GRÖSSE",
    "100%-sure": "Under_Score",
    "sisyphos": "ΣΊΣΥΦΟΣ",
    "ilker": "İlker K\u0131rm\u0131z\u0131",
    r"back\slash": 'O\'Brien; -- "quoted"',
    "жизнь": "Жизнь 日本 🦀",
}

# What is searched for: the name contains it or the reference starts with it, in any case of letters.
SEARCHES = {
    "MÜLLER": {"abel.m"},
    "müll": {"abel.m"},
    "größe": {"straße"},
    "STRASSE": {"straße"},
    "%": set(),
    "100%": {"100%-sure"},
    "_": {"100%-sure"},
    "underXscore": set(),
    "σίσυφος": {"sisyphos"},
    "Σίσυφοσ": {"sisyphos"},
    "ΣΊΣΥΦΟΣ": {"sisyphos"},
    "İLKER": {"ilker"},
    "ilker": {"ilker"},
    "İlker K\u0131rm\u0131z\u0131": {"ilker"},
    "\\": set(),
    "BACK\\": {r"back\slash"},
    "o'b": {r"back\slash"},
    '"': {r"back\slash"},
    "ЖИЗНЬ": {"жизнь"},
    "本": {"жизнь"},
    "🦀": {"жизнь"},
    "er": {"owner", "sender", "member", "abel.m", "100%-sure", "ilker"},
    "adm": {"admin"},
    "dmin": {"admin"},
    "nobody": set(),
}


async def _members(world: World, search: str | None = None) -> set[str]:
    asked = await world.ask("member", _MEMBERS, id=await world.organisation_id(), search=search)
    listed = asked["organisation"]["members"]
    found = {member["user"]["reference"] for member in listed["nodes"]}
    assert listed["totalCount"] == len(listed["nodes"]) == len(found)
    return found


async def _add(world: World, reference: str, name: str) -> None:
    given = {"organisationId": await world.organisation_id(), "reference": reference, "name": name}
    assert (await world.mutate("admin", "addMember", "membership { role }", **given))["codes"] == []


async def test_a_search_finds_members_by_name_and_start_of_reference_in_any_case(world: World) -> None:
    for reference, name in NAMES.items():
        await _add(world, reference, name)
    assert {search: await _members(world, search) for search in SEARCHES} == SEARCHES


async def test_without_a_search_all_members_are_found(world: World) -> None:
    assert await _members(world) == await _members(world, "") == set(PEOPLE)


async def test_a_member_says_who_they_are_and_where(world: World) -> None:
    asked = await world.ask("member", _MEMBERS, id=await world.organisation_id(), search="admin")
    admin = {
        "role": "ADMIN",
        "user": {"reference": "admin", "name": "Admin"},
        "organisation": {"reference": "family"},
    }
    assert asked["organisation"]["members"] == {"totalCount": 1, "nodes": [admin]}


async def test_a_removed_member_is_no_longer_found_until_they_are_added_again(world: World) -> None:
    given = {"organisationId": await world.organisation_id(), "userId": await world.user_id("sender")}
    fields = "organisation { members { nodes { user { reference } } } }"
    payload = await world.mutate("admin", "removeMember", fields, **given)
    left = {member["user"]["reference"] for member in payload["organisation"]["members"]["nodes"]}
    assert left == await _members(world) == set(PEOPLE) - {"sender"}
    assert await _members(world, "sender") == set()
    await _add(world, "sender", "Another name")
    assert await _members(world, "sender") == {"sender"}


@pytest.mark.parametrize("search", ["a" * 201, "a\x00b"])
async def test_a_search_that_cannot_be_is_refused(world: World, search: str) -> None:
    variables = {"id": await world.organisation_id(), "search": search}
    [error] = (await world.post("member", _MEMBERS, variables)).json()["errors"]
    assert error["message"] == "`search` takes at most 200 characters, and none of them NUL."
    assert (error["path"], error["extensions"]) == (["organisation", "members"], {"code": "BAD_USER_INPUT"})


async def test_order_types_come_by_priority_and_then_by_code(world: World) -> None:
    types = [("B", 10), ("A", 10), ("Z", -5), ("Y", 2**31 - 1)]
    more = [OrderTypeToImport(code, f"Type {code}", priority) for code, priority in types]
    await world.database.write(lambda session: import_order_types(session, more))
    document = "query($id: ID!) { organisation(id: $id) { orderTypes { code name priority } } }"
    asked = await world.ask("member", document, id=await world.organisation_id())
    listed: list[Any] = asked["organisation"]["orderTypes"]
    assert [(kind["code"], kind["priority"]) for kind in listed] == [
        ("Z", -5),
        ("A", 10),
        ("B", 10),
        ("HOSPITAL", 10),
        ("DENTAL", 20),
        ("Y", 2**31 - 1),
    ]
    assert listed[0]["name"] == "Type Z"


async def test_each_member_is_told_their_own_role(world: World) -> None:
    document = "query($id: ID!) { organisation(id: $id) { reference name sharePolicy viewerRole } }"
    for name, role in PEOPLE.items():
        asked = await world.ask(name, document, id=await world.organisation_id())
        assert asked == {
            "organisation": {
                "reference": "family",
                "name": "Family",
                "sharePolicy": "ANY_MEMBER",
                "viewerRole": str(MemberRole(role)),
            }
        }


_CURSOR_AND_ORDERS = """
query($id: ID!) { organisation(id: $id) {
  logCursor
  orders { nodes { reference version history(first: 1) { nodes { sequence cursor } } } }
} }
"""


async def test_the_log_cursor_is_the_end_of_the_log_that_the_rest_of_the_answer_shows(
    world: World, server: Server
) -> None:
    organisation = await world.organisation_id()
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
    asked = (await world.ask("member", _CURSOR_AND_ORDERS, id=organisation))["organisation"]
    newest = max(
        (event for order in asked["orders"]["nodes"] for event in order["history"]["nodes"]),
        key=lambda event: int(event["sequence"]),
    )
    assert asked["logCursor"] == newest["cursor"]
    assert asked["logCursor"] != await first_cursor(world)
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
    async with terminal(server, world.token("member")) as opened:
        await opened.subscribe(document(EVENTS), organisation=organisation, after=asked["logCursor"])
        assert (await opened.next_data())[EVENTS]["sequence"] == newest["sequence"] + 1


async def test_organisations_have_a_log_each(world: World) -> None:
    document = "query($id: ID!) { organisation(id: $id) { logCursor } }"
    family = await world.ask("member", document, id=await world.organisation_id())
    strangers = await world.ask("outsider", document, id=await world.organisation_id("strangers"))
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
    assert await world.ask("outsider", document, id=await world.organisation_id("strangers")) == strangers
    assert await world.ask("member", document, id=await world.organisation_id()) != family

"""What rows of the platform's file do to organisations, users and memberships."""

from domain.vocabulary import ErrorCode, MemberRole
from tests.integration.imports import (
    IMPORTED,
    JOINED,
    counts,
    import_as,
    import_rows,
    log_of,
    members_of,
    named,
    order,
    organisation_uuid,
    refusals,
)
from tests.world import PEOPLE, World, row

ADMIN, MEMBER = MemberRole.ADMIN, MemberRole.MEMBER
JOINED_AS_MEMBER = {"role": "MEMBER"}


async def remove(world: World, user: str) -> None:
    given = {"organisationId": await world.organisation_id(), "userId": await world.user_id(user)}
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **given))["codes"] == []


async def set_role(world: World, user: str, role: MemberRole) -> None:
    given = {"organisationId": await world.organisation_id(), "userId": await world.user_id(user), "role": role}
    assert (await world.mutate("admin", "setMemberRole", "membership { role }", **given))["codes"] == []


async def test_a_row_makes_its_organisation_its_member_and_its_order(world: World) -> None:
    answer = await import_rows(world.database, row("A-1", "ann", organisation="fund"), row("A-2", "bob", role=ADMIN))

    assert counts(answer.orders) == (2, 0, 0)
    assert (answer.organisations_imported, answer.members_imported) == (1, 2)
    assert (answer.organisations_updated, answer.members_updated) == (0, 0)
    assert await members_of(world.database, "fund") == {"ann": MEMBER}
    assert await members_of(world.database) == {**PEOPLE, "bob": ADMIN}
    assert [tuple(entry) for entry in await log_of(world.database, "fund")] == [
        (JOINED, "ann", None, None, JOINED_AS_MEMBER),
        (IMPORTED, "A-1", 1, None, {}),
    ]


async def test_one_reference_in_two_organisations_names_two_orders(world: World) -> None:
    answer = await import_rows(
        world.database, row("A-1", "ann", organisation="fund"), row("A-1", "ann", organisation="team")
    )

    assert counts(answer.orders) == (2, 0, 0)
    assert (answer.organisations_imported, answer.members_imported) == (2, 2)
    assert await members_of(world.database, "team") == {"ann": MEMBER}


async def test_a_role_that_the_file_changes_is_logged(world: World) -> None:
    answer = await import_rows(world.database, row("O-member", "member", role=ADMIN))

    assert (counts(answer.orders), answer.members_imported, answer.members_updated) == ((0, 0, 1), 0, 1)
    assert (await members_of(world.database))["member"] is ADMIN
    assert (await log_of(world.database))[-1] == (JOINED, "member", None, None, {"role": "ADMIN"})


async def test_a_row_that_is_silent_about_the_role_keeps_it(world: World) -> None:
    before = len(await log_of(world.database))

    answer = await import_rows(world.database, row("O-admin", "admin"))

    assert (counts(answer.orders), answer.members_updated) == ((0, 0, 1), 0)
    assert (await members_of(world.database))["admin"] is ADMIN
    assert len(await log_of(world.database)) == before


async def test_a_repeated_row_does_not_undo_a_role_that_was_set_here(world: World) -> None:
    await set_role(world, "member", ADMIN)
    before = await world.dump()

    await import_rows(world.database, row("O-member", "member", role=MEMBER))
    assert await world.dump() == before

    await import_rows(world.database, row("O-member", "member", role=MEMBER, title="Other"))
    assert (await members_of(world.database))["member"] is ADMIN


async def test_a_row_through_the_api_leaves_the_role_in_the_file_as_said_last(world: World) -> None:
    await set_role(world, "member", ADMIN)
    await import_as(world, "admin", order("O-member", "member", title="Other"))

    answer = await import_rows(world.database, row("O-member", "member", role=MEMBER))

    assert counts(answer.orders) == (0, 1, 0)
    assert (await members_of(world.database))["member"] is ADMIN


async def test_a_removed_member_is_not_brought_back_by_a_row_that_names_them_as_before(world: World) -> None:
    await remove(world, "member")
    before = await world.dump()

    await import_rows(world.database, row("O-member", "member", role=MEMBER))
    assert await world.dump() == before

    await import_rows(world.database, row("O-member", "member", title="Other"))
    assert "member" not in await members_of(world.database)
    assert (await world.order_row("O-member")).title == "Other"


async def test_a_removed_admin_who_owns_a_new_order_comes_back_as_a_member(world: World) -> None:
    await set_role(world, "member", ADMIN)
    await remove(world, "member")
    logged = len(await log_of(world.database))

    answer = await import_rows(world.database, row("NEW-1", "member"))

    assert (counts(answer.orders), answer.members_imported, answer.members_updated) == ((1, 0, 0), 1, 0)
    assert (await members_of(world.database))["member"] is MEMBER
    assert [entry[:3] for entry in (await log_of(world.database))[logged:]] == [
        (JOINED, "member", None),
        (IMPORTED, "NEW-1", 1),
    ]


async def test_a_removed_member_to_whom_the_file_gives_another_role_comes_back(world: World) -> None:
    await remove(world, "member")

    await import_rows(world.database, row("O-member", "member", role=ADMIN))

    assert (await members_of(world.database))["member"] is ADMIN


async def test_a_new_name_is_told_in_every_organisation_of_the_user(world: World) -> None:
    await import_rows(world.database, row("A-1", "owner", organisation="fund"))
    family, fund = len(await log_of(world.database)), len(await log_of(world.database, "fund"))

    answer = await import_rows(world.database, named(row("O-owner", "owner"), member_name="Ada Owner"))

    assert (counts(answer.orders), answer.members_updated) == ((0, 0, 1), 2)
    told = (JOINED, "owner", None, None, JOINED_AS_MEMBER)
    assert [tuple(entry) for entry in (await log_of(world.database))[family:]] == [told]
    assert [tuple(entry) for entry in (await log_of(world.database, "fund"))[fund:]] == [told]


async def test_a_member_who_gets_a_role_and_a_name_is_told_of_once(world: World) -> None:
    logged = len(await log_of(world.database))

    await import_rows(world.database, named(row("O-owner", "owner"), member_name="Ada Owner", role=ADMIN))

    assert [tuple(entry) for entry in (await log_of(world.database))[logged:]] == [
        (JOINED, "owner", None, None, {"role": "ADMIN"})
    ]


async def test_a_new_name_of_an_organisation_is_kept(world: World) -> None:
    answer = await import_rows(world.database, named(row("O-owner", "owner"), organisation_name="The family"))

    assert (counts(answer.orders), answer.organisations_imported, answer.organisations_updated) == ((0, 0, 1), 0, 1)
    names = {reference: name for _, reference, name, *_ in (await world.dump())["organisation"]}
    assert names == {"family": "The family", "strangers": "Strangers"}


async def test_rows_that_contradict_each_other_about_a_name_change_nothing_the_second_time(world: World) -> None:
    rows = [named(row(f"A-{number}", "ann"), member_name=name) for number, name in enumerate(("Ann", "Anne"))]
    await import_rows(world.database, *rows)
    before = await world.dump()

    for each in rows:
        assert counts((await import_rows(world.database, each)).orders) == (0, 0, 1)

    assert await world.dump() == before


async def test_a_refused_row_makes_nobody_and_changes_nobody(world: World) -> None:
    before = await world.dump()

    answer = await import_rows(
        world.database,
        row("A-1", "ann", organisation="fund", type="UNKNOWN"),
        named(row("O-owner", "owner", role=ADMIN, max_shares=-1), member_name="Ada", organisation_name="Other"),
        named(row("A-2", "ann"), member_name=""),
        named(row("A-3", "ann"), organisation_name="\x07"),
        row("A-4", "ann", organisation=" "),
    )

    invalid = ErrorCode.INVALID_INPUT
    fields = ["type", "max_shares", "member_name", "organisation_name", "organisation"]
    assert refusals(answer.orders) == [
        (invalid, ("orders", str(position), field)) for position, field in enumerate(fields)
    ]
    assert (answer.organisations_imported, answer.organisations_updated) == (0, 0)
    assert (answer.members_imported, answer.members_updated) == (0, 0)
    assert await world.dump() == before


async def test_an_order_that_gets_a_new_owner_makes_them_a_member(world: World) -> None:
    logged = len(await log_of(world.database))

    answer = await import_rows(world.database, row("O-owner", "ann"))

    assert (counts(answer.orders), answer.members_imported) == ((0, 1, 0), 1)
    assert [entry[:3] for entry in (await log_of(world.database))[logged:]] == [
        (JOINED, "ann", None),
        (IMPORTED, "O-owner", 2),
    ]
    assert await organisation_uuid(world, "family") == (await world.order_row()).organisation_id

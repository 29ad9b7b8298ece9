"""How PostgreSQL goes about the statements that matter in a large organisation."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import BigInteger, column, table, text

from db.database import Database
from db.migrations.runner import upgrade
from db.parts_query import Part, PartsQuery
from tests.servers import postgresql_database
from tests.statements import statements
from tests.world import World


@pytest.fixture
def own_postgresql_url(postgresql_server_url: str) -> Iterator[str]:
    """URL of a migrated PostgreSQL database that no other test has used: the planner looks at what they left behind."""
    with postgresql_database(postgresql_server_url) as url:
        upgrade(url)
        yield url


@pytest.fixture
async def large_world(own_postgresql_url: str) -> AsyncIterator[World]:
    """An organisation of 20,000 orders."""
    world = World(Database(own_postgresql_url))
    await world.populate()
    async with world.database.engine.begin() as connection:
        await connection.execute(_MANY_KINDS)
        await connection.execute(_MANY_ORDERS)
    async with world.database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE orders"))
    yield world
    await world.http.aclose()
    await world.database.close()


async def test_the_search_of_a_large_organisation_uses_both_its_indexes(large_world: World) -> None:
    search = """query($id: ID!) { organisation(id: $id) {
      orders(first: 20, where: {search: "Smile 1999"}) { totalCount nodes { title } }
    } }"""
    with statements(large_world.database) as sent:
        answer = await large_world.ask("owner", search, id=await large_world.organisation_id())
    titles = sorted(order["title"] for order in answer["organisation"]["orders"]["nodes"])
    assert titles == ["A smile 1999", *(f"A smile 1999{digit}" for digit in range(10))]
    # The page, and the count.
    searching = [each for each in sent if "search_title" in each.text.partition("WHERE")[2]]
    assert len(searching) == 2
    async with large_world.database.engine.connect() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in searching:
            plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {statement}", tuple(parameters))).scalars())
            assert "ix_orders_search_title" in plan, plan
            assert "ix_orders_search_reference" in plan, plan


_PAGE_AFTER = """query($id: ID!, $after: String) {
  organisation(id: $id) { orders(first: 20, after: $after) {
    nodes { reference sharedOrders(first: 5) { nodes { status } } }
  } }
}"""

_TENTH_LAST = "query($id: ID!) { organisation(id: $id) { orders(last: 10) { pageInfo { startCursor } } } }"


async def test_a_page_is_not_planned_anew_for_each_cursor(large_world: World) -> None:
    organisation_id = await large_world.organisation_id()
    answer = await large_world.ask("owner", _TENTH_LAST, id=organisation_id)
    cursor = answer["organisation"]["orders"]["pageInfo"]["startCursor"]

    with statements(large_world.database) as sent:
        for _ in range(10):
            page = await large_world.ask("owner", _PAGE_AFTER, id=organisation_id, after=cursor)
            assert len(page["organisation"]["orders"]["nodes"]) == 9

    # PostgreSQL plans the first five executions anew whatever they are, to have something to compare with.
    [(_, anew, kept)] = await large_world.database.glance(_PLANS, statement=sent[-1].text)
    assert (anew, kept) == (5, 5)


async def test_a_claim_is_not_planned_anew_for_each_list_of_ids(large_world: World) -> None:
    [shared_order_id] = await large_world.share("recipient")

    with statements(large_world.database) as sent:
        for _ in range(10):
            assert (await large_world.claim("recipient", shared_order_id))["codes"] == []

    often = [text for text, count in Counter(each.text for each in sent).items() if count == 10]
    plans = [await large_world.database.glance(_PLANS, statement=text) for text in often]
    # Where it belongs, and its locks.
    assert [(anew, kept) for [(_, anew, kept)] in plans] == [(5, 5)] * 2


_prepared = table("pg_prepared_statements", column("custom_plans", BigInteger), column("generic_plans", BigInteger))
_PLANS = PartsQuery(
    lambda _: [
        Part(
            {"anew": _prepared.c.custom_plans, "kept": _prepared.c.generic_plans},
            lambda found: found.select_from(_prepared).where(text("statement = CAST(:statement AS text)")),
        )
    ]
)


_MANY_KINDS = text(
    """
    INSERT INTO order_type (code, name, priority)
    SELECT 'KIND-' || number, 'Kind ' || number, 1000 + number FROM generate_series(0, 199) AS number
    """
)

_MANY_ORDERS = text(
    """
    INSERT INTO orders (
        id, organisation_id, owner_id, reference, type_code, type_priority, title, premium_minor, currency,
        effective_at, created_at, updated_at, status, max_shares, shares_claimed, version, reason_cause, reason_at,
        newest_first, expires_last, search_title, search_reference
    )
    SELECT
        gen_random_uuid(), organisation_id, owner_id, 'M-' || number, 'KIND-' || number % 200, 1000 + number % 200,
        'A smile ' || number, premium_minor, currency, effective_at,
        created_at, updated_at, status, max_shares, shares_claimed, version, reason_cause, reason_at,
        newest_first, expires_last, 'a smile ' || number, 'm-' || number
    FROM orders, generate_series(1, 20000) AS number
    WHERE reference = 'O-owner'
    """
)

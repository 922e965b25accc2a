"""The last unit is sold once, all of an order is reserved or nothing, and a claim ends when a count contains it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from gateway.domain.orders import order_from
from gateway.domain.stock import StockLevel
from gateway.store import stock
from gateway.store.pool import Database
from gateway.store.stock import Shortage
from tests.resources.shop import line, order_body

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, connections=16, name="test", patience=30.0)
    await opened.open()
    yield opened
    await opened.close()


async def counted(database: Database, minute: int = 0, **on_hand: int) -> int:
    """The warehouse has counted, so many minutes past noon."""
    as_of = NOON + timedelta(minutes=minute)
    async with database.transaction() as connection:
        return await stock.count(connection, [StockLevel(sku, None, pieces, as_of) for sku, pieces in on_hand.items()])


async def reserve(database: Database, order: str, demand: Mapping[str, int]) -> list[Shortage]:
    async with database.transaction() as connection:
        return await stock.reserve(connection, order, demand)


async def release(database: Database, order: str) -> None:
    async with database.transaction() as connection:
        await stock.release(connection, order)


async def ship(database: Database, order: str, minute: int) -> None:
    async with database.transaction() as connection:
        await stock.ship(connection, order, NOON + timedelta(minutes=minute))


async def available(database: Database) -> dict[str, int]:
    async with database.connection() as connection:
        return dict(await (await connection.execute("select sku, on_hand - reserved from stock_position")).fetchall())


async def test_two_hundred_orders_for_the_last_unit_have_one_winner(database: Database) -> None:
    await counted(database, LAMP=1)

    answers = await asyncio.gather(*(reserve(database, f"ord_{n}", {"LAMP": 1}) for n in range(200)))

    assert sorted(map(len, answers)) == [0] + [1] * 199
    assert await available(database) == {"LAMP": 0}


async def test_orders_that_wait_for_each_other_neither_deadlock_nor_tear_a_demand_apart(database: Database) -> None:
    await counted(database, A=4, B=4, C=4)

    async def come_and_go(customer: int) -> None:
        for turn in range(12):
            order, demand = f"ord_{customer}_{turn}", dict.fromkeys(["ABC", "CBA", "BCA", "CAB"][customer % 4], 1)
            if not await reserve(database, order, demand) and customer % 3:
                await release(database, order)
            await counted(database, turn + 1, C=4 + turn, B=4 + turn, A=4 + turn)

    await asyncio.gather(*(come_and_go(customer) for customer in range(12)))

    assert len(set((await available(database)).values())) == 1
    assert min((await available(database)).values()) >= 0


async def test_positions_are_locked_in_the_order_of_code_points(database: Database) -> None:
    await counted(database, **{"JAR_2": 9, "JARS": 9, "JAR-1": 9})  # C: JAR-1, JARS, JAR_2

    async with database.transaction() as rival, database.connection() as watcher:
        await rival.execute("select from stock_position where sku = 'JARS' for update")
        waiting = asyncio.create_task(reserve(database, "ord_1", {"JAR_2": 1, "JARS": 1, "JAR-1": 1}))
        async with asyncio.timeout(10):
            while await _free(watcher) != ["JAR_2"]:
                assert not waiting.done()

    assert await waiting == []


async def _free(watcher: psycopg.AsyncConnection[tuple[str]]) -> list[str]:
    cursor = await watcher.execute("select sku from stock_position for no key update skip locked")
    return [row[0] for row in await cursor.fetchall()]


async def test_one_short_article_leaves_the_others_alone(database: Database) -> None:
    await counted(database, LAMP=5, VASE=1)

    short = await reserve(database, "ord_1", {"VASE": 2, "LAMP": 2})

    assert short == [Shortage("VASE", wanted=2, available=1)]
    assert await available(database) == {"LAMP": 5, "VASE": 1}


async def test_an_article_never_counted_is_unknown_rather_than_short(database: Database) -> None:
    await counted(database, LAMP=5)

    short = await reserve(database, "ord_1", {"LAMP": 9, "GHOST": 1})

    assert short == [Shortage("GHOST", wanted=1, available=None), Shortage("LAMP", wanted=9, available=5)]


async def test_an_order_that_comes_again_keeps_what_it_holds_even_of_the_last_units(database: Database) -> None:
    await counted(database, LAMP=2)
    await reserve(database, "ord_1", {"LAMP": 2})

    assert await reserve(database, "ord_1", {"LAMP": 2}) == []
    assert await available(database) == {"LAMP": 0}


async def test_an_order_that_gave_its_stock_back_cannot_take_it_again(database: Database) -> None:
    await counted(database, LAMP=2)
    await reserve(database, "ord_1", {"LAMP": 1})
    await release(database, "ord_1")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await reserve(database, "ord_1", {"LAMP": 1})

    assert await available(database) == {"LAMP": 2}


async def test_an_article_on_two_lines_in_two_spellings_is_one_demand(database: Database) -> None:
    await counted(database, **{"lamp-7": 3})
    lines = [line("1", sku="lamp-7", quantity=2), line("2", sku="LAMP-7", quantity=2)]
    order = order_from(order_body(placed_at="2026-03-02T12:00:00Z", lines=lines), "ord_1")

    short = await reserve(database, order.order_id, order.demand())

    assert short == [Shortage("LAMP-7", wanted=4, available=3)]


async def test_an_article_counted_in_two_spellings_has_one_position_and_the_newest_count(database: Database) -> None:
    levels = [StockLevel("Lamp", None, 5, NOON), StockLevel("LAMP", None, 3, NOON + timedelta(minutes=1))]

    async with database.transaction() as connection:
        changed = await stock.count(connection, levels)

    assert changed == 1
    assert await available(database) == {"LAMP": 3}


async def test_a_claim_outlives_its_shipment_until_a_later_count(database: Database) -> None:
    await counted(database, 0, LAMP=5)
    await reserve(database, "ord_1", {"LAMP": 2})
    await ship(database, "ord_1", minute=3)
    seen = []

    for minute, pieces in [(2, 5), (3, 5), (4, 3)]:
        await counted(database, minute, LAMP=pieces)
        seen.append((await available(database))["LAMP"])

    assert seen == [3, 3, 3]


async def test_a_count_older_than_ours_is_ignored(database: Database) -> None:
    await counted(database, 2, LAMP=1)

    assert await counted(database, 1, LAMP=9) == 0
    assert await available(database) == {"LAMP": 1}

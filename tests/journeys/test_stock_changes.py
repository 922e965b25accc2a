"""A warehouse that tells of every change of its stock is asked; what it tells is booked with the cursor, once."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.governance.bundle import Bundle
from gateway.store.change_feeds import Books
from gateway.store.pool import Connection
from gateway.told import STOCK, StockMove
from gateway.workflows.books import warehouse_books
from gateway.workflows.feed import Feed
from gateway.workflows.tools import Tools
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP, Shop, order


@dataclass
class Notebook:
    """Books of their own kind, in the transaction that they are given; full ones take nothing more."""

    full: bool = False
    heard: list[StockMove] = field(default_factory=list)

    async def take(self, connection: Connection, moves: Sequence[StockMove], now: datetime) -> int:
        await connection.execute("create table if not exists noted (id text primary key)")
        if self.full:
            raise OSError("no room for it")
        known = "insert into noted select unnest(%s::text[]) on conflict do nothing returning id"
        new = await (await connection.execute(known, ([move.id for move in moves],))).fetchall()
        self.heard += [move for move in moves if (move.id,) in new]
        return len(new)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Its workers have gone home, so that a test reads in their place."""
    async with open_shop(database_url, tmp_path, promises, polled=True) as opened:
        yield opened


async def feed(shop: Shop, books: Books) -> Feed:
    await shop.stop_workers()
    async with shop.gate.database.connection() as connection:
        await connection.execute("update change_feed set held_until = '-infinity'")
    tools = Tools(shop.gate.database, shop.back_ends, shop.gate.clock, mint, metrics=shop.metrics, books=books)
    return Feed(STOCK, shop.back_ends.changes[STOCK], tools, holder="test")


async def receive(shop: Shop, quantity: int) -> None:
    answer = await shop.sandbox.post("/wms/_receive", json={"sku": LAMP, "quantity": quantity})
    assert answer.status_code == 200, answer.text


async def test_each_change_is_taken_over_once(shop: Shop) -> None:
    books = Notebook()
    reading = await feed(shop, books.take)
    await receive(shop, 4)

    more = await reading.read()
    await reading.read()

    assert [(move.sku, move.node, move.delta, move.reason) for move in books.heard] == [(LAMP, "main", 4, "receipt")]
    assert more is False


async def test_what_the_books_do_not_take_is_read_again(shop: Shop) -> None:
    books = Notebook(full=True)
    reading = await feed(shop, books.take)
    await receive(shop, 4)

    with pytest.raises(OSError, match="no room"):
        await reading.read()
    books.full = False
    await reading.read()

    assert [move.delta for move in books.heard] == [4]


async def test_what_left_for_an_order_is_told_under_its_id(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=3))
    await shop.until(order_id)
    async with shop.gate.database.connection() as connection:
        await connection.execute("update change_feed set cursor = null where source = %s", (STOCK,))
    books = Notebook()

    await (await feed(shop, books.take)).read()

    assert [(move.delta, move.reason, move.reference) for move in books.heard] == [(-3, "shipment", order_id)]


BOOKS = warehouse_books(InventoryPolicy(), mint)


async def stock(shop: Shop) -> tuple[int, int]:
    """What lies there by the books, and what may be sold of it."""
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute("select on_hand, available from stock_position where sku = %s", (LAMP,))
        row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


async def again(shop: Shop) -> None:
    async with shop.gate.database.connection() as connection:
        await connection.execute("update change_feed set cursor = null where source = %s", (STOCK,))


async def test_what_came_in_may_be_sold_before_the_next_count(shop: Shop) -> None:
    reading = await feed(shop, BOOKS)
    on_hand, available = await stock(shop)
    await receive(shop, 4)

    await reading.read()
    first = await stock(shop)
    await again(shop)
    await reading.read()

    assert first == await stock(shop) == (on_hand + 4, available + 4)


async def test_what_left_for_an_order_is_not_subtracted_twice(shop: Shop) -> None:
    reading = await feed(shop, BOOKS)
    _, available = await stock(shop)
    shop.start_worker()
    order_id = await shop.placed(order(quantity=3))
    await shop.until(order_id)
    await shop.stop_workers()

    await again(shop)
    await reading.read()
    told = await stock(shop)
    await shop.sync_stock()

    assert told[1] == (await stock(shop))[1] == available - 3


async def test_what_moved_at_a_node_that_is_not_known_is_left_to_its_count(shop: Shop) -> None:
    reading = await feed(shop, BOOKS)
    before = await stock(shop)
    answer = await shop.sandbox.post("/wms/_receive", json={"sku": LAMP, "node": "leeds", "quantity": 9})
    assert answer.status_code == 200, answer.text
    await receive(shop, 1)

    await reading.read()

    assert await stock(shop) == (before[0] + 1, before[1] + 1)

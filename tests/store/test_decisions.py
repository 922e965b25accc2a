"""The one connection that hears of decisions: one word an order, to who waits for it, and to all when it was away."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.store import orders
from gateway.store.decisions import Decisions, Place
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database

PATIENCE = 20.0  # seconds; bounds what must happen
NEVER = 3600.0
ORDER = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"

_STORED = """
with whose as (insert into partner (partner_id, name, client_id, secret_hash, scopes, plan)
               values ('web', 'Web', 'web', '', '{}', 'standard'))
insert into orders (order_id, partner_id, channel_id, channel_order_id, content_hash, status, currency, grand_total,
                    placed_at, document, receipt, receipt_headers, trace_id, received_at, updated_at)
values (%s, 'web', 'web-uk', '1', '', 'received', 'GBP', 1, now(), '{}', '', '{}', '', now(), now())
"""
_BACKENDS = "from pg_stat_activity where application_name = 'omnigate-decisions' and datname = current_database()"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """With one order in it that waits for its decision."""
    opened = Database(database_url, connections=2, name="test-decisions")
    await opened.open()
    try:
        async with opened.connection() as connection:
            await connection.execute(_STORED, (ORDER,))
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def decisions(database_url: str) -> AsyncIterator[Decisions]:
    heard = Decisions(database_url)
    await heard.open()
    yield heard
    await heard.close()


async def move(database: Database, *statuses: str) -> None:
    for status in statuses:
        async with database.transaction() as connection:
            await moved(connection, status)


async def moved(connection: Connection, status: str) -> None:
    await orders.transition(connection, ORDER, status, Hand("system", system_clock(), "0" * 32, mint))


async def news(place: Place) -> None:
    """Not by the clock: only what was heard ends the wait."""
    async with asyncio.timeout(PATIENCE):
        await place.news(within=NEVER)


async def listening(database: Database, *, except_for: int = 0) -> int:
    """The process id of the backend that listens, once there is one."""
    async with asyncio.timeout(PATIENCE), database.connection() as connection:
        while True:
            sql = f"select pid {_BACKENDS} and query like 'listen%%' and state = 'idle' and pid <> %s"
            found = await (await connection.execute(sql, (except_for,))).fetchone()
            if found:
                return int(found[0])
            await asyncio.sleep(0.02)


async def test_who_waits_hears_of_the_commit_that_decides(database: Database, decisions: Decisions) -> None:
    await listening(database)

    with decisions.place(ORDER) as place:
        await move(database, "accepted")
        await news(place)


async def test_an_order_is_announced_once_in_its_life(database: Database, database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as listener:
        await listener.execute("listen order_decided")

        await move(database, "accepted", "processing", "completed")

        heard = [notice.payload async for notice in listener.notifies(timeout=0.2)]
    assert heard == [ORDER]


async def test_what_is_rolled_back_is_not_announced(database: Database, database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as listener:
        await listener.execute("listen order_decided")

        async with database.transaction() as connection:
            await moved(connection, "accepted")
            raise psycopg.Rollback

        heard = [notice.payload async for notice in listener.notifies(timeout=0.2)]
    assert heard == []


async def test_a_connection_that_was_cut_is_made_again_and_everybody_looks(
    database: Database, decisions: Decisions
) -> None:
    first = await listening(database)
    with decisions.place(ORDER) as place, decisions.place("another") as other:
        async with database.connection() as connection:
            await connection.execute("select pg_terminate_backend(%s)", (first,))

        await news(place)
        await news(other)
    assert await listening(database, except_for=first) != first


async def test_whoever_waits_is_let_go_when_the_process_stops(decisions: Decisions) -> None:
    with decisions.place(ORDER) as place:
        decisions.stop()

        await news(place)
        assert place.over
    with decisions.place(ORDER) as too_late:
        assert too_late.over


async def test_without_a_database_nobody_is_kept_from_waiting() -> None:
    decisions = Decisions("postgresql://127.0.0.1:1/none")
    await decisions.open()
    with decisions.place(ORDER) as place:
        await place.news(within=0.01)
        assert decisions.patience == 1.0
    await decisions.close()

"""The day's audit goes on where it ended, tells what it finds, and is done once a day; what is over is tidied up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.stock import StockLevel
from gateway.store import reservation_expiry, stock
from gateway.store.pool import Connection, Database
from gateway.store.stock_audit import Finding, audit_daily


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, connections=4, name="test", patience=20.0)
    await opened.open()
    async with opened.transaction() as connection:
        now = datetime.now(UTC) - timedelta(minutes=1)
        await stock.count(connection, [StockLevel(f"SKU-{n:05}", None, 5, now) for n in range(2_500)])
    yield opened
    await opened.close()


async def run(database: Database, sql: str) -> list[tuple[object, ...]]:
    async with database.connection() as connection:
        cursor = await connection.execute(sql.encode())
        return await cursor.fetchall() if cursor.description else []


async def found(database: Database) -> list[str]:
    told: list[str] = []

    async def tell(connection: Connection, finding: Finding) -> None:
        told.append(f"{finding.code} {finding.subject}")

    await audit_daily(database, tell)
    return told


async def test_every_position_is_looked_at_once_a_day(database: Database) -> None:
    await run(database, "update stock_position set reserved = 1 where sku in ('SKU-00000', 'SKU-02499')")

    first, again = await found(database), await found(database)
    await run(database, "update stock_audit set next_at = next_at - interval '1 day'")
    next_day = await found(database)

    assert first == ["counter_mismatch SKU-00000@main/new", "counter_mismatch SKU-02499@main/new"]
    assert (again, next_day) == ([], first)


async def test_what_is_over_is_tidied_up_and_told_once(database: Database) -> None:
    await run(
        database,
        "insert into reservation"
        " (reservation_id, kind, holder_type, holder_id, state, expires_at, created_at, updated_at)"
        " select 'rsv_' || n, 'soft', 'cart', n::text, 'active', now() - n * interval '1 s', now(), now()"
        " from generate_series(1, 250) n",
    )
    await run(
        database,
        "insert into reservation_line (reservation_id, number, line_id, sku, node_id, quantity, expires_at)"
        " select reservation_id, 1, '1', 'SKU-00001', 'main', 1, expires_at from reservation",
    )
    await run(database, "update stock_position set reserved_soft = 250 where sku = 'SKU-00001'")

    ended = [await reservation_expiry.tidy(database, mint) for _ in range(2)]

    assert ended == [250, 0]
    assert await run(database, "select reserved_soft from stock_position where sku = 'SKU-00001'") == [(0,)]
    assert await run(database, "select state, version, count(*) from reservation group by 1, 2") == [
        ("expired", 2, 250)
    ]
    assert await run(database, "select data, count(*) from event group by 1") == [
        ({"state": "expired", "version": 2}, 250)
    ]
    assert await found(database) == []

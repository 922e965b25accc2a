"""What has had its time goes, and what has not stays."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.store.housekeeping import forget_expired
from gateway.store.pool import Database

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
CHANGE = """
insert into stock_change (position_version, sku, node_id, condition, cause, on_hand, unavailable, safety_stock,
                          reserved, reserved_soft, withheld, available, confidence, changed_at)
values (%s, 'LAMP', 'main', 'new', 'report', 1, 0, 0, 0, 0, 0, 1, 'high', %s)
"""
EVENT = """
insert into event (event_id, subject, sequence, type, occurred_at, trace_id, data, told_to)
values (%s, 'ord_1', %s, 'com.omnigate.order.received.v1', %s, '', '{}', 'web')
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, connections=2, name="test", patience=20.0)
    await opened.open()
    yield opened
    await opened.close()


async def test_changes_of_stock_are_kept_for_as_long_as_their_cursors_are_good(database: Database) -> None:
    async with database.transaction() as connection:
        for version, days in ((1, 9.0), (2, 8.1), (3, 7.1), (4, 0.0)):
            await connection.execute(CHANGE, (version, NOW - timedelta(days=days)))

    await forget_expired(database, NOW)

    async with database.connection() as connection:
        kept = await (await connection.execute("select position_version from stock_change order by 1")).fetchall()
    assert kept == [(3,), (4,)]


async def test_feeds_forget_what_no_cursor_leads_to_and_the_fact_stays_with_its_subject(database: Database) -> None:
    async with database.transaction() as connection:
        for number, days in ((1, 32.0), (2, 30.5), (3, 0.0)):
            values = (f"evt_{number}", number, NOW - timedelta(days=days))
            await connection.execute(EVENT, values)

    await forget_expired(database, NOW)

    async with database.connection() as connection:
        kept = await (await connection.execute("select sequence, told_to from event order by 1")).fetchall()
    assert kept == [(1, None), (2, "web"), (3, "web")]

"""A page of a list costs what it shows, however many orders there are and however rare those are that it asks for."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.store.order_lists import Place, Wanted, question
from gateway.store.pool import Connection, Database

STORED = 20_000
LIMIT = 11
NOW = datetime(2026, 11, 1, tzinfo=UTC)

# One an hour, most of them completed; five are rejected and five come from a channel of their own, all long ago.
_PARTNERS = """
insert into partner (partner_id, name, client_id, secret_hash, scopes, plan)
select name, name, name, '', '{}', 'standard' from unnest(array['web', 'pos']) name
"""
_CHANNELS = "insert into channel values ('web-uk', 'web'), ('web-rare', 'web'), ('pos-uk', 'pos')"
_ORDERS = f"""
insert into orders (order_id, partner_id, channel_id, channel_order_id, content_hash, status, currency, grand_total,
                    placed_at, document, receipt, receipt_headers, trace_id, received_at, updated_at)
select 'ord_' || lpad(n::text, 26, '0'), case when n %% 4 = 0 then 'pos' else 'web' end,
       case when n %% 4 = 0 then 'pos-uk' when n in (11, 21, 31, 41, 51) then 'web-rare' else 'web-uk' end, n::text, '',
       case when n in (101, 201, 301, 401, 501) then 'rejected' when n > {STORED - 100} then 'processing'
            else 'completed' end,
       'GBP', 1, %s - n * interval '1 hour', '{{"placed_at": "x"}}', '', '{{}}', '', now(), now()
  from generate_series(1, {STORED}) n
"""


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    database = Database(database_url, connections=2, name="test-lists")
    await database.open()
    try:
        async with database.connection() as connection:
            await connection.execute(_PARTNERS)
            await connection.execute(_CHANNELS)
            await connection.execute(_ORDERS, (NOW,))
            await connection.execute("analyze orders")
            yield connection
    finally:
        await database.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def touched(connection: Connection, wanted: Wanted, after: Place | None = None) -> tuple[int, int]:
    """How many orders the page has, and how many were read for it, those included that were found not to fit."""
    sql, values = question(wanted, after=after, limit=LIMIT)
    row = await (await connection.execute(f"explain (analyze, format json) {sql}", values)).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    reads = [node for node in nodes(plan) if node.get("Relation Name") == "orders"]
    read = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0))
        * node["Actual Loops"]
        for node in reads
    )
    return int(plan["Actual Rows"]), round(read)


YEAR_AGO = NOW - timedelta(days=365)
DEEP: Place = (NOW - timedelta(hours=15_000), "ord_")

CASES = {
    "everything of a partner": (Wanted("web"), None, LIMIT, LIMIT),
    "deep in it": (Wanted("web"), DEEP, LIMIT, LIMIT),
    "a common status": (Wanted("web", ("completed",)), None, LIMIT, LIMIT),
    "a rare status": (Wanted("web", ("rejected",)), None, 5, 5),
    "the oldest status": (Wanted("web", ("processing",)), None, LIMIT, LIMIT),
    "a status nobody is in": (Wanted("web", ("cancelled",)), None, 0, 0),
    "several": (Wanted("web", ("completed", "rejected", "cancelled")), None, LIMIT, LIMIT + 5),
    "long ago": (Wanted("web", placed_before=YEAR_AGO), None, LIMIT, LIMIT),
    "a rare status long ago": (Wanted("web", ("rejected",), placed_before=YEAR_AGO), None, 0, 0),
    "a range with nothing in it": (
        Wanted("web", placed_from=NOW - timedelta(minutes=50), placed_before=NOW - timedelta(minutes=10)),
        None,
        0,
        0,
    ),
    "a channel": (Wanted("web", channel_id="web-uk"), None, LIMIT, 3 * LIMIT),
    "a rare channel": (Wanted("web", channel_id="web-rare"), None, 5, 5),
    "a rare channel and a rare status": (Wanted("web", ("rejected",), channel_id="web-rare"), None, 0, 0),
    "another's channel": (Wanted("web", channel_id="pos-uk"), None, 0, 0),
    "no channel at all": (Wanted("web", channel_id="nobodys"), None, 0, 0),
    "everybody's": (Wanted(None), None, LIMIT, 2 * LIMIT),
    "everybody's of a rare status": (Wanted(None, ("rejected",)), None, 5, 5),
    "everybody's of a channel": (Wanted(None, channel_id="pos-uk"), DEEP, LIMIT, 2 * LIMIT),
    "the channel's own number": (Wanted("web", channel_order_id="17"), None, 1, 1),
    "another's number": (Wanted("web", channel_order_id="16"), None, 0, 1),
    "a number and everything else": (
        Wanted("web", ("completed",), "web-uk", "17", placed_from=YEAR_AGO, placed_before=NOW),
        None,
        1,
        1,
    ),
}


async def test_no_page_reads_more_than_its_cells_hold(connection: Connection) -> None:
    found = {name: await touched(connection, wanted, after) for name, (wanted, after, _, _) in CASES.items()}

    assert {name: shown for name, (shown, _) in found.items()} == {name: case[2] for name, case in CASES.items()}
    assert {name: read for name, (_, read) in found.items() if read > CASES[name][3]} == {}


async def test_the_plan_that_serves_every_caller_does_no_worse(connection: Connection) -> None:
    """What is prepared is planned without knowing who asks, and for what: nothing may depend on a lucky guess."""
    await connection.execute("set plan_cache_mode = force_generic_plan")
    before = await read_so_far(connection)

    for wanted, after, shown, _ in CASES.values():
        sql, values = question(wanted, after=after, limit=LIMIT)
        rows = await (await connection.execute(sql, values, prepare=True)).fetchall()
        assert len(rows) == shown

    assert await read_so_far(connection) - before <= sum(case[3] for case in CASES.values())


async def read_so_far(connection: Connection) -> int:
    """Orders that were read, by whatever way, as PostgreSQL counts them."""
    await connection.execute("select pg_stat_force_next_flush()")
    sql = "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'orders'"
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return int(row[0])

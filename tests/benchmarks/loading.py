"""
A million positions are loaded while orders go on reserving: how long that takes, and how long a reservation waits.

`python -m tests.benchmarks.loading URL COUNT` is the loader, a process of its own: it sends COUNT lines as a source
does, in chunks, and applies them as a worker does. Prints as JSON how long each half took.
"""

import asyncio
import json
import sys
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Any

from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.snapshots import Announced, read_chunk
from gateway.domain.time import system_clock
from gateway.store import applying, snapshots, stock
from gateway.store.embedded import acquire
from gateway.store.migrate import migrate
from gateway.store.pool import Database
from gateway.store.views import Hearing
from gateway.workflows.snapshots import BREATH
from tests.benchmarks.figures import Findings, Row, goal
from tests.benchmarks.processes import folder

POSITIONS, CHUNK = 1_000_000, 10_000
RATE = 100.0  # reservations a second, whether or not those before are through
MOST_MINUTES = 5.0


def lines(first: int, count: int) -> bytes:
    return b"\n".join(b'{"sku":"SKU-%07d","node_id":"main","on_hand":1000}' % n for n in range(first, first + count))


async def load(url: str, count: int) -> dict[str, float]:
    database = Database(url, connections=2, name="omnigate-loader")
    await database.open()
    begun = perf_counter()
    await _send(database, count)
    sent = perf_counter()
    while held := await applying.turn(database, "loader", seconds=60):
        await applying.go_on(database, held, Hearing(system_clock(), mint, InventoryPolicy()))
        await asyncio.sleep(BREATH)
    applied = perf_counter()
    await database.close()
    return {"staged": sent - begun, "applied": applied - sent}


async def _send(database: Database, count: int) -> None:
    now = system_clock()
    async with database.transaction() as connection:
        said = Announced("wms", "bench", "full", ("main",), now, count)
        snapshot_id = (await snapshots.begin(connection, mint("snp"), said, now=now)).snapshot_id
    for number, first in enumerate(range(0, count, CHUNK), start=1):
        chunk = read_chunk(lines(first, min(CHUNK, count - first)), number, said.nodes)
        async with database.transaction() as connection:
            await snapshots.lock_snapshot(connection, snapshot_id)
            await snapshots.stage(connection, snapshot_id, chunk, now=now)
    async with database.transaction() as connection:
        await snapshots.hand_over(connection, snapshot_id, now=now)


class Orders:
    """An open loop of reservations: latency counts from when each was due."""

    def __init__(self, database: Database, count: int) -> None:
        self.database, self.count, self.dice = database, count, Random(7)
        self.taken: list[float] = []
        self.failed = 0

    async def come(self, until: asyncio.Event) -> None:
        under_way: set[asyncio.Task[None]] = set()
        due = perf_counter()
        while not until.is_set():
            due += self.dice.expovariate(RATE)
            await asyncio.sleep(max(0.0, due - perf_counter()))
            task = asyncio.create_task(self._reserve(due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _reserve(self, due: float) -> None:
        wanted = {f"SKU-{self.dice.randrange(self.count):07d}": 1 for _ in range(3)}
        try:
            async with self.database.transaction() as connection:
                assert await stock.reserve(connection, mint("ord"), wanted) == []
            self.taken.append(perf_counter() - due)
        except Exception:
            self.failed += 1


async def _seed(database: Database, count: int) -> None:
    """Yesterday's numbers, so that there is something to reserve."""
    for first in range(0, count, _SEEDED):
        span = {"first": first, "last": min(first + _SEEDED, count) - 1}
        async with database.transaction() as connection:
            await connection.execute(_VIEWS, span)
            await connection.execute(_POSITIONS, span)
    async with database.connection() as connection:
        await connection.execute("set statement_timeout = 0")
        await connection.execute("vacuum analyze")


_SEEDED = 50_000  # at once

_VIEWS = """
insert into stock_view (source_id, sku, node_id, quantity, as_of)
select 'wms', 'SKU-' || lpad(n::text, 7, '0'), 'main', 900, clock_timestamp() - interval '1 day'
  from generate_series(%(first)s, %(last)s) n
"""

_POSITIONS = """
insert into stock_position (sku, node_id, on_hand)
select 'SKU-' || lpad(n::text, 7, '0'), 'main', 900 from generate_series(%(first)s, %(last)s) n
"""


async def _measured(url: str, count: int) -> tuple[dict[str, float], Orders]:
    database = Database(url, connections=16, name="omnigate-orders", patience=30.0)
    await database.open()
    await _seed(database, count)
    orders, over = Orders(database, count), asyncio.Event()
    coming = asyncio.create_task(orders.come(over))
    loader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.loading", url, str(count)), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await loader.communicate()
    over.set()
    await coming
    await database.close()
    found: dict[str, float] = json.loads(told)
    return found, orders


def measure(*, positions: int = POSITIONS) -> Findings:
    with folder() as home, acquire(Path(home)) as server:
        migrate(server.url)
        found, orders = asyncio.run(_measured(server.url, positions))
    minutes = (found["staged"] + found["applied"]) / 60
    text, met = goal(minutes, f"<= {MOST_MINUTES:g} min", at_most=MOST_MINUTES)
    cuts = quantiles(orders.taken, n=100)
    said: list[Any] = [
        Row(f"{positions:,} positions loaded", f"{minutes * 60:,.0f} s", f"{minutes:.1f} min", text, met),
        Row("of which sent and staged", f"{found['staged']:,.0f} s"),
        Row("of which applied", f"{found['applied']:,.0f} s"),
        Row("reservations meanwhile, p50 / p99 / longest", _told([cuts[49], cuts[98], max(orders.taken)])),
    ]
    remark = (
        f"Load: {len(orders.taken):,} reservations of three SKUs each were due at {RATE:g}/s on average and made "
        f"meanwhile, {orders.failed} failed; latency counts from when each was due. Every position had a number before "
        "and has another one now; loader and orders are a process each beside PostgreSQL with `fsync` on."
    )
    return Findings(said, [remark])


def _told(seconds: list[float]) -> str:
    return " / ".join(f"{each * 1000:,.0f}" for each in seconds) + " ms"


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(sys.argv[1], int(sys.argv[2])))))

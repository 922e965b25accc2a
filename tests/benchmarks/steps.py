"""
What one step costs, in a process of its own: `python -m tests.benchmarks.steps ours|engine COUNT`, DATABASE_URL naming
a migrated database. Prints as JSON how long COUNT workflows took, from the first claim to the last end.

`ours`: the worker as it runs, over back ends that answer at once; the goods have left before it begins, so nothing
waits. `engine`: the engine's own steps, empty: each looks for its checkpoint and then writes one, as its SDK does, over
the same pool and as many workflows side by side. Both have seven steps.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any

import uvloop
from psycopg.types.json import Jsonb

from adapters.rest.manifest import MANIFESTS
from gateway.domain.identifiers import mint
from gateway.domain.money import Money
from gateway.domain.orders import Address, Order
from gateway.domain.stock import StockLevel
from gateway.domain.time import system_clock
from gateway.ports import BackEnds, Effect, Manifest, Shipment
from gateway.store import signals, stock
from gateway.store.journal import Lease
from gateway.store.pool import Connection, Database
from gateway.workflows import engine
from gateway.workflows.operations import SAGAS
from gateway.workflows.tools import Tools
from gateway.workflows.worker import Worker
from observability import logs, tracing
from tests.benchmarks.order import SKUS, document

STEPS = [step.name for step in SAGAS["place_order.v1"].steps]
SLOTS, CONNECTIONS, POLL = 16, 8, 0.02


class NullBackEnd:
    """Answers every call at once, out of nothing."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        return []

    async def authorise(self, token: str, amount: Money, *, reference: str, key: str) -> Effect:
        return Effect(f"auth_{reference}", key, "authorisation")

    async def void(self, authorisation: str, *, key: str) -> Effect:
        return Effect(f"void_{authorisation}", key, "void")

    async def capture(self, authorisation: str, amount: Money, *, key: str) -> Effect:
        return Effect(f"cap_{authorisation}", key, "capture")

    async def book(self, order: Order, *, key: str) -> Effect:
        return Effect(f"so_{order.order_id}", key, "sales_order")

    async def cancel(self, subject: str, *, key: str) -> Effect:
        return Effect(f"cancel_{subject}", key, "cancel")

    async def invoice(self, sales_order: str, total: Money, *, capture: str, key: str) -> Effect:
        return Effect(f"inv_{sales_order}", key, "invoice")

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        return Effect(f"shp_{order.order_id}", key, "shipment")

    async def shipment(self, shipment: str) -> Shipment | None:
        return None

    async def stock(self) -> AsyncIterator[Sequence[StockLevel]]:
        yield [StockLevel(sku, None, 1_000_000_000, datetime.now(UTC)) for sku in SKUS]


async def seed_ours(connection: Connection, count: int) -> None:
    async for levels in NullBackEnd(MANIFESTS.wms).stock():
        await stock.count(connection, levels)
    scopes: list[str] = []
    values = ("bench", "bench", "bench", b"", scopes, "internal")
    await connection.execute(
        "insert into partner (partner_id, name, client_id, secret_hash, scopes, plan) values (%s, %s, %s, %s, %s, %s)",
        values,
    )
    for number in range(count):
        await _seed_order(connection, number)


async def _seed_order(connection: Connection, number: int) -> None:
    order_id, now, first = mint("ord"), datetime.now(UTC), number * 3 % len(SKUS)
    placed = document(SKUS[first : first + 3]) | {"channel_order_id": str(number)}
    address = placed["delivery_groups"][0].pop("address")
    person = {"customer": placed["customer"], "address": address}
    await connection.execute(
        "insert into personal_data (personal_id, document) values (%s, %s)", (f"per_{order_id}", Jsonb(person))
    )
    await connection.execute(_ORDER, {"id": order_id, "number": number, "now": now, "document": Jsonb(placed)})
    await connection.execute(
        "insert into run (run_id, saga, version, state, created_at, updated_at, traceparent)"
        " values (%s, 'place_order', 1, 'running', %s, %s, %s)",
        (order_id, now, now, f"00-{number + 1:032x}-{number + 1:016x}-01"),
    )
    await connection.execute("select start_task(%s, 'place_order', 1, 1)", (order_id,))
    shipped = signals.Signal(f"wms:{order_id}", order_id, "shipped", "callback:wms", {"shipped_at": now.isoformat()})
    await signals.signal(connection, shipped, now=now, trace_id=None)


_ORDER = """
insert into orders (order_id, partner_id, channel_id, channel_order_id, content_hash, status, currency, grand_total,
                    placed_at, document, personal_id, receipt, receipt_headers, trace_id, received_at, updated_at)
values (%(id)s, 'bench', 'bench-uk', %(number)s, '', 'received', 'GBP', 7424,
        %(now)s, %(document)s, 'per_' || %(id)s, '{}', '{}', 'bench', %(now)s, %(now)s)
"""


async def seed_engine(connection: Connection, count: int) -> None:
    for _ in range(count):
        await connection.execute(
            "select absurd.spawn_task('sagas', 'empty', %s, %s)",
            (Jsonb({"run_id": mint("ord")}), Jsonb({"max_attempts": 5, "retry_strategy": {"kind": "none"}})),
        )


async def work_ours(database: Database, count: int) -> None:
    back_ends = BackEnds(NullBackEnd(MANIFESTS.payments), NullBackEnd(MANIFESTS.erp), NullBackEnd(MANIFESTS.wms))
    worker = Worker(SAGAS, Tools(database, back_ends, system_clock, mint))
    working = asyncio.create_task(worker.work())
    while await _left(database):
        await asyncio.sleep(POLL)
    worker.stop()
    await working


async def work_engine(database: Database, count: int) -> None:
    """Claims as many as there is room for, whenever one has ended."""
    working: set[asyncio.Task[None]] = set()
    ended = 0
    while ended < count:
        if len(working) < SLOTS:
            for lease, _ in await engine.claim(database, "bench", SLOTS - len(working)):
                working.add(asyncio.create_task(_empty(database, lease)))
        done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        ended += len(done)


async def _empty(database: Database, lease: Lease) -> None:
    queue, task, run = engine.QUEUE, lease.engine_task, lease.engine_run
    for name in STEPS:
        async with database.connection() as connection:
            found = await connection.execute(
                "select state from absurd.get_task_checkpoint_state(%s, %s, %s)", (queue, task, name)
            )
            if await found.fetchone() is None:
                await connection.execute(
                    "select absurd.set_task_checkpoint_state(%s, %s, %s, %s, %s, %s)",
                    (queue, task, name, Jsonb({}), run, engine.LEASE),
                )
    async with database.connection() as connection:
        await engine.end(connection, lease, "completed")


async def _left(database: Database) -> bool:
    async with database.connection() as connection:
        cursor = await connection.execute(
            "select exists (select from absurd.t_sagas where state in ('pending', 'sleeping', 'running'))"
        )
        row = await cursor.fetchone()
        return bool(row and row[0])


async def main(side: str, count: int) -> dict[str, Any]:
    database = Database(os.environ["DATABASE_URL"], connections=CONNECTIONS, name="omnigate-bench", patience=10.0)
    await database.open()
    try:
        async with database.transaction() as connection:
            await (seed_ours if side == "ours" else seed_engine)(connection, count)
        async with database.connection() as connection:
            await connection.execute("analyze")
        begun, busy = perf_counter(), process_time()
        await (work_ours if side == "ours" else work_engine)(database, count)
        return {"seconds": perf_counter() - begun, "busy": process_time() - busy, **await _ended(database, side)}
    finally:
        await database.close()


async def _ended(database: Database, side: str) -> dict[str, int]:
    counted = (
        "select count(*) from orders where status = 'completed'"
        if side == "ours"
        else "select count(*) from absurd.t_sagas where state = 'completed'"
    )
    async with database.connection() as connection:
        row = await (await connection.execute(counted)).fetchone()
    return {"completed": row[0] if row else 0}


if __name__ == "__main__":
    with open(os.devnull, "wb") as nowhere:  # the worker's lines are made, and read by nobody
        logs.configure(stream=nowhere, remember=True)
        tracing.start("omnigate-worker")
        print(json.dumps(uvloop.run(main(sys.argv[1], int(sys.argv[2])))))

"""A real channel's twelve days over four nodes that have nine tenths of it: nothing is sold twice or lost track of."""

import asyncio
import csv
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from gateway.cli.replay_file import read_rows
from gateway.cli.replay_orders import body_of, sales_of
from gateway.store.embedded import acquire
from tests.proof import pieces
from tests.proof.books import Json, effects
from tests.proof.client import CHANNEL, Channel
from tests.proof.pieces import Places, Seen
from tests.proof.processes import until
from tests.proof.rig import Rig, open_rig
from tests.proof.test_replay import FILE, ORDERS

pytestmark = pytest.mark.proof

NODES = ("main", "leeds", "york", "kent")
MOST_SHIPMENTS = 3  # of policies/sourcing.yaml
BUYERS, WORKERS, WITHIN = 8, 2, 570.0  # seconds; four minutes in all, on a machine that has nothing else to do
WISHES = ("cancel_lines", "backorder")

# Asked of the database for as long as there is something to wait for; what is judged is what a partner reads.
UNDER_WAY = """
select (select count(*) from orders o where status not in ('completed', 'rejected', 'cancelled')
           and not exists (select from order_line l where l.order_id = o.order_id and l.backordered > 0))
     + (select count(*) from fulfilment where status not in ('completed', 'rejected', 'cancelled'))
     + (select count(*) from order_line where open + allocated + released + picked > 0)
     + (select count(*) from order_line l join stock_position p using (sku) where l.backordered > 0 and p.available > 0)
"""


def spread(demand: Mapping[str, int]) -> Places:
    """Nine tenths of each SKU's demand, divided among the nodes by the SKU's own hash."""
    stock: dict[tuple[str, str], int] = {}
    for sku, wanted in demand.items():
        weights = hashlib.sha256(sku.encode()).digest()[: len(NODES)]
        there = wanted * 9 // 10
        for node, weight in zip(NODES, weights, strict=True):
            stock[sku, node] = there * weight // max(1, sum(weights))
        stock[sku, NODES[weights[0] % len(NODES)]] += there - sum(stock[sku, node] for node in NODES)
    return stock


def write_catalogue(folder: Path, stock: Places) -> Path:
    path = folder / "catalogue.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("sku", "gtin", "on_hand", *(f"on_hand@{node}" for node in NODES[1:])))
        writer.writerows((sku, "", *(stock[sku, node] for node in NODES)) for sku in sorted({sku for sku, _ in stock}))
    return path


@asynccontextmanager
async def installation(home: Path, stock: Places) -> AsyncIterator[Rig]:
    nodes = home / "nodes.yaml"
    told = "type: dc, timezone: Europe/London, source_id: wms"
    nodes.write_text("nodes:\n" + "".join(f"  {node}: {{name: {node}, {told}}}\n" for node in NODES))
    with acquire(home) as server:
        async with open_rig(server.url, home, catalogue=write_catalogue(home, stock), nodes=nodes) as rig:
            yield rig


@pytest.mark.skipif(not FILE.exists(), reason=f"NOTHING SOLD: {FILE.name} is not beside the repository")
async def test_nine_tenths_of_the_demand_are_sold_from_four_nodes(home: Path) -> None:
    sales = sales_of(read_rows(FILE))
    stock = spread(sales.demand())
    bodies = [
        {**body_of(invoice, CHANNEL), "when_short": WISHES[number % len(WISHES)]}
        for number, invoice in enumerate(sales.orders)
    ]
    async with installation(home, stock) as rig:
        _, address = await rig.start_edge()
        for _ in range(WORKERS):
            rig.start_worker()
        async with rig.channel(address) as channel:
            await place(channel, bodies)
            seen = await at_rest(rig, channel)
        summary = (await rig.sandbox.get("/ledger/summary")).json()
        await rig.run("audit", "inventory", "audit")
        parked = await count(rig, "select count(*) from run where state = 'parked'")
        short = await count(rig, "select count(*) from stock_position where available < 0")

    lines = [line for order in seen.orders.values() for line in order["lines"]]
    parts = {name: len(order["fulfilments"]) for name, order in seen.orders.items()}
    whole = [name for name, order in seen.orders.items() if order["when_short"] == "cancel_lines"]
    assert (len(seen.orders), parked, short, summary["doubled"]) == (ORDERS, 0, 0, 0)
    assert all(pieces.rests(order) for order in seen.orders.values())
    assert pieces.oversold(seen, stock) == pieces.awaited_in_vain(seen) == []
    assert [fault for order in seen.orders.values() for fault in pieces.unaccounted(order)] == []
    assert pieces.left_by_orders(seen) == pieces.left_by_shipments(seen)
    assert pieces.taken(seen) == pieces.worth(seen)
    assert pieces.most_at_once(seen) <= MOST_SHIPMENTS
    assert max(parts[name] for name in whole) <= MOST_SHIPMENTS
    counts = {place: sum(line["pieces"].get(place, 0) for line in lines) for place in sorted(pieces.SETTLED)}
    print(f"\n{sum(stock.values()):,} pieces of {sum(sales.demand().values()):,}: {counts}; {Counter(parts.values())}")


async def place(channel: Channel, bodies: Sequence[Json]) -> None:
    waiting = iter(bodies)

    async def buy() -> None:
        for body in waiting:
            await channel.place(body)

    async with asyncio.TaskGroup() as group:
        for _ in range(BUYERS):
            group.create_task(buy())


async def at_rest(rig: Rig, channel: Channel) -> Seen:
    """What there is to see once every order has ended or does nothing but wait, for what is nowhere to be had."""

    async def settled() -> bool:
        return not await count(rig, UNDER_WAY)

    await until(settled, what="every order has ended or waits for what is nowhere", within=WITHIN, pause=1.0)
    orders = {acked.order_id: await channel.look(acked.order_id) for acked in channel.acked}
    shelves = (await rig.sandbox.get("/ledger/wms/stock")).json()["stock"]
    return Seen(orders, await effects(rig.sandbox), shelves)


async def count(rig: Rig, sql: str) -> int:
    assert rig.settings.database_url is not None
    async with await psycopg.AsyncConnection.connect(rig.settings.database_url.get_secret_value()) as connection:
        row = await (await connection.execute(sql.encode())).fetchone()
    assert row is not None
    return int(row[0])

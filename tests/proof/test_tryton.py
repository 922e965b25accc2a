"""Whole processes over an ERP that nobody here wrote: what an order comes to in Tryton, read by a client of its own."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from tests.peers.books import Sale, sales
from tests.peers.clerk import Clerk
from tests.peers.hand import warehouse_at_work
from tests.peers.tryton import Tryton, tryton
from tests.peers.wiring import variables
from tests.proof.client import Channel, order
from tests.proof.processes import until
from tests.proof.rig import open_rig

pytestmark = pytest.mark.proof

WITHIN = 300.0  # seconds: Tryton takes about two of them for an order, on a quiet machine


@dataclass(frozen=True, slots=True)
class Shop:
    database_url: str
    channel: Channel
    clerk: Clerk

    def sales(self, order_id: str) -> list[Sale]:
        return sales(self.clerk, order_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    with tryton(tmp_path_factory.mktemp("tryton")) as opened:
        yield opened


@pytest.fixture
async def shop(database_url: str, home: Path, server: Tryton) -> AsyncIterator[Shop]:
    """Edge, worker, and the sandbox for payments; a clerk ships what is released."""
    async with open_rig(database_url, home, settings_too=variables(server, home)) as rig:
        _, address = await rig.start_edge()
        rig.start_worker()
        async with rig.channel(address) as channel, warehouse_at_work(server):
            yield Shop(database_url, channel, Clerk(server))


STUCK = """
select jsonb_agg(a.detail || jsonb_build_object('step', a.step, 'outcome', a.outcome) order by a.begun_at)
  from run join attempt a using (run_id) where %s in (run_id, parent_id) and run.state = 'parked'
"""


async def ended(shop: Shop, order_id: str) -> str:
    async def at_rest() -> bool:
        async with await psycopg.AsyncConnection.connect(shop.database_url) as looking:
            (stuck,) = await (await looking.execute(STUCK, (order_id,))).fetchone() or (None,)
        assert stuck is None, f"the order is parked: {stuck}"
        return await shop.channel.has_ended(order_id)

    await until(at_rest, what="the order has ended", within=WITHIN, pause=0.2)
    return await shop.channel.status(order_id)


async def test_an_order_ends_as_a_done_shipment_and_a_paid_invoice(shop: Shop) -> None:
    body = order(number=5)
    order_id = (await shop.channel.place(body)).order_id

    status = await ended(shop, order_id)
    assert status == "completed"
    (sale,) = shop.sales(order_id)

    total = Decimal(body["totals"]["grand_total"]["amount"]) / 100
    assert sale.state in ("processing", "done"), "it is confirmed"
    assert (sale.shipments, sale.invoices) == (("done",), ("paid",))
    assert (sale.total, sale.invoiced) == (total, total)


async def test_a_declined_order_leaves_nothing_there(shop: Shop) -> None:
    order_id = (await shop.channel.place(order(number=5, token="tok_declined"))).order_id

    status = await ended(shop, order_id)

    assert status == "rejected"
    assert shop.sales(order_id) == []

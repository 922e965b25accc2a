"""Whole processes over an ERP that nobody here wrote: what an order comes to in Tryton, read by a client of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.peers.books import Sale, came_back, sales
from tests.peers.clerk import Clerk
from tests.peers.hand import warehouse_at_work
from tests.peers.tryton import Tryton
from tests.peers.wiring import variables
from tests.proof.client import Channel, Json, order
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

    async def sent_back(self, order_id: str, *, pieces: int) -> str:
        """So many of the first line are asked back, come, and are found good."""
        node = {"node_id": "main", "lines": [{"line_id": "1", "received": pieces, "condition": "new"}]}
        good = {"line_id": "1", "quantity": pieces, "outcome": "accepted", "disposition": "restock"}
        wish = {"line_id": "1", "quantity": pieces, "reason": "changed_mind"}
        asked = {"order_id": order_id, "channel_return_id": f"R-{order_id}", "lines": [wish]}
        return_id = str((await self._told("", asked))["return_id"])
        await self._told(f"/{return_id}/receipts", {"receipt_id": f"GR-{return_id}", **node})
        await self._told(
            f"/{return_id}/inspections", {"inspection_id": f"IN-{return_id}", "node_id": "main", "lines": [good]}
        )
        return return_id

    async def _told(self, path: str, body: Json) -> Json:
        answer = await self.channel.post(body, str(uuid4()), to=f"/v1/returns{path}")
        assert answer.status_code == 201, answer.text
        told: Json = answer.json()
        return told


@pytest.fixture
async def shop(database_url: str, home: Path, server: Tryton) -> AsyncIterator[Shop]:
    """Edge, worker, and the sandbox for payments; a clerk ships what is released."""
    async with open_rig(database_url, home, settings_too=variables(server, home)) as rig:
        _, address = await rig.start_edge()
        rig.start_worker()
        async with rig.channel(address) as channel, warehouse_at_work(server):
            yield Shop(database_url, channel, Clerk(server))


async def closed(shop: Shop, return_id: str) -> None:
    async def is_closed() -> bool:
        await assert_not_stuck(shop, return_id)
        answer = await shop.channel.http.get(f"/v1/returns/{return_id}", headers=shop.channel.headers())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["status"]) == "closed"

    await until(is_closed, what="the return is closed", within=WITHIN, pause=0.2)


STUCK = """
select jsonb_agg(a.detail || jsonb_build_object('step', a.step, 'outcome', a.outcome) order by a.begun_at)
  from run join attempt a using (run_id) where %s in (run_id, parent_id) and run.state = 'parked'
"""


async def assert_not_stuck(shop: Shop, run_id: str) -> None:
    async with await psycopg.AsyncConnection.connect(shop.database_url) as looking:
        (stuck,) = await (await looking.execute(STUCK, (run_id,))).fetchone() or (None,)
    assert stuck is None, f"it is parked: {stuck}"


async def ended(shop: Shop, order_id: str) -> str:
    async def at_rest() -> bool:
        await assert_not_stuck(shop, order_id)
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


async def test_what_came_back_is_a_received_shipment_and_a_credit_note_of_what_was_given_back(shop: Shop) -> None:
    body = order(number=5)
    order_id = (await shop.channel.place(body)).order_id
    await ended(shop, order_id)

    return_id = await shop.sent_back(order_id, pieces=2)

    await closed(shop, return_id)
    (back,) = came_back(shop.clerk, order_id)
    worth = 2 * Decimal(body["lines"][0]["unit_price"])
    assert (back.shipments, back.pieces) == (("received",), 2)
    assert (back.credit_notes, back.credited, back.total) == (("paid",), worth, -worth)
    assert back.reference.startswith("rfd_")
    assert (await shop.channel.look(order_id))["payment_status"] == "partially_refunded"


async def test_a_declined_order_leaves_nothing_there(shop: Shop) -> None:
    order_id = (await shop.channel.place(order(number=5, token="tok_declined"))).order_id

    status = await ended(shop, order_id)

    assert status == "rejected"
    assert shop.sales(order_id) == []

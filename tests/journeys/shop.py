"""The whole of Omnigate in one process: what a partner, a warehouse and an operator can do and see."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, LiteralString
from uuid import uuid4

from httpx2 import AsyncClient, Response

from adapters.sandbox import Product
from gateway.domain.identifiers import mint
from gateway.domain.time import rfc3339, system_clock
from gateway.ports import BackEnds
from gateway.store import stock, timeline
from gateway.store.signals import Signal, signal
from gateway.store.timeline import Moment
from gateway.workflows.operations import SAGAS, Desk
from gateway.workflows.place_order import Terms
from gateway.workflows.saga import Saga
from gateway.workflows.tools import Tools
from gateway.workflows.worker import Worker
from observability.metrics import WorkerMetrics
from tests.gate import Gate

PATIENCE = 20.0  # seconds; bounds a wait for what must happen, asserts nothing
AT_REST = {"completed", "rejected", "cancelled"}
LAMP, VASE = "LAMP-7", "VASE-2"
CATALOGUE = (Product(LAMP, None, 100), Product(VASE, None, 5))


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "GBP"}


def order(
    reference: str | None = None, *, sku: str = LAMP, quantity: int = 1, token: str = "tok_good"
) -> dict[str, Any]:
    """A valid order of one line at 2.50 apiece, placed now."""
    total = 250 * quantity
    return {
        "channel": {"channel_id": "web-uk"},
        "channel_order_id": reference or uuid4().hex,
        "placed_at": rfc3339(system_clock()),
        "currency": "GBP",
        "tax_mode": "inclusive",
        "customer": {"type": "person", "customer_ref": "c-1"},
        "lines": [{"line_id": "1", "sku": sku, "quantity": quantity, "unit_price": "2.50"}],
        "delivery_groups": [
            {
                "id": "1",
                "method": "ship_to_home",
                "address": {"name": "Ada", "lines": ["1 High Street"], "city": "York", "country": "GB"},
            }
        ],
        "payment": {"method": "card", "token": token, "amount": money(total)},
        "totals": {
            "items": money(total),
            "discount": money(0),
            "shipping": money(0),
            "tax": money(0),
            "grand_total": money(total),
        },
    }


@dataclass
class Shop:
    gate: Gate
    sandbox: AsyncClient
    back_ends: BackEnds
    headers: dict[str, str] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    workers: list[tuple[Worker, "asyncio.Task[None]"]] = field(default_factory=list)
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    till: str = "psp"  # the ledger that payments stand in
    terms: Terms = field(default_factory=Terms)  # of the workers that it was opened with

    async def place(self, body: dict[str, Any], *, key: str | None = None, **headers: str) -> Response:
        sent = {**self.headers, "idempotency-key": key or uuid4().hex, **headers}
        return await self.gate.http.post("/v1/orders", json=body, headers=sent)

    async def placed(self, body: dict[str, Any]) -> str:
        answer = await self.place(body)
        assert answer.status_code == 202, answer.text
        order_id: str = answer.json()["order_id"]
        return order_id

    async def cancel(self, order_id: str) -> Response:
        headers = {**self.headers, "idempotency-key": uuid4().hex}
        return await self.gate.http.post(f"/v1/orders/{order_id}/cancel", json={}, headers=headers)

    async def seen(self, order_id: str) -> dict[str, Any]:
        answer = await self.gate.http.get(f"/v1/orders/{order_id}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def until(self, order_id: str, *statuses: str) -> dict[str, Any]:
        """The order once it is in one of *statuses* (default: at rest)."""
        end = monotonic() + PATIENCE
        while True:
            document = await self.seen(order_id)
            if document["status"] in (set(statuses) or AT_REST):
                return document
            assert monotonic() < end, f"{order_id} is still {document['status']}"
            await asyncio.sleep(0.1)

    async def until_seen(self, order_id: str, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The order as soon as it looks so."""
        end = monotonic() + PATIENCE
        while not what(document := await self.seen(order_id)):
            assert monotonic() < end, f"{order_id} does not come to look so: {document}"
            await asyncio.sleep(0.1)
        return document

    async def time_passes(self, statement: LiteralString) -> None:
        async with self.gate.database.connection() as connection:
            await connection.execute(statement)

    async def nudge(self, run_id: str) -> None:
        """It is worth for the run to look again."""
        async with self.gate.database.connection() as connection:
            await connection.execute("select wake(%s)", (run_id,))

    async def patience_ends(self, order_id: str, step: str, part: str = "") -> None:
        """Time passes: that part of the order, else its last one, has waited in that step for as long as it does."""
        part, end = part or await self.part(order_id), monotonic() + PATIENCE
        while True:
            async with self.gate.database.connection() as connection:
                cursor = await connection.execute(
                    "update step set begun_at = begun_at - interval '30 days' where run_id = %s and name = %s"
                    " and state = 'intended' returning 1",
                    (part, step),
                )
                if await cursor.fetchone():
                    break
            assert monotonic() < end, f"{part} does not wait in {step}"
            await asyncio.sleep(0.1)
        await self.nudge(part)

    async def until_parked(self, order_id: str) -> dict[str, Any]:
        end = monotonic() + PATIENCE
        while True:
            found = await timeline.find(self.gate.database, order_id)
            if found[0].run_state == "parked":
                assert found[0].cause is not None
                return dict(found[0].cause)
            assert monotonic() < end, f"{order_id} is {found[0].run_state}"
            await asyncio.sleep(0.1)

    async def find(self, term: str) -> list[str]:
        return [found.order_id for found in await timeline.find(self.gate.database, term)]

    async def park_by_deadline(self, order_id: str) -> None:
        """Time passes: the open step has been tried for longer than its deadline."""
        end = monotonic() + PATIENCE
        while (await timeline.find(self.gate.database, order_id))[0].run_state != "parked":
            async with self.gate.database.connection() as connection:
                await connection.execute(
                    "update step set begun_at = begun_at - interval '2 days' where state <> 'succeeded' and run_id in"
                    " (select run_id from run where %s in (run_id, parent_id))",
                    (order_id,),
                )
            assert monotonic() < end, f"{order_id} is not parked"
            await asyncio.sleep(0.1)

    async def timeline(self, order_id: str) -> list[Moment]:
        return await timeline.timeline(self.gate.database, order_id)

    async def ledger(self, system: str, order_id: str) -> list[dict[str, Any]]:
        """What the system did for the order, by its own ledger, in its order."""
        answer = await self.sandbox.get(f"/ledger/{system}/effects", params={"order_id": order_id})
        effects: list[dict[str, Any]] = answer.json()["effects"]
        return effects

    async def effects(self, system: str, order_id: str) -> list[str]:
        return [effect["kind"] for effect in await self.ledger(system, order_id)]

    async def books(self, order_id: str) -> dict[str, list[str]]:
        return {system: await self.effects(system, order_id) for system in (self.till, "erp", "wms")}

    async def until_ledger(self, system: str, order_id: str, kind: str, count: int = 1) -> None:
        end = monotonic() + PATIENCE
        while (await self.effects(system, order_id)).count(kind) < count:
            assert monotonic() < end, f"{system} has no {kind} for {order_id}"
            await asyncio.sleep(0.02)

    async def part(self, order_id: str) -> str:
        """The run that carries the last part of the order out."""
        async with self.gate.database.connection() as connection:
            cursor = await connection.execute(
                "select fulfilment_id from fulfilment where order_id = %s order by number desc limit 1", (order_id,)
            )
            row = await cursor.fetchone()
        assert row is not None, f"{order_id} has no part"
        return str(row[0])

    async def ship(self, shipment: str) -> None:
        assert (await self.sandbox.post("/wms/_ship", json={"shipment_id": shipment})).status_code == 200

    async def fault(self, system: str, operation: str, kind: str, count: int = 1) -> None:
        self.rules.append({"system": system, "operation": operation, "kind": kind, "next": count})
        answer = await self.sandbox.post("/faults", json={"rules": self.rules})
        assert answer.status_code < 300, answer.text

    async def mended(self) -> None:
        """Nothing goes wrong any more."""
        self.rules.clear()
        assert (await self.sandbox.post("/faults", json={"rules": []})).status_code < 300

    async def until_told(self, order_id: str, what: str, outcome: str) -> None:
        """Until the order's timeline tells of an attempt that ended so."""
        end = monotonic() + PATIENCE
        while not any(what in told.what and told.outcome == outcome for told in await self.timeline(order_id)):
            assert monotonic() < end, f"{order_id} has no {what} that is {outcome}"
            await asyncio.sleep(0.02)

    async def hold_shipping(self, *, hold: bool) -> None:
        assert (await self.sandbox.post("/wms/_hold", json={"hold": hold})).status_code == 200

    async def hold_money_for(self, seconds: int) -> None:
        assert (await self.sandbox.post("/psp/_hold_for", json={"seconds": seconds})).status_code == 200

    async def book_by_hand(self, order_id: str) -> None:
        """Somebody types the order into the ERP, under our reference."""
        body = {
            "reference": f"{await self.part(order_id)}:book_in_erp",
            "order_id": order_id,
            "channel": "web-uk",
            "customer_reference": "c-1",
            "currency": "GBP",
            "lines": [{"line_id": "1", "sku": LAMP, "quantity": 1, "unit_price": "2.50", "total": 250}],
            **{"goods": 250, "discount": 0, "shipping": 0, "tax": 0, "total": 250},
        }
        assert (await self.sandbox.post("/erp/sales-orders", json=body)).status_code == 201

    async def void_by_hand(self, order_id: str) -> None:
        """Somebody gives the held money back in the payment provider's own pages."""
        held = (await self.ledger("psp", order_id))[0]["id"]
        assert (await self.sandbox.post(f"/psp/authorisations/{held}/void", json={})).status_code == 200

    async def say_shipped(self, run_id: str) -> None:
        """The warehouse's word about a part, as a callback's route passes it on."""
        fact = {"shipped_at": rfc3339(system_clock())}
        told = Signal(uuid4().hex, run_id, "shipped", "callback:wms", fact)
        async with self.gate.database.transaction() as connection:
            await signal(connection, told, now=system_clock(), trace_id=None)

    async def reserved(self, sku: str) -> int:
        async with self.gate.database.connection() as connection:
            cursor = await connection.execute("select reserved from stock_position where sku = %s", (sku,))
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def reserved_at(self, node: str) -> int:
        async with self.gate.database.connection() as connection:
            cursor = await connection.execute(
                "select coalesce(sum(reserved), 0) from stock_position where node_id = %s", (node,)
            )
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def close_node(self, node: str) -> None:
        """Nothing is served from there any more."""
        async with self.gate.database.connection() as connection:
            await connection.execute("update node set status = 'closed' where node_id = %s", (node,))

    async def sync_stock(self) -> None:
        async for levels in self.back_ends.wms.stock():
            async with self.gate.database.transaction() as connection:
                await stock.count(connection, levels)

    def desk(self, operator: str = "olga") -> Desk:
        return Desk(operator, self.gate.database, system_clock, mint)

    def without_credits(self) -> Terms:
        """As the workers are, where the ERP posts no credit memos."""
        return replace(self.terms, credits_goods=False)

    def start_worker(self, sagas: Mapping[str, Saga] = SAGAS, *, slots: int = 16) -> None:
        tools = Tools(self.gate.database, self.back_ends, system_clock, mint, metrics=self.metrics)
        worker = Worker(sagas, tools, slots=slots)
        self.workers.append((worker, asyncio.create_task(worker.work())))

    async def stop_workers(self) -> None:
        for worker, _ in self.workers:
            worker.stop()
        await asyncio.gather(*(task for _, task in self.workers))
        self.workers.clear()

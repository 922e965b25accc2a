"""
P1: what is bought, while edges and workers die by SIGKILL, and ERP and suppliers fail before or after they have done
what they were asked for. Buyers issue orders and cancel some, the supplier confirms, changes, or answers only when it
is reminded, goods are received and billed.

However that goes, each order that was not taken back is in the ERP once as it was agreed to, was sent once, and its
goods and its bill were posted once; of what was taken back nothing is left anywhere.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from httpx2 import HTTPError

from gateway.store.pool import Database
from tests.chaos.floor import Floor, open_floor
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Channel, Json
from tests.proof.processes import until
from tests.resources.billed import billed_line, invoice_body
from tests.resources.delivered import came, goods_body
from tests.resources.supplied import WHY, confirmation, purchase_body, supplying

SUPPLIER, BEFORE, SKU = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "LAMP-7"
STAFF = {"bob": "buyer", "dora": "receiver"}
KINDS = ("delivered", "reminded", "cancelled", "changed")
FAULTY = (
    *(("erp", name) for name in ("create_purchase_order", "create_goods_receipt", "create_supplier_bill")),
    ("supplier", "take_message"),
)
CHANCES = {"error_before": 0.1, "error_after": 0.1, "reset_after": 0.1, "garbage": 0.05}
PACE, AT_ONCE, FEWER = 1.0, 6, 99  # seconds between two kills; orders at a time; of a hundred pieces
AGAIN = frozenset({"idempotency_in_flight", "order_locked"})
DONE = {"purchase_order": 1, "goods_receipt": 1, "bill": 1}
ENDS = {
    "delivered": (DONE, {"message": 1}),
    "reminded": (DONE, {"message": 1, "reminder": 1}),
    "changed": ({**DONE, "purchase_order": 2, "purchase_cancel": 1}, {"message": 1}),
}


@dataclass
class Market:
    """Those who buy, receive, deliver and bill, each at every edge."""

    floor: Floor
    turns: Iterator[int] = field(default_factory=itertools.count)

    async def told(self, who: Sequence[Channel], body: Json | None, to: str) -> Json:
        """Until it is taken in: repeated under its key, at one edge after the other."""
        key = str(uuid4())
        deadline = time.monotonic() + PATIENT
        while time.monotonic() < deadline:
            try:
                answer = await who[next(self.turns) % len(who)].http.post(to, json=body, headers=who[0].headers(key))
            except HTTPError:
                await asyncio.sleep(0.2)
                continue
            if answer.is_success:
                document: Json = answer.json()
                return document
            assert answer.status_code == 503 or answer.json()["code"] in AGAIN, answer.text
            await asyncio.sleep(0.5)
        raise AssertionError(f"{to} was not taken in")

    async def buy(self, number: int, kind: str) -> str:
        bob, dora = self.floor.staff["bob"], self.floor.staff["dora"]
        pieces, price = (100 if kind == "changed" else 10), 450 + number
        body = purchase_body(SUPPLIER, f"PO-{number}", pieces, price=price)
        body["lines"][0]["sku"] = SKU
        po_id = str((await self.told(bob, body, "/v1/purchase-orders"))["po_id"])
        order = f"/v1/purchase-orders/{po_id}"
        for word in ("submit", "issue"):
            await self.told(bob, None, f"{order}/{word}")
        if kind == "cancelled":
            await asyncio.sleep(number % 5 / 5)
            await self.told(bob, {"reason": WHY}, f"{order}/cancel")
            return po_id
        if kind == "reminded":
            await self._reminded(po_id)
        pieces = FEWER if kind == "changed" else pieces
        word: Json = {"status": "changed", "quantity": FEWER} if kind == "changed" else {"status": "accepted"}
        said = confirmation("C-1", {"line_id": "1", **word})
        await self.told(self.floor.channels, said, f"{order}/confirmations")
        await self.told(dora, goods_body(f"G-{number}", came(pieces)), f"{order}/receipts")
        bill = invoice_body(po_id, f"R-{number:04d}-{number * 7919}", billed_line(pieces, price, sku=SKU))
        await self.told(self.floor.channels, bill, "/v1/supplier-invoices")
        return po_id

    async def _reminded(self, po_id: str) -> None:
        """Its supplier has had a day; so much can be waited for, for the order was sent."""
        await until(lambda: self._did(po_id, "supplier", "message"), what=f"{po_id} was sent", within=PATIENT)
        await self.rows("update purchase set asked_at = asked_at - interval '25 hours' where po_id = %s", po_id)
        await self.rows("select wake(purchase_id) from purchase where po_id = %s", po_id)
        await until(lambda: self._did(po_id, "supplier", "reminder"), what=f"{po_id} is asked after", within=PATIENT)

    async def _did(self, po_id: str, system: str, kind: str) -> bool:
        return kind in await self.done(po_id, system)

    async def done(self, po_id: str, system: str) -> Counter[str]:
        answer = await self.floor.rig.sandbox.get(f"/ledger/{system}/effects", params={"order_id": po_id})
        return Counter(effect["kind"] for effect in answer.raise_for_status().json()["effects"])

    async def rows(self, statement: LiteralString, *values: object) -> list[Any]:
        url = self.floor.rig.environment["DATABASE_URL"]
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    async def rests(self) -> bool:
        return await self.rows("select 1 from run where state not in ('ended', 'parked') limit 1") == []


async def purchases(room: Room) -> None:
    async with open_floor(room, suppliers=True) as floor, floor.operators(STAFF):
        await _supplied(floor)
        await floor.faults(*rules(), seed=room.seed)
        market, count = Market(floor), room.size["orders"]
        killer = asyncio.create_task(_kills(room, floor))
        bought = await _bought(market, count)
        killed = await killer
        last_fault = time.time()
        await until(market.rests, what="nothing is left to do", within=PATIENT, pause=1.0)
        for kind, po_id in bought:
            await _judged(room, market, kind, po_id)
        parked = await market.rows("select run_id, saga, cause from run where state = 'parked'")
        room.hold(not parked, f"needlessly parked: {parked}")
        unpaid = await market.rows("select invoice_id, state from supplier_invoice where state <> 'posted'")
        room.hold(not unpaid, f"not posted: {unpaid}")
        struck = (await floor.rig.sandbox.get("/faults")).json()["injected"]
        rested = {"rest after, s": round(time.time() - last_fault, 1), "kills": killed}
        room.counts |= {"purchases": len(bought), **rested, **struck}
        room.counts |= {"workflows": await floor.gathering.workflows()}


async def _supplied(floor: Floor) -> None:
    database = Database(floor.rig.environment["DATABASE_URL"], connections=2, name="chaos")
    await database.open()
    try:
        await supplying(database, "web", supplier_id=SUPPLIER, po_id=BEFORE)
    finally:
        await database.close()


def rules() -> list[Json]:
    return [
        {"system": system, "operation": operation, "kind": kind, "probability": chance}
        for system, operation in FAULTY
        for kind, chance in CHANCES.items()
    ]


async def _bought(market: Market, count: int) -> list[tuple[str, str]]:
    few = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> tuple[str, str]:
        kind = KINDS[number % len(KINDS)]
        async with few:
            return kind, await market.buy(number, kind)

    return list(await asyncio.gather(*(one(number) for number in range(1, count + 1))))


async def _kills(room: Room, floor: Floor) -> int:
    dice = room.dice("kills")
    for _ in range(room.size["kills"]):
        await floor.fleet.killed_and_back(dice.choice(floor.fleet.places))
        await asyncio.sleep(PACE)
    return floor.fleet.kills


async def _judged(room: Room, market: Market, kind: str, po_id: str) -> None:
    erp, supplier = await market.done(po_id, "erp"), await market.done(po_id, "supplier")
    if kind == "cancelled":  # it may have come before anybody was asked
        once = max(erp["purchase_order"], supplier["message"]) <= 1
        gone = erp["purchase_order"] == erp["purchase_cancel"] and supplier["message"] == supplier["withdrawal"]
        room.hold(once and gone, f"{po_id} was taken back, and {dict(erp)}, {dict(supplier)} were done")
    else:
        room.hold((erp, supplier) == ENDS[kind], f"{po_id} was {kind}, and {dict(erp)}, {dict(supplier)} were done")

"""The suppliers' people: they play what is written for each order, and tell whoever ordered at their own door."""

import asyncio
import sqlite3
from types import TracebackType
from typing import Self

import orjson

from adapters.sandbox import supplier, supplier_documents
from adapters.sandbox.answers import Json
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.partner_door import Heard, PartnerDoor
from adapters.sandbox.supplier_documents import Document
from adapters.sandbox.supplier_script import ANSWERS
from adapters.sandbox.turns import in_turns

CONCURRENCY = 4
IDLE = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
MOST_ATTEMPTS = 60  # of one play, half an hour; then somebody has to say `_go`
LONGEST_ANSWER = 4_000
NOT_YET = ("draft", "pending_approval", "approved", "rejected", "issued", "being_changed", "change_proposed")
OVER = ("declined", "cancelled")  # nothing is delivered
DUE = "SELECT * FROM supplier_orders WHERE state = 'at_work' AND next_at <= ? ORDER BY next_at LIMIT ?"
NEXT = "SELECT min(next_at) FROM supplier_orders WHERE state = 'at_work' AND next_at > ?"
PENDING = "SELECT * FROM supplier_documents WHERE po_id = ? AND edition = ? AND state = 'pending' ORDER BY sequence"
WRITE = """
INSERT INTO supplier_documents (key, po_id, po_number, edition, kind, number, path, body, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
HEARD = """
UPDATE supplier_documents SET state = ?, attempts = attempts + 1, last_status = ?, answer = ?
 WHERE sequence = ? AND state = 'pending'
"""
ONWARDS = """
UPDATE supplier_orders SET place = place + 1, attempts = 0, next_at = ?, state = 'at_work'
 WHERE po_id = ? AND edition = ?
"""
LATER = "UPDATE supplier_orders SET attempts = ?, next_at = ?, state = ? WHERE po_id = ? AND edition = ?"
STANDS = "UPDATE supplier_orders SET state = ? WHERE po_id = ? AND edition = ?"
WAITS = """
UPDATE supplier_orders SET state = iif(let_go, 'at_work', 'waits'), place = place + let_go, let_go = 0
 WHERE po_id = ? AND edition = ?
"""
# Of one that has not come to wait, it is remembered; of one that rests after a failure, it is for that.
GO = """
UPDATE supplier_orders SET place = place + (state = 'waits'), let_go = let_go OR (state = 'at_work' AND attempts = 0),
       state = 'at_work', next_at = ?1, attempts = 0
 WHERE state IN ('waits', 'stuck', 'at_work') AND coalesce(?2, po_number) = po_number
"""


class Supplying:
    """Plays what is due, one play of an order at a time. Without an account nothing is done."""

    def __init__(self, ledger: Ledger, door: PartnerDoor, *, supply_after: float) -> None:
        self._ledger = ledger
        self.door = door
        self._supply_after = supply_after
        self._wake = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        plays = list(self._under_way.values())
        for play in plays:
            play.cancel()  # what was written and not answered is sent again, under the same key, after the restart
        await asyncio.gather(*plays, return_exceptions=True)

    def wake(self) -> None:
        self._wake.set()

    def go(self, po_number: str | None) -> int:
        """What waits goes on, or will not wait once; what has given up or rests tries again at once. How many."""
        self._ledger.run(GO, self._ledger.now() - self._supply_after, po_number)
        self.wake()
        return int(self._ledger.value("SELECT changes()"))

    async def run(self) -> None:
        await in_turns(self._turn, self._wake)

    def _turn(self) -> float:
        if self.door.account is None:
            return IDLE
        due_until = self._ledger.now() - self._supply_after
        for row in self._ledger.rows(DUE, due_until, CONCURRENCY + len(self._under_way)):
            if row["po_id"] not in self._under_way and len(self._under_way) < CONCURRENCY:
                self._under_way[row["po_id"]] = asyncio.create_task(self._act(_read(row)))
        due = self._ledger.value(NEXT, due_until)
        return IDLE if due is None else min(IDLE, due - due_until)

    async def _act(self, order: Json) -> None:
        try:
            written = self._ledger.row(PENDING, order["po_id"], order["edition"])
            if written is None:
                await self._play(order)  # and then it is due at once
            else:
                heard = await self.door.ask("POST", written["path"], body=written["body"], key=written["key"])
                self._hear(order, written, heard)
        except (LookupError, TypeError, ValueError, OverflowError):  # the door shows an order of another shape
            self._later(order)
        finally:
            del self._under_way[order["po_id"]]
            self._wake.set()

    async def _play(self, order: Json) -> None:
        """Write down what the play at hand has to say; it is sent in the turn that follows."""
        script, place = order["script"], order["place"]
        if place >= len(script):
            self._ledger.run(STANDS, "done", order["po_id"], order["edition"])
            return
        play = script[place]
        if play["play"] == "delay":
            self._ledger.run(WAITS, order["po_id"], order["edition"])
        elif play["play"] in ANSWERS:
            number = self._place(order, "confirmation")
            self._write(order, supplier_documents.confirmation(order, play, number))
        else:
            await self._deliver(order, play)

    async def _deliver(self, order: Json, play: Json) -> None:
        """Ship or bill what was agreed in the end, which the door knows."""
        heard = await self.door.ask("GET", f"/v1/purchase-orders/{order['po_id']}")
        status = heard.body.get("status")
        if status in OVER:
            self._ledger.run(STANDS, "done", order["po_id"], order["edition"])
        elif not heard.taken or status in NOT_YET:
            self._later(order)
        elif play["play"] == "ship":
            goods, number = supplier_documents.loaded(heard.body["lines"], play), self._place(order, "shipping_notice")
            notice = supplier_documents.shipping_notice(order, goods, number, self._ledger.now())
            self._write(order, notice, leaving=goods)
        else:
            self._bill(order, heard.body["lines"], play)

    def _bill(self, order: Json, agreed: list[Json], play: Json) -> None:
        number, before = self._place(order, "invoice"), self._last(order, "invoice")
        if play["play"] == "bill_again" and before is not None:
            self._write(order, supplier_documents.invoice_again(order, before, number))
            return
        notice = self._last(order, "shipping_notice")
        goods = agreed if notice is None else _on_it(notice, agreed)
        self._write(order, supplier_documents.invoice(order, goods, play, number, self._ledger.now()))

    def _write(self, order: Json, document: Document, *, leaving: list[Json] | None = None) -> None:
        """Unless the order was withdrawn or revised meanwhile. Whatever leaves leaves in the same transaction."""
        plain = (document.kind, document.number, document.path, orjson.dumps(document.body), self._ledger.now())
        with self._ledger.transaction():
            now = self._ledger.row("SELECT edition FROM supplier_orders WHERE po_id = ?", order["po_id"])
            if now is None or now["edition"] != order["edition"]:
                return
            self._ledger.run(WRITE, document.key, order["po_id"], order["po_number"], order["edition"], *plain)
            if leaving is not None:
                supplier.leave(self._ledger, order["po_id"], leaving)

    def _hear(self, order: Json, written: sqlite3.Row, heard: Heard) -> None:
        state = "taken" if heard.taken else "refused" if heard.final else "pending"
        with self._ledger.transaction():
            self._ledger.run(HEARD, state, heard.status, heard.content[:LONGEST_ANSWER], written["sequence"])
            if state == "pending":
                self._later(order)
            else:
                self._ledger.run(ONWARDS, self._ledger.now(), order["po_id"], order["edition"])

    def _later(self, order: Json) -> None:
        attempts = order["attempts"] + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(order["attempts"], 10))
        state = "at_work" if attempts < MOST_ATTEMPTS else "stuck"
        due = self._ledger.now() + pause - self._supply_after
        self._ledger.run(LATER, attempts, due, state, order["po_id"], order["edition"])

    def _place(self, order: Json, kind: str) -> int:
        count = "SELECT count(*) FROM supplier_documents WHERE po_id = ? AND kind = ?"
        return int(self._ledger.value(count, order["po_id"], kind)) + 1

    def _last(self, order: Json, kind: str) -> Json | None:
        last = "SELECT body FROM supplier_documents WHERE po_id = ? AND kind = ? ORDER BY sequence DESC LIMIT 1"
        found = self._ledger.value(last, order["po_id"], kind)
        body: Json | None = orjson.loads(found) if found is not None else None
        return body


def _read(row: sqlite3.Row) -> Json:
    return {**dict(row), "lines": orjson.loads(row["lines"]), "script": orjson.loads(row["script"])}


def _on_it(notice: Json, agreed: list[Json]) -> list[Json]:
    """The agreed lines, with the pieces that the notice says have left."""
    told = [line for pallet in notice["pallets"] for carton in pallet["cartons"] for line in carton["lines"]]
    pieces = {line["line_id"]: line["quantity"] for line in told}
    return [{**line, "quantity": pieces[line["line_id"]]} for line in agreed if line["line_id"] in pieces]

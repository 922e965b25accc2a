"""What a supplier bills: taken in once, looked at for having come before, and matched in the same commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.invoice_numbers import NEAR_DAYS, InvoiceMark, normalised, suspicion
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.money import Money, is_currency
from gateway.domain.purchase_orders import MOST
from gateway.domain.supplier_invoices import FIRST, MOST_INVOICES, InvoiceState, outcome, read_invoice_lines
from gateway.refusals import Conflict, Fault, Invalid
from gateway.resources.answers import JSON, content_hash, hand_of, key_taken, whose
from gateway.resources.once import Done, once
from gateway.resources.suppliers.invoice_schemas import InvoiceReceipt
from gateway.store import purchase_orders
from gateway.store.accept import order_locked
from gateway.store.invoice_matching import Queued, compare, counted, grace_ends, keep_match
from gateway.store.invoice_rematches import hold, hold_back, object_to
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import PurchaseOrder, load_order
from gateway.store.supplier_invoices import NewInvoice, alike, claim_of, known_number, write_invoice
from gateway.store.suppliers import is_active


@dataclass(frozen=True, slots=True)
class Invoicing:
    database: Database
    rules: MatchingRules
    public: str
    mint: Mint

    async def submit(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._submit, call), mint=self.mint)

    async def _submit(self, call: Call, connection: Connection) -> Done:
        _refuse_impossible(call.body)
        await _billed_order(connection, call)  # before any lock: how long it takes tells nothing of another's
        with order_locked():
            await purchase_orders.lock_order(connection, call.body["po_id"])
        order = await _billed_order(connection, call)
        mark = _mark(order.supplier_id, call.body)
        known = await known_number(connection, mark)
        if known is not None:
            invoice_id, status, said, document = known
            if said != content_hash(call):
                detail = "the invoice of this number exists and says something else"
                raise key_taken(call, document, detail, first="was billed")
            return self._taken(call, invoice_id, status, replayed=True)
        await _refuse_too_many(connection, order.po_id)
        new = self._new(call, order, mark)
        looks_like = await _looks_like(connection, mark)
        if looks_like is not None:
            status = await self._hold(call, connection, new, looks_like)
        else:
            status = await self._match(call, connection, new)
        return self._taken(call, new.invoice_id, status)

    def _new(self, call: Call, order: PurchaseOrder, mark: InvoiceMark) -> NewInvoice:
        body = call.body
        lines = read_invoice_lines(body["lines"], order.revision.lines)
        return NewInvoice(
            invoice_id=self.mint("inv"),
            mark=mark,
            content_hash=content_hash(call),
            document=body,
            claim=claim_of(body, lines),
        )

    async def _hold(
        self, call: Call, connection: Connection, new: NewInvoice, looks_like: Mapping[str, object]
    ) -> InvoiceState:
        hand = hand_of(call, self.mint)
        await write_invoice(connection, new, InvoiceState.HELD, hand, looks_like=looks_like)
        await hold(connection, new.invoice_id, new.document, looks_like, hand)
        return InvoiceState.HELD

    async def _match(self, call: Call, connection: Connection, new: NewInvoice) -> InvoiceState:
        hand, today = hand_of(call, self.mint), call.now.date()
        queued = Queued(new.document["po_id"], new.claim, today)
        made = await compare(connection, queued, self.rules, today=today)
        barred = not await is_active(connection, new.mark.supplier_id)
        state = FIRST[outcome(made.told, barred=barred)]
        due = grace_ends(made.told, today, self.rules)
        await write_invoice(connection, new, state, hand, due_on=due)
        await keep_match(connection, new.invoice_id, made, hand, cause="intake")
        if state is InvoiceState.EXCEPTION:
            await object_to(connection, new.invoice_id, new.document, made, hand)
        if state is InvoiceState.HELD:
            await hold_back(connection, new.invoice_id, new.document, hand)
        return state

    def _taken(self, call: Call, invoice_id: str, status: str, *, replayed: bool = False) -> Done:
        receipt: InvoiceReceipt = {
            "invoice_id": invoice_id,
            "invoice_number": call.body["invoice_number"],
            "po_id": call.body["po_id"],
            "status": InvoiceState(status).value,
        }
        location = f"{self.public}/v1/supplier-invoices/{invoice_id}"
        answer = Answer(201, {"content-type": JSON, "location": location}, orjson.dumps(receipt), replayed=replayed)
        return Done(invoice_id, answer, {"status": receipt["status"]})


async def _refuse_too_many(connection: Connection, po_id: str) -> None:
    """Each is compared with all of them."""
    if await counted(connection, po_id) >= MOST_INVOICES:
        detail = f"{MOST_INVOICES} invoices of this order are not rejected, which is the most that one has"
        raise Conflict(detail, effect="none")


async def _billed_order(connection: Connection, call: Call) -> PurchaseOrder:
    """As it was issued. Somebody else's is none."""
    sought = purchase_orders.Sought(whose(call), call.body["po_id"])
    found = await load_order(connection, sought)
    if found is None:
        fault = Fault("#/po_id", "unknown_order", "there is no such purchase order")
        raise Invalid("the invoice cannot be what it says", faults=(fault,))
    if found.issued_revision is None:
        raise Conflict("nothing of this order was issued, so nothing of it is billed", effect="none")
    if found.revision.revision != found.issued_revision:
        sought = purchase_orders.Sought(None, found.po_id, found.issued_revision)
        found = await load_order(connection, sought) or found
    return found


def _mark(supplier_id: str, body: Mapping[str, Any]) -> InvoiceMark:
    return InvoiceMark(
        supplier_id=supplier_id,
        number=body["invoice_number"],
        dated=date.fromisoformat(body["invoice_date"]),
        total=Money(int(body["total"]), body["currency"]),
        document_hash=body.get("document_hash"),
    )


async def _looks_like(connection: Connection, mark: InvoiceMark) -> Mapping[str, object] | None:
    known = await alike(connection, mark, days=NEAR_DAYS)
    found = suspicion(mark, [other for _, other in known])
    if found is None:
        return None
    other_id = next(invoice_id for invoice_id, other in known if other is found.of)
    return {
        **{"invoice_id": other_id, "invoice_number": found.of.number},
        **{"likeness": found.likeness, "days_apart": found.days_apart},
    }


def _refuse_impossible(body: Mapping[str, Any]) -> None:
    faults = []
    if not _is_number(body["invoice_number"]):
        faults.append(Fault("#/invoice_number", "no_number", "has neither letter nor digit"))
    if not is_currency(body["currency"]):
        faults.append(Fault("#/currency", "unknown_currency", "is not a currency of ISO 4217"))
    amounts = [each["amount"] for each in (*body["lines"], *body.get("charges", ()))]
    if sum(map(int, amounts)) + int(body["tax"]) > MOST:
        faults.append(Fault("#/lines", "total_too_large", f"all of it is more than {MOST} minor units"))
    if faults:
        raise Invalid("the invoice cannot be what it says", faults=tuple(faults))


def _is_number(text: str) -> bool:
    try:
        normalised(text)
    except ValueError:
        return False
    return True

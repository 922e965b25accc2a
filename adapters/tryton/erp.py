"""Tryton as the ERP: sales and invoices. Our key is a record's `reference`, our order id a sale's `description`."""

from adapters.tryton.check import findings
from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.election import elected
from adapters.tryton.mapping import Mapping
from adapters.tryton.sales import in_units, sale_of, service_line
from adapters.tryton.transitions import accepted, answered, moved
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.errors import Failed, Rejected
from gateway.ports import Effect, Finding

SALE, SHIPMENT, INVOICE = "sale.sale", "stock.shipment.out", "account.invoice"
SALE_FIELDS = ["number", "state", "reference", "sale_date", "total_amount", "lines", "shipments", "invoices"]
BOOKED = frozenset({"confirmed", "processing", "done"})
LEFT = frozenset({"shipped", "done"})
INVOICED = frozenset({"posted", "paid"})


class TrytonErp:
    """`gateway.ports.Erp` on Tryton."""

    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self.manifest = conversation.manifest
        self._erp = conversation
        self._mapping = mapping

    async def book(self, order: Order, *, key: str) -> Effect:
        wanted = sale_of(order, self._mapping, key=key)
        sale = await elected(self._erp, self._mapping, wanted, order_id=order.reference)
        return await self._confirmed(sale, order, key=key)

    async def cancel(self, sales_order: str, *, key: str) -> Effect:
        sale = self._erp.number(sales_order)
        found = await self._erp.read("cancel", SALE, sale, SALE_FIELDS)
        if found is None:
            raise Failed("Tryton knows no such sale", system=self._erp.system)
        if found["state"] in ("draft", "quotation"):
            await moved(self._erp, "cancel", f"{SALE}.cancel", sale, before=found["state"])
        elif found["state"] == "confirmed":  # what was queued has not been done yet
            await moved(self._erp, "cancel", f"{SALE}.process", sale, before="confirmed")
        if not await self._is_cancelled(sale):
            await self._unwound(sale)
        if not await self._is_cancelled(sale):
            raise Failed("Tryton has not cancelled the sale yet", system=self._erp.system)
        return Effect(sales_order, key, "cancel")

    async def invoice(self, sales_order: str, total: Money, *, capture: str, key: str) -> Effect:
        found = await self._erp.read("invoice", SALE, self._erp.number(sales_order), SALE_FIELDS)
        if found is None:
            raise Failed("Tryton knows no such sale", system=self._erp.system)
        standing = [each for each in await self._invoices(found) if each["state"] != "cancelled"]
        if not standing and found["state"] == "confirmed":
            raise Failed("Tryton has not drawn up the invoice yet", system=self._erp.system)
        if len(standing) != 1:
            raise self._no("not_one_invoice", f"the sale has {len(standing)} invoices")
        if standing[0]["total_amount"] != in_units(total):
            raise self._no("total_mismatch", f"the invoice is of {standing[0]['total_amount']}")
        await self._paid(standing[0], total, capture=capture, key=key)
        [found] = await self._erp.listed("invoice", INVOICE, [["id", "=", standing[0]["id"]]], ["number", "state"])
        if found["state"] != "paid":
            raise self._erp.unreadable("the invoice was paid, and is not")
        return _effect(found, "invoice", key=key)

    async def findings(self) -> list[Finding]:
        return await findings(self._erp, self._mapping)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation == "cancel":
            if subject is None:
                raise ValueError("Tryton knows cancellations by their sales order only")
            known = subject.isascii() and subject.isdigit()
            return [Effect(subject, key, "cancel")] if known and await self._is_cancelled(int(subject)) else []
        if operation == "invoice":
            sought: list[object] = [["reference", "=", key], ["type", "=", "out"], ["state", "=", "paid"]]
            return [_effect(each, "invoice", key=key) for each in await self._found(INVOICE, sought)]
        booked = await self._found(SALE, [["reference", "=", key], ["sale_date", "!=", None]])
        return [await self._booking(each, key=key) for each in booked]

    async def _confirmed(self, sale: int, order: Order, *, key: str) -> Effect:
        for _ in range(3):
            found = await self._sale("book", sale)
            if found["sale_date"] is not None and found["state"] not in ("draft", "quotation"):
                return await self._booking(found, key=key)
            if found["state"] == "cancelled":
                raise self._no("refused", "it was refused before")
            try:
                await self._forward(found, order)
            except Rejected:
                await moved(self._erp, "book", f"{SALE}.cancel", sale, before="")
                raise
        raise Failed("Tryton has not confirmed the sale yet", system=self._erp.system)

    async def _forward(self, found: Json, order: Order) -> None:
        if found["state"] == "draft":
            await self._balanced(found, order)
            await moved(self._erp, "book", f"{SALE}.quote", found["id"], before="draft")
        else:
            await moved(self._erp, "book", f"{SALE}.confirm", found["id"], before="quotation")

    async def _balanced(self, found: Json, order: Order) -> None:
        """The draft comes to what was promised, if need be by a line for what taxes were rounded otherwise."""
        promised, lines = order.totals.grand_total, len(order.lines)
        off = in_units(promised) - found["total_amount"]
        if not off:
            return
        if self._mapping.rounding is None or abs(off) > in_units(Money(lines, order.currency)):
            raise self._no("total_mismatch", f"Tryton comes to {found['total_amount']}, which is {off} less")
        line = service_line(self._mapping.rounding, off, self._mapping)
        seen = await self._erp.read("book", SALE, found["id"], ["_timestamp", "total_amount"])
        if seen is None or seen["total_amount"] != found["total_amount"]:
            raise Failed("another attempt is at this sale", system=self._erp.system)
        unchanged = {f"{SALE},{found['id']}": seen["_timestamp"]}
        added = {"lines": [["create", [line]]]}
        await self._erp.effect("book", f"model.{SALE}.write", [found["id"]], added, _timestamp=unchanged)
        again = await self._sale("book", found["id"])
        if again["total_amount"] != in_units(promised):
            raise self._no("total_mismatch", f"Tryton comes to {again['total_amount']}")

    async def _unwound(self, sale: int) -> None:
        """A sale in process has a shipment and an invoice: both are cancelled, unless they have become facts."""
        found = await self._sale("cancel", sale)
        shipments, invoices = await self._shipments(found), await self._invoices(found)
        if any(each["state"] in INVOICED for each in invoices):
            raise self._no("already_invoiced", "the sale is invoiced")
        if any(each["state"] in LEFT for each in shipments):
            raise self._no("already_shipped", "the goods have left")
        for model, records in ((SHIPMENT, shipments), (INVOICE, invoices)):
            for each in records:
                if each["state"] != "cancelled":
                    unchanged = {f"{model},{each['id']}": each["_timestamp"]}
                    transition = f"{model}.cancel"
                    await moved(self._erp, "cancel", transition, each["id"], before=each["state"], _timestamp=unchanged)
        await accepted(self._erp, "cancel", sale)

    async def _paid(self, invoice: Json, total: Money, *, capture: str, key: str) -> None:
        number, state = invoice["id"], invoice["state"]
        if state in ("draft", "validated"):
            if invoice["reference"] != key:
                await self._erp.effect("invoice", f"model.{INVOICE}.write", [number], {"reference": key})
            state = await moved(self._erp, "invoice", f"{INVOICE}.post", number, before=state)
        if state != "posted":  # there is nothing to pay, or it was paid before
            return

        def pay(defaults: Json) -> tuple[str, Json]:
            paid = {"amount": in_units(total), "payment_method": self._mapping.payment_method}
            return "choice", {**defaults, **paid, "description": capture}

        await answered(self._erp, "invoice", "account.invoice.pay", (INVOICE, number), pay)

    async def _is_cancelled(self, sale: int) -> bool:
        """Also when Tryton calls it done: what there was of it was cancelled."""
        found = await self._erp.read("find", SALE, sale, SALE_FIELDS)
        if found is None or found["state"] != "done":
            return found is not None and found["state"] == "cancelled"
        parts = [*await self._shipments(found), *await self._invoices(found)]
        return bool(parts) and all(each["state"] == "cancelled" for each in parts)

    async def _booking(self, found: Json, *, key: str) -> Effect:
        cancelled = found["state"] in ("cancelled", "done") and await self._is_cancelled(found["id"])
        status = "cancelled" if cancelled else "confirmed"
        return Effect(str(found["id"]), key, "sales_order", {"number": str(found["number"]), "status": status})

    async def _sale(self, operation: str, sale: int) -> Json:
        found = await self._erp.read(operation, SALE, sale, SALE_FIELDS)
        if found is None:
            raise self._erp.unreadable("it has lost a sale")
        return found

    async def _shipments(self, sale: Json) -> list[Json]:
        return await self._parts(SHIPMENT, sale["shipments"], ["state", "_timestamp"])

    async def _invoices(self, sale: Json) -> list[Json]:
        return await self._parts(INVOICE, sale["invoices"], ["state", "_timestamp", "total_amount", "reference"])

    async def _parts(self, model: str, records: list[int], fields: list[str]) -> list[Json]:
        return await self._erp.listed("find", model, [["id", "in", list(records)]], fields) if records else []

    async def _found(self, model: str, domain: list[object]) -> list[Json]:
        return await self._erp.listed("find", model, domain, ["number", "state"])

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._erp.system} said no: {said}", system=self._erp.system, code=code, said=said)


def _effect(found: Json, kind: str, *, key: str) -> Effect:
    return Effect(str(found["id"]), key, kind, {"number": str(found["number"]), "status": str(found["state"])})

"""
Tryton as the ERP: sales and invoices. Our key is a record's `reference`, our order id a sale's `description`.
What is bought is in `buying.py`.
"""

from adapters.tryton.buying import Buying
from adapters.tryton.check import findings
from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.credits import Credits
from adapters.tryton.drafts import balanced
from adapters.tryton.election import elected
from adapters.tryton.invoices import FIELDS as INVOICE_FIELDS
from adapters.tryton.invoices import INVOICE, Payment, towards_paid
from adapters.tryton.manifest import BUYING
from adapters.tryton.mapping import Mapping
from adapters.tryton.sales import in_units, sale_of
from adapters.tryton.transitions import ROUNDS, accepted, may_be_overtaken, moved, processed, stepwise
from gateway.domain.credits import CreditMemo
from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.domain.procurement import Bill, GoodsReceipt, Purchase
from gateway.errors import Failed, Rejected
from gateway.ports import Effect, Finding

SALE, SHIPMENT = "sale.sale", "stock.shipment.out"
SALE_FIELDS = ["number", "state", "_timestamp", "sale_date", "total_amount", "lines", "shipments", "invoices"]
LEFT = frozenset({"shipped", "done"})
INVOICED = frozenset({"posted", "paid"})


class TrytonErp:
    """`gateway.ports.Erp`, `Crediting` and `Purchasing` on Tryton."""

    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self.manifest = conversation.manifest
        self._erp = conversation
        self._mapping = mapping
        self._credits = Credits(conversation, mapping)
        self._buying = Buying(conversation, mapping)

    async def book(self, order: Order, *, key: str) -> Effect:
        wanted = sale_of(order, self._mapping, key=key)
        sale = await elected(self._erp, self._mapping, wanted, mark=order.reference)
        return await self._confirmed(sale, order, key=key)

    async def cancel(self, sales_order: str, *, key: str) -> Effect:
        sale = self._erp.number(sales_order)

        async def step(seen: Json) -> Effect | None:
            if _is_gone(seen):
                return Effect(sales_order, key, "cancel")
            if seen["state"] in ("draft", "quotation"):
                await moved(self._erp, "cancel", f"{SALE}.cancel", sale, before=seen["state"])
            elif seen["state"] == "confirmed":
                await processed(self._erp, "cancel", sale)
            else:
                await self._unwound(seen)
            return None

        return await stepwise(self._erp, lambda: self._with_parts("cancel", sale), step)

    async def invoice(self, sales_order: str, total: Money, *, capture: str, key: str) -> Effect:
        sale = self._erp.number(sales_order)

        async def step(seen: Json) -> Effect | None:
            standing = [each for each in seen[INVOICE] if each["state"] != "cancelled"]
            if not standing and seen["state"] == "confirmed":
                await processed(self._erp, "invoice", sale)
                return None
            if len(standing) != 1:
                raise self._no("not_one_invoice", f"the sale has {len(standing)} invoices")
            if standing[0]["total_amount"] != in_units(total):
                raise self._no("total_mismatch", f"the invoice is of {standing[0]['total_amount']}")
            if standing[0]["state"] == "paid":
                return _effect(standing[0], "invoice", key=key)
            payment = Payment(in_units(total), capture, self._mapping.payment_method)
            await towards_paid(self._erp, "invoice", standing[0], payment, key=key)
            return None

        return await stepwise(self._erp, lambda: self._with_parts("invoice", sale), step)

    async def credit(self, memo: CreditMemo, *, key: str) -> Effect:
        return await self._credits.credit(memo, key=key)

    async def order_goods(self, order: Purchase, *, key: str) -> Effect:
        return await self._buying.order_goods(order, key=key)

    async def cancel_purchase(self, purchase: str, *, key: str) -> Effect:
        return await self._buying.cancel_purchase(purchase, key=key)

    async def receive_goods(self, receipt: GoodsReceipt, *, key: str) -> Effect:
        return await self._buying.receive_goods(receipt, key=key)

    async def post_bill(self, bill: Bill, *, key: str) -> Effect:
        return await self._buying.post_bill(bill, key=key)

    async def findings(self) -> list[Finding]:
        return await findings(self._erp, self._mapping)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation in BUYING:
            return await self._buying.find(operation, key=key, subject=subject)
        if operation == "cancel":
            if subject is None:
                raise ValueError("Tryton knows cancellations by their sales order only")
            known = subject.isascii() and subject.isdigit()
            return [Effect(subject, key, "cancel")] if known and await self._is_cancelled(int(subject)) else []
        if operation == "credit":
            return await self._credits.find(key=key)
        if operation == "invoice":
            sought: list[object] = [["reference", "=", key], ["type", "=", "out"], ["state", "=", "paid"]]
            return [_effect(each, "invoice", key=key) for each in await self._found(INVOICE, sought)]
        booked = await self._found(SALE, [["reference", "=", key], ["sale_date", "!=", None]])
        return [await self._booking(each, key=key) for each in booked]

    async def _confirmed(self, sale: int, order: Order, *, key: str) -> Effect:
        for _ in range(ROUNDS):
            found = await self._sale("book", sale)
            if found["sale_date"] is not None and found["state"] not in ("draft", "quotation"):
                return await self._booking(found, key=key)
            if found["state"] == "cancelled":
                raise self._no("refused", "it was refused before")
            try:
                await self._forward(found, order)
            except (Rejected, Failed) as no:
                now = await self._sale("book", sale)
                if may_be_overtaken(no) and (now != found or isinstance(no, Failed)):
                    continue
                if isinstance(no, Rejected):
                    unchanged = {f"{SALE},{sale}": now["_timestamp"]}
                    await moved(self._erp, "book", f"{SALE}.cancel", sale, before="", _timestamp=unchanged)
                raise
        raise Failed("Tryton has not confirmed the sale yet", system=self._erp.system)

    async def _forward(self, found: Json, order: Order) -> None:
        if found["state"] == "quotation":
            await moved(self._erp, "book", f"{SALE}.confirm", found["id"], before="quotation")
            return
        promised, most = order.totals.grand_total, Money(len(order.lines), order.currency)
        to = in_units(promised), in_units(most)
        if await balanced(self._erp, "book", self._mapping, found, to):
            await moved(self._erp, "book", f"{SALE}.quote", found["id"], before="draft")

    async def _unwound(self, seen: Json) -> None:
        """A sale in process has a shipment and an invoice: both are cancelled, unless they have become facts."""
        if any(each["state"] in INVOICED for each in seen[INVOICE]):
            raise self._no("already_invoiced", "the sale is invoiced")
        if any(each["state"] in LEFT for each in seen[SHIPMENT]):
            raise self._no("already_shipped", "the goods have left")
        for model in (SHIPMENT, INVOICE):
            for each in seen[model]:
                if each["state"] != "cancelled":
                    unchanged = {f"{model},{each['id']}": each["_timestamp"]}
                    await self._erp.effect("cancel", f"model.{model}.cancel", [each["id"]], _timestamp=unchanged)
        await accepted(self._erp, "cancel", seen["id"])

    async def _is_cancelled(self, sale: int) -> bool:
        """Also when Tryton calls it done: what there was of it was cancelled."""
        found = await self._erp.read("find", SALE, sale, SALE_FIELDS)
        return found is not None and _is_gone(await self._parts_of(found))

    async def _booking(self, found: Json, *, key: str) -> Effect:
        cancelled = found["state"] in ("cancelled", "done") and await self._is_cancelled(found["id"])
        status = "cancelled" if cancelled else "confirmed"
        return Effect(str(found["id"]), key, "sales_order", {"number": str(found["number"]), "status": status})

    async def _sale(self, operation: str, sale: int) -> Json:
        found = await self._erp.read(operation, SALE, sale, SALE_FIELDS)
        if found is None:
            raise self._erp.unreadable("it has lost a sale")
        return found

    async def _with_parts(self, operation: str, sale: int) -> Json:
        """The sale, with what was made of it."""
        found = await self._erp.read(operation, SALE, sale, SALE_FIELDS)
        if found is None:
            raise Failed("Tryton knows no such sale", system=self._erp.system)
        return await self._parts_of(found)

    async def _parts_of(self, sale: Json) -> Json:
        shipments = await self._parts(SHIPMENT, sale["shipments"], ["state", "_timestamp"])
        return {**sale, SHIPMENT: shipments, INVOICE: await self._parts(INVOICE, sale["invoices"], INVOICE_FIELDS)}

    async def _parts(self, model: str, records: list[int], fields: list[str]) -> list[Json]:
        return await self._erp.listed("find", model, [["id", "in", list(records)]], fields) if records else []

    async def _found(self, model: str, domain: list[object]) -> list[Json]:
        return await self._erp.listed("find", model, domain, ["number", "state"])

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._erp.system} said no: {said}", system=self._erp.system, code=code, said=said)


def _effect(found: Json, kind: str, *, key: str) -> Effect:
    return Effect(str(found["id"]), key, kind, {"number": str(found["number"]), "status": str(found["state"])})


def _is_gone(seen: Json) -> bool:
    """The sale was cancelled, whatever Tryton calls that, with all that was made of it."""
    parts = [*seen[SHIPMENT], *seen[INVOICE]]
    cancelled = bool(parts) and all(each["state"] == "cancelled" for each in parts)
    return seen["state"] == "cancelled" or (seen["state"] == "done" and cancelled)

"""
Goods that came back, credited: a sale of less than nothing, whose origin is the sale that they were sold by.

It is elected under its key as a booking is (`election.py`), and no more is elected than was invoiced. Confirmed, it has
a return shipment, which is received into the warehouse's input, and a credit note, which is posted and paid with what
the provider has given back. Nothing is made of it while the fiscal period is closed.
"""

from collections import Counter
from decimal import Decimal

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.drafts import balanced
from adapters.tryton.election import elected
from adapters.tryton.invoices import FIELDS, INVOICE, Payment, towards_paid
from adapters.tryton.mapping import Mapping
from adapters.tryton.periods import in_an_open_period
from adapters.tryton.sales import INHERITED, in_units, return_of
from adapters.tryton.transitions import moved, processed, stepwise
from gateway.domain.credits import CreditMemo
from gateway.domain.money import Money
from gateway.errors import Failed, Rejected
from gateway.ports import Effect

SALE, LINE, BACK = "sale.sale", "sale.line", "stock.shipment.out.return"
SALE_FIELDS = ["state", "_timestamp", "total_amount", "invoices", "shipment_returns"]
POSTED = frozenset({"posted", "paid"})
MOST = 2_000  # lines of a sale and of all that came back of it


class Credits:
    """`gateway.ports.Crediting` on Tryton."""

    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self._erp = conversation
        self._mapping = mapping

    async def credit(self, memo: CreditMemo, *, key: str) -> Effect:
        sold, billed = await self._invoiced(memo)
        await self._in_an_open_period()
        wanted = return_of(memo, sold, self._mapping, key=key)

        async def may_be() -> None:
            await self._not_exceeding(memo, sold["id"], billed)

        mark = f"{memo.order_id}/credit"
        returned = await elected(self._erp, self._mapping, wanted, mark=mark, operation="credit", may_be=may_be)
        try:
            return await stepwise(self._erp, lambda: self._seen(returned), lambda seen: self._step(seen, memo, key=key))
        except Rejected:
            await self._in_an_open_period(of_all_journals=True)  # else that is why
            await self._given_up(returned)
            raise

    async def find(self, *, key: str) -> list[Effect]:
        sought: list[object] = [["reference", "=", key], ["type", "=", "out"], ["state", "in", sorted(POSTED)]]
        notes = await self._erp.listed("find", INVOICE, sought, FIELDS)
        return [_effect(each, key=key) for each in notes if _is_settled(each)]

    async def _invoiced(self, memo: CreditMemo) -> tuple[Json, Decimal]:
        """The sale, and what its invoice amounts to."""
        sale = self._erp.number(memo.sales_order)
        found = await self._erp.read("credit", SALE, sale, [*INHERITED, "invoices", "currency.code"])
        if found is None:
            raise Failed("Tryton knows no such sale", system=self._erp.system)
        billed = [
            each for each in await self._parts(INVOICE, found["invoices"], FIELDS) if str(each["id"]) == memo.invoice
        ]
        if not billed or billed[0]["state"] not in POSTED:
            raise self._no("invoice_not_found", "the sale has no such invoice")
        if found["currency."]["code"] != memo.total.currency:
            raise self._no("credit_exceeds_invoice", "it was invoiced in another currency")
        return found, billed[0]["total_amount"]

    async def _in_an_open_period(self, *, of_all_journals: bool = False) -> None:
        """Tryton posts as of its own today; that a period is closed for a journal it tells when asked to post."""
        today = await self._erp.ask("credit", "model.ir.date.today")
        ours = (self._erp, "credit", self._mapping.company)
        await in_an_open_period(*ours, today, of_all_journals=of_all_journals)

    async def _not_exceeding(self, memo: CreditMemo, sale: int, billed: Decimal) -> None:
        """Neither the money of the invoice nor the pieces of the sale, with all that was elected before."""
        before = [["origin", "=", f"{SALE},{sale}"], ["description", "!=", None], ["state", "!=", "cancelled"]]
        credited = await self._erp.listed("credit", SALE, before, ["total_amount"], most=MOST)
        left = billed + sum((each["total_amount"] for each in credited), Decimal(0))
        if in_units(memo.total) > left:
            raise self._no("credit_exceeds_invoice", f"only {left} are left to credit")
        of = [["sale", "in", [sale, *(each["id"] for each in credited)]], ["product", "!=", None]]
        pieces = Counter[int]()
        for line in await self._erp.listed("credit", LINE, of, ["product", "quantity"], most=MOST):
            pieces[line["product"]] += int(line["quantity"])
        for returned in memo.lines:
            pieces[self._mapping.articles[returned.sku.upper()]] -= returned.quantity
        if short := [
            returned.sku for returned in memo.lines if pieces[self._mapping.articles[returned.sku.upper()]] < 0
        ]:
            raise self._no("credit_exceeds_invoice", f"more comes back of {short[0]} than was sold")

    async def _seen(self, returned: int) -> Json:
        found = await self._erp.read("credit", SALE, returned, SALE_FIELDS)
        if found is None:
            raise self._erp.unreadable("it has lost a sale")
        back = await self._parts(BACK, found["shipment_returns"], ["state", "reference", "_timestamp"])
        return {**found, BACK: back, INVOICE: await self._parts(INVOICE, found["invoices"], FIELDS)}

    async def _step(self, seen: Json, memo: CreditMemo, *, key: str) -> Effect | None:
        if seen["state"] == "cancelled":
            raise self._no("refused", "it was refused before")
        if seen["state"] == "draft":
            most = Money(2 * len(memo.lines), memo.total.currency)
            to = -in_units(memo.total), in_units(most)
            if await balanced(self._erp, "credit", self._mapping, seen, to):
                await moved(self._erp, "credit", f"{SALE}.quote", seen["id"], before="draft")
        elif seen["state"] == "quotation":
            await moved(self._erp, "credit", f"{SALE}.confirm", seen["id"], before="quotation")
        elif seen["state"] == "confirmed":
            await processed(self._erp, "credit", seen["id"])
        elif waiting := [each for each in seen[BACK] if each["state"] == "draft"]:
            await self._received(waiting[0], key=key)
        else:
            return await self._settled(seen, memo, key=key)
        return None

    async def _received(self, back: Json, *, key: str) -> None:
        unchanged = {f"{BACK},{back['id']}": back["_timestamp"]}
        if back["reference"] != key:
            named = {"reference": key}
            await self._erp.effect("credit", f"model.{BACK}.write", [back["id"]], named, _timestamp=unchanged)
        else:
            await self._erp.effect("credit", f"model.{BACK}.receive", [back["id"]], _timestamp=unchanged)

    async def _settled(self, seen: Json, memo: CreditMemo, *, key: str) -> Effect | None:
        standing = [each for each in seen[INVOICE] if each["state"] != "cancelled"]
        if len(standing) != 1:
            raise self._no("not_one_invoice", f"the return has {len(standing)} credit notes")
        if _is_settled(standing[0]):
            return _effect(standing[0], key=key)
        given_back = Payment(-in_units(memo.total), memo.refund or "", self._mapping.payment_method)
        await towards_paid(self._erp, "credit", standing[0], given_back, key=key)
        return None

    async def _given_up(self, returned: int) -> None:
        """What was refused before it was confirmed does not stand in the way of another credit."""
        seen = await self._seen(returned)
        if seen["state"] in ("draft", "quotation"):
            unchanged = {f"{SALE},{returned}": seen["_timestamp"]}
            await moved(self._erp, "credit", f"{SALE}.cancel", returned, before=seen["state"], _timestamp=unchanged)

    async def _parts(self, model: str, records: list[int], fields: list[str]) -> list[Json]:
        return await self._erp.listed("credit", model, [["id", "in", list(records)]], fields) if records else []

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._erp.system} said no: {said}", system=self._erp.system, code=code, said=said)


def _is_settled(note: Json) -> bool:
    """A credit note of nothing is never paid."""
    return note["state"] == "paid" or (note["state"] == "posted" and not note["total_amount"])


def _effect(note: Json, *, key: str) -> Effect:
    return Effect(str(note["id"]), key, "credit_memo", {"number": str(note["number"]), "status": "posted"})

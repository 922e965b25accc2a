"""
What a supplier bills, as a supplier's invoice of Tryton's, posted: of the quantities and prices that are billed.

Our key is its `description`, the supplier's number its `reference`, and its lines name those of the purchase. Accounts
and journal are those that Tryton itself would take. Each line bears the mapped rate that was agreed (`bill_taxes.py`),
and Tryton makes a tax line of each rate. Together they come to what is billed: where Tryton rounds otherwise, the
amount of the largest is written down as a clerk would.
"""

from collections.abc import Iterator
from decimal import Decimal

from adapters.tryton.bill_taxes import Rates, rates_of
from adapters.tryton.claims import claimed
from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping, Purchases
from adapters.tryton.periods import in_an_open_period
from adapters.tryton.purchases import INVOICE, MOST, PURCHASE
from adapters.tryton.sales import in_units, pieces
from adapters.tryton.transitions import stepwise
from gateway.domain.money import Money
from gateway.domain.procurement import Bill
from gateway.errors import Rejected
from gateway.ports import Effect

LINE, BILLED, TAX = "purchase.line", "account.invoice.line", "account.invoice.tax"
FIELDS = ["number", "state", "_timestamp", "total_amount", "tax_amount", "taxes"]
POSTED = frozenset({"posted", "paid"})
POST = "post_bill"
SIMILAR = "invoice_similar"  # Tryton's warning of an invoice with this number by this supplier


class Bills:
    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self._erp = conversation
        self._mapping = mapping

    async def post_bill(self, bill: Bill, *, key: str) -> Effect:
        async def wanted() -> Json | None:
            purchase = await self._purchase(bill)
            if await self._is_posted(bill, purchase["party"], key=key):
                return None
            await in_an_open_period(self._erp, POST, self._mapping.company, bill.dated)
            return await self._invoice(bill, purchase)

        made = await claimed(self._erp, POST, INVOICE, wanted, key=key, reference=bill.invoice_number)
        try:
            return await stepwise(self._erp, lambda: self._seen(made), lambda seen: self._step(seen, bill, key=key))
        except Rejected as no:
            company, day = self._mapping.company, bill.dated
            await in_an_open_period(self._erp, POST, company, day, of_all_journals=True)  # else that is why
            if SIMILAR in str(no.facts.get("said")):
                raise self._duplicate(bill) from no
            raise

    async def find(self, *, key: str) -> list[Effect]:
        sought: list[object] = [["description", "=", key], ["type", "=", "in"], ["state", "in", sorted(POSTED)]]
        return [_effect(each, key=key) for each in await self._erp.listed("find", INVOICE, sought, FIELDS)]

    async def _step(self, seen: Json, bill: Bill, *, key: str) -> Effect | None:
        if seen["state"] in POSTED:
            return _effect(seen, key=key)
        if seen["state"] == "cancelled":
            raise self._no("refused", "somebody has cancelled it")
        unchanged = {f"{INVOICE},{seen['id']}": seen["_timestamp"]}
        off = in_units(bill.total) - seen["total_amount"]
        if off and seen["taxes"] and seen["tax_amount"] + off == in_units(bill.tax):
            amended = {"taxes": [await self._amended(seen["id"], off)]}
            await self._erp.effect(POST, f"model.{INVOICE}.write", [seen["id"]], amended, _timestamp=unchanged)
        elif off:
            raise self._no("total_mismatch", f"Tryton comes to {seen['total_amount']}, which is {off} less")
        else:
            await self._erp.effect(POST, f"model.{INVOICE}.post", [seen["id"]], _timestamp=unchanged)
        return None

    async def _amended(self, invoice: int, off: Decimal) -> list[object]:
        """The tax on which a cent weighs least."""
        found = await self._erp.listed(POST, TAX, [["invoice", "=", invoice]], ["amount"], most=MOST)
        largest = max(found, key=lambda each: (abs(each["amount"]), -each["id"]))
        return ["write", [largest["id"]], {"amount": largest["amount"] + off}]

    async def _seen(self, made: int) -> Json:
        found = await self._erp.read(POST, INVOICE, made, FIELDS)
        if found is None:
            raise self._erp.unreadable("it has lost an invoice")
        return found

    async def _purchase(self, bill: Bill) -> Json:
        """The purchase, if it was made of this supplier, and its lines by our numbers."""
        if not (bill.purchase.isascii() and bill.purchase.isdigit()):
            raise self._no("purchase_not_found", "there is no such purchase")
        fields = ["state", "party", "party.code", "invoice_address", "currency", "payment_term"]
        found = await self._erp.read(POST, PURCHASE, int(bill.purchase), fields)
        if found is None or found["state"] not in ("confirmed", "processing", "done"):
            raise self._no("purchase_not_found", "there is no such purchase that is confirmed")
        if found["party."]["code"] != bill.supplier_code:
            raise self._no("purchase_not_found", "the purchase was made of another supplier")
        if self._mapping.currencies.get(bill.total.currency) != found["currency"]:
            raise self._no("purchase_not_found", f"the purchase was not made in {bill.total.currency}")
        within = [["purchase", "=", found["id"]], ["note", "!=", None]]
        lines = await self._erp.listed(POST, LINE, within, ["note", "product"], most=MOST)
        return {**found, LINE: {each["note"]: each for each in lines}}

    async def _is_posted(self, bill: Bill, supplier: int, *, key: str) -> bool:
        """By a copy of this call. Raises `Rejected` when it is another one that bears the number."""
        by = [["party", "=", supplier], ["reference", "=", bill.invoice_number]]
        sought = [["type", "=", "in"], ["state", "in", sorted(POSTED)], *by]
        found = await self._erp.listed(POST, INVOICE, sought, ["description"])
        if found and all(each["description"] != key for each in found):
            raise self._duplicate(bill)
        return bool(found)

    async def _invoice(self, bill: Bill, purchase: Json) -> Json:
        like = {"id": -1, "type": "in", "party": purchase["party"], "company": self._mapping.company}
        told = await self._erp.ask(POST, f"model.{INVOICE}.on_change", like, ["type", "party"])
        currency = {"currency": purchase["currency"]}  # Tryton takes its company's own, unless it is told
        lines = [{**each, **currency} for each in self._lines(bill, purchase)]
        accounts = {each: await self._account(each, purchase["party"]) for each in {line["product"] for line in lines}}
        return {
            **{name: purchase[name] for name in ("party", "invoice_address", "currency", "payment_term")},
            **{name: told[name] for name in ("account", "journal")},
            "type": "in",
            "company": self._mapping.company,
            "invoice_date": bill.dated,
            "comment": f"{bill.po_number} {bill.invoice_id}",
            "lines": [["create", [{**line, "account": accounts[line["product"]]} for line in lines]]],
        }

    async def _account(self, product: int, supplier: int) -> int:
        parent = {"_parent_invoice.type": "in", "_parent_invoice.party": supplier}
        of = {"id": -1, "type": "line", "invoice_type": "in", "company": self._mapping.company, "taxes": []}
        told = await self._erp.ask(POST, f"model.{BILLED}.on_change", {**of, **parent, "product": product}, ["product"])
        if not isinstance(told, dict) or not isinstance(told.get("account"), int):
            raise self._no("no_account", f"product {product} has no account for expenses")
        return int(told["account"])

    def _lines(self, bill: Bill, purchase: Json) -> Iterator[Json]:
        rates = self._rates(bill)
        for line, rate in zip(bill.lines, rates.lines, strict=True):
            ordered = purchase[LINE].get(line.line_id)
            if ordered is None:
                raise self._no("purchase_not_found", f"the purchase has no line {line.line_id}")
            price = in_units(Money(line.unit_price, line.amount.currency))
            for quantity, each in pieces(in_units(line.amount), line.quantity, price):
                if quantity:
                    origin = {"origin": f"{LINE},{ordered['id']}"}
                    yield {**self._line(ordered["product"], quantity, each, rate), **origin}
        for kind, amount in bill.charges:
            yield self._line(self._bought.charges[kind], 1, in_units(amount), rates.charges)

    def _line(self, product: int, quantity: int, price: Decimal, rate: Decimal) -> Json:
        bought = {"type": "line", "product": product, "unit": self._mapping.unit, "invoice_type": "in"}
        taxes = [["add", [self._bought.taxes[rate]]]] if rate else []
        return {**bought, "quantity": float(quantity), "unit_price": price, "taxes": taxes}

    def _rates(self, bill: Bill) -> Rates:
        for kind, _ in bill.charges:
            if kind not in self._bought.charges:
                raise self._no("unknown_charge", f"no article is mapped for {kind}")
        rates = rates_of(bill, self._bought.taxes)
        if rates is None:
            net = bill.total.amount - bill.tax.amount
            said = (
                f"a tax of {bill.tax.amount} on {net} is at no rate that is mapped, nor at those agreed for its lines"
            )
            raise self._no("tax_mismatch", said)
        return rates

    @property
    def _bought(self) -> Purchases:
        assert self._mapping.purchases is not None, "else nothing is promised of bills"
        return self._mapping.purchases

    def _duplicate(self, bill: Bill) -> Rejected:
        said = f"an invoice {bill.invoice_number} by {bill.supplier_code} is in the books"
        return self._no("duplicate_invoice", said)

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._erp.system} said no: {said}", system=self._erp.system, code=code, said=said)


def _effect(found: Json, *, key: str) -> Effect:
    return Effect(str(found["id"]), key, "bill", {"number": str(found["number"]), "status": "posted"})

"""What a test's orders came to in Tryton, as its own clerk sees it, in the words of the sandbox's ledger."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.peers.clerk import Clerk

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Books:
    clerk: Clerk
    mark: str  # with which a test's keys and order ids begin
    skus: dict[int, str]

    def effects(self, system: str, kind: str | None = None) -> list[Json]:
        told = self._sales() + self._invoices() + self._credit_notes() if system == "erp" else self._shipments()
        return [each for each in told if kind in (None, each["kind"])]

    def balances(self, system: str) -> Json:
        told = self.effects(system)
        cancelled = {each["id"] for each in told if each["kind"] == "cancel"}
        booked = {each["id"] for each in told if each["kind"] == "sales_order"}
        sums = {"invoiced": _sums(told, "invoice"), "credited": _sums(told, "credit_memo")}
        return {"live": len(booked - cancelled), "cancelled": len(cancelled), **sums}

    def _sales(self) -> list[Json]:
        fields = ["reference", "description", "number", "state", "total_amount", "untaxed_amount", "currency.code"]
        ours = ("reference", "like", f"{self.mark}%"), ("sale_date", "!=", None), ("origin", "=", None)
        told = []
        for sale in self.clerk.found("sale.sale", [*fields, "shipments", "invoices"], *ours):
            currency = sale["currency."]["code"]
            booked = {"id": str(sale["id"]), "kind": "sales_order", "amount": _money(sale["total_amount"], currency)}
            booked |= {"reference": self._plain(sale["reference"]), "order_id": self._plain(sale["description"])}
            booked["data"] = {"number": sale["number"], "goods": _minor(sale["untaxed_amount"], currency)}
            told.append({**booked, "lines": self._lines(sale, currency)})
            if self._is_gone(sale):
                told.append({**booked, "kind": "cancel"})
        return told

    def _is_gone(self, sale: Json) -> bool:
        shipments = self.clerk.found("stock.shipment.out", ["state"], ("id", "in", sale["shipments"]))
        invoices = self.clerk.found("account.invoice", ["state"], ("id", "in", sale["invoices"]))
        return sale["state"] == "done" and all(each["state"] == "cancelled" for each in (*shipments, *invoices))

    def _lines(self, sale: Json, currency: str) -> list[Json]:
        listed = self.clerk.found("sale.line", ["unit_price", "amount"], ("sale", "=", sale["id"]))
        return [
            {"unit_price": _plain(each["unit_price"]), "total": _minor(each["amount"], currency)} for each in listed
        ]

    def _invoices(self) -> list[Json]:
        fields = ["number", "reference", "total_amount", "currency.code", "payment_lines", "reconciled"]
        ours = ("reference", "like", f"{self.mark}%"), ("state", "=", "paid"), ("sales.origin", "=", None)
        told = []
        for invoice in self.clerk.found("account.invoice", fields, *ours):
            amount = _money(invoice["total_amount"], invoice["currency."]["code"])
            fields = ["credit", "move.description"]
            paid = self.clerk.found("account.move.line", fields, ("id", "in", invoice["payment_lines"]))
            payment = {"payment": paid[0]["move."]["description"], "paid": _minor(paid[0]["credit"], "EUR")}
            told.append({"id": str(invoice["id"]), "kind": "invoice", "amount": amount, "data": payment})
        return told

    def _credit_notes(self) -> list[Json]:
        fields = ["number", "total_amount", "tax_amount", "currency.code", "sales", "payment_lines"]
        ours = ("reference", "like", f"{self.mark}%"), ("state", "=", "paid"), ("total_amount", "<", 0)
        return [self._credit_note(note) for note in self.clerk.found("account.invoice", fields, *ours)]

    def _credit_note(self, note: Json) -> Json:
        """With its goods as far as a line of tax can be told apart: where there is one line of goods."""
        currency = note["currency."]["code"]
        [returned] = self.clerk.found("sale.sale", ["origin"], ("id", "in", note["sales"]))
        sold = int(returned["origin"].partition(",")[2])
        [sale] = self.clerk.found("sale.sale", ["invoices"], ("id", "=", sold))
        kinds = {product: kind for kind, product in self.clerk.server.seed["fees"].items()}
        lines, fees, tax = [], [], _minor(note["tax_amount"], currency)
        listed = self.clerk.found(
            "account.invoice.line", ["product", "quantity", "amount"], ("invoice", "=", note["id"])
        )
        for line in listed:
            worth = _minor(line["amount"], currency)
            if line["product"] in kinds:
                fees.append({"type": kinds[line["product"]], "amount": worth})
            elif line["product"] in self.skus:
                lines.append({"line_id": "1", "quantity": -line["quantity"], "net": -worth})
            else:  # a cent of tax that was rounded otherwise
                tax += worth
        lines = [each | {"tax": -tax} for each in lines]
        data = {"number": note["number"], "sales_order": str(sold), "invoice": str(sale["invoices"][0]), "fees": fees}
        amount = {"amount": -_minor(note["total_amount"], currency), "currency": currency}
        return {"id": str(note["id"]), "kind": "credit_memo", "amount": amount, "lines": lines, "data": data}

    def _shipments(self) -> list[Json]:
        ours = ("reference", "like", f"{self.mark}%"), ("state", "not in", ["draft", "waiting"])
        told = []
        for each in self.clerk.found("stock.shipment.out", ["state", "reference", "outgoing_moves"], *ours):
            moves = self.clerk.found("stock.move", ["product", "quantity"], ("id", "in", each["outgoing_moves"]))
            sales = self.clerk.found("sale.sale", ["description"], ("shipments", "=", each["id"]))
            lines = [{"sku": self.skus[move["product"]], "quantity": move["quantity"]} for move in moves]
            order_id = self._plain(sales[0]["description"])
            shipment = {"id": str(each["id"]), "kind": "shipment", "order_id": order_id, "lines": lines}
            told += [shipment, {**shipment, "kind": "cancel"}] if each["state"] == "cancelled" else [shipment]
        return told

    def _plain(self, marked: str) -> str:
        return marked.removeprefix(self.mark)


def _sums(told: list[Json], kind: str) -> dict[str, int]:
    """By currency."""
    sums: dict[str, int] = {}
    for each in told:
        if each["kind"] == kind:
            currency = each["amount"]["currency"]
            sums[currency] = sums.get(currency, 0) + each["amount"]["amount"]
    return sums


def _money(amount: Json, currency: str) -> Json:
    return {"amount": _minor(amount, currency), "currency": currency}


def _minor(amount: Json, currency: str) -> int:
    digits = {"JPY": 0, "KWD": 3}.get(currency, 2)
    return int(Decimal(amount["decimal"]).scaleb(digits))


def _plain(price: Json) -> str:
    return format(Decimal(price["decimal"]).normalize(), "f")

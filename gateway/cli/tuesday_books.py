"""The Tuesday's reckoning: what we say was ordered, sent, accepted and billed, and what ERP and supplier have of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.cli.channel import Json
from gateway.cli.saturday_books import Finding

Prices = Mapping[str, int]
DEARER_POINTS = 200  # basis points above the ordered price that `matching` in policies/suppliers.yaml takes


@dataclass(frozen=True, slots=True)
class Sum:
    pieces: int
    amount: int  # minor units


@dataclass(frozen=True, slots=True)
class Row:
    """Of one document. *copies*: how often they have it, and *wanted*: how often they should."""

    name: str
    ours: Sum
    theirs: Sum
    copies: int
    wanted: int = 1

    @property
    def agrees(self) -> bool:
        return self.ours == self.theirs and self.copies == self.wanted


@dataclass(frozen=True, slots=True)
class Bought:
    """*order* as the buyer reads it, and its documents; *effects*: of ERP and supplier, of this order."""

    order: Json
    notices: Sequence[Json]
    receipts: Sequence[Json]
    invoices: Sequence[Json]
    effects: Sequence[Json]

    @property
    def prices(self) -> Prices:
        return {line["line_id"]: line["unit_price"] for line in self.order["lines"]}

    @property
    def counted(self) -> Sequence[Json]:
        """Invoices that are to be paid."""
        return [each for each in self.invoices if each["status"] != "rejected"]

    def of(self, system: str, kind: str, **data: str) -> list[Json]:
        """Effects of that kind that say this of themselves."""
        found = (each for each in self.effects if (each["system"], each["kind"]) == (system, kind))
        return [each for each in found if all((each["data"] or {}).get(name) == said for name, said in data.items())]


def rows(bought: Bought) -> list[Row]:
    """A document each: the order, what was announced, what came, what was billed."""
    return [
        _order(bought),
        *(_notice(bought, each) for each in bought.notices),
        *(_receipt(bought, each) for each in bought.receipts),
        *(_invoice(bought, each) for each in bought.invoices),
    ]


def _order(bought: Bought) -> Row:
    """What the ERP has reversed it has no more."""
    reversed_ = {each["id"] for each in bought.of("erp", "purchase_cancel")}
    there = [each for each in bought.of("erp", "purchase_order") if each["id"] not in reversed_]
    pieces = sum(line["quantity"] for each in there for line in each["lines"])
    ours = Sum(sum(line["quantity"] for line in bought.order["lines"]), bought.order["total"]["amount"])
    theirs = Sum(pieces, sum(each["amount"]["amount"] for each in there))
    return Row(f"order {bought.order['po_number']}", ours, theirs, len(there))


def _notice(bought: Bought, notice: Json) -> Row:
    there = bought.of("supplier", "shipped")
    theirs = [line for each in there for line in each["lines"]]
    return Row(f"notice {notice['asn_number']}", *_both(bought, notice["lines"], theirs, "quantity"), len(there))


def _receipt(bought: Bought, receipt: Json) -> Row:
    there = bought.of("erp", "goods_receipt", receipt_number=receipt["receipt_number"])
    theirs = [line for each in there for line in each["lines"]]
    return Row(f"receipt {receipt['receipt_number']}", *_both(bought, receipt["lines"], theirs, "accepted"), len(there))


def _both(bought: Bought, ours: Sequence[Json], theirs: Sequence[Json], what: str) -> tuple[Sum, Sum]:
    return _valued(ours, bought.prices, what), _valued(theirs, bought.prices, what)


def _valued(lines: Sequence[Json], prices: Prices, what: str) -> Sum:
    """At ordered prices."""
    pieces = sum(line[what] for line in lines)
    return Sum(pieces, sum(line[what] * prices.get(line["line_id"], 0) for line in lines))


def _invoice(bought: Bought, invoice: Json) -> Row:
    """What was rejected is to be posted by nobody."""
    there = bought.of("erp", "bill", invoice_number=invoice["invoice_number"])
    wanted = int(invoice in bought.counted)
    pieces = sum(line["quantity"] for line in invoice["lines"])
    ours = Sum(pieces, invoice["total"]) if wanted else Sum(0, 0)
    billed = sum(line["quantity"] for each in there for line in each["lines"])
    theirs = Sum(billed, sum(each["amount"]["amount"] for each in there))
    name = f"invoice {invoice['invoice_number']}" + ("" if wanted else ", rejected")
    return Row(name, ours, theirs, len(there), wanted)


@dataclass(frozen=True, slots=True)
class Closing:
    """Minor units: invoices to be paid, what the ERP posted, accepted goods at ordered prices."""

    billed: int
    posted: int
    goods: int


def closing(bought: Bought) -> Closing:
    posted = sum(each["amount"]["amount"] for each in bought.of("erp", "bill"))
    goods = sum(_valued(each["lines"], bought.prices, "accepted").amount for each in bought.receipts)
    return Closing(sum(each["total"] for each in bought.counted), posted, goods)


def reckon(bought: Bought) -> list[Finding]:
    """Too little is lost, too much doubled; and nobody pays for what was not accepted, or more than is tolerated."""
    found = [_differs(row) for row in rows(bought) if not row.agrees]
    return [*found, *_strays(bought), *_overpaid(bought)]


def _differs(row: Row) -> Finding:
    if row.copies != row.wanted:
        what = f"there {row.copies} times, and not {row.wanted}"
        return Finding(row.name, "lost" if row.copies < row.wanted else "doubled", what)
    short = (row.theirs.pieces, row.theirs.amount) < (row.ours.pieces, row.ours.amount)
    what = f"we say {row.ours.pieces} for {row.ours.amount}, they {row.theirs.pieces} for {row.theirs.amount}"
    return Finding(row.name, "lost" if short else "doubled", what)


def _strays(bought: Bought) -> Iterator[Finding]:
    """What the ERP has booked of papers that nobody knows."""
    for kind, name, papers in (
        ("goods_receipt", "receipt_number", bought.receipts),
        ("bill", "invoice_number", bought.invoices),
    ):
        known = {each[name] for each in papers}
        for number in sorted({each["data"][name] for each in bought.of("erp", kind)} - known):
            yield Finding(number, "doubled", f"a {kind.replace('_', ' ')} that we have not")


def _overpaid(bought: Bought) -> Iterator[Finding]:
    accepted = _by_line([line for each in bought.receipts for line in each["lines"]], "accepted")
    lines = [line for each in bought.counted for line in each["lines"]]
    for line_id, pieces in _by_line(lines, "quantity").items():
        if pieces > accepted.get(line_id, 0):
            what = f"{pieces} billed, and {accepted.get(line_id, 0)} accepted"
            yield Finding(f"line {line_id}", "doubled", what)
    for line in lines:
        ordered = bought.prices.get(line.get("line_id", ""), 0)
        if (line["unit_price"] - ordered) * 10_000 > ordered * DEARER_POINTS:
            yield Finding(line["sku"], "doubled", f"billed at {line['unit_price']}, ordered at {ordered}")


def _by_line(lines: Sequence[Json], what: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        found[line.get("line_id", "")] = found.get(line.get("line_id", ""), 0) + line[what]
    return found

"""A real retailer's twelve days, read anew: what it sold, and what each of its cancellations takes back of that."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.proof.processes import ROOT

FILE = ROOT.parent / "shared" / "data" / "online_retail_2010-12.csv.gz"
ABSENT = f"NOTHING REPLAYED: {FILE.name} is not beside the repository"
SHIPPING = ("POST", "DOT", "C2")

Record = Mapping[str, str]


def records() -> Iterator[Record]:
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as rows:
        yield from csv.DictReader(rows)


def cut(found: Iterable[Record], invoices: Collection[str], path: Path) -> None:
    """A file like it, of these invoices alone."""
    with path.open("w", encoding="utf-8", newline="") as file:
        kept = [record for record in found if record["InvoiceNo"] in invoices]
        writer = csv.DictWriter(file, kept[0].keys())
        writer.writeheader()
        writer.writerows(kept)


def is_product(record: Record) -> bool:
    return record["StockCode"][:5].isdigit() and len(record["StockCode"]) >= 5


def is_sold(record: Record) -> bool:
    return is_product(record) and int(record["Quantity"]) > 0 and Decimal(record["UnitPrice"]) > 0


def pence(pounds: Decimal) -> int:
    return int((pounds * 100).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(slots=True)
class Sold:
    """A line of an order, numbered as the replay numbers them, and how many of it nothing has taken back."""

    invoice: str
    line_id: str
    quantity: int
    price: Decimal
    left: int


@dataclass(slots=True)
class Back:
    """What one cancellation takes back of one order: pieces by line."""

    cancellation: str
    invoice: str
    pieces: Counter[str] = field(default_factory=Counter)
    value: int = 0  # what was paid for these pieces, in pence

    @property
    def name(self) -> str:
        return f"{self.cancellation}-{self.invoice}"

    def take(self, line: Sold, pieces: int) -> None:
        worth = line.price * 100 * pieces
        assert worth == int(worth), "a price of whole pence: each piece of the line is worth the same"
        self.pieces[line.line_id] += pieces
        self.value += int(worth)


@dataclass(frozen=True, slots=True)
class Cancellations:
    """Every line of them: matched, or left out and why."""

    returns: Sequence[Back]
    matched: int  # lines
    excessive: Sequence[Back]  # a line each: the order is known, and has not so many left
    left_out: Mapping[str, int]

    @property
    def lines(self) -> int:
        return self.matched + sum(self.left_out.values())

    @property
    def orders(self) -> set[str]:
        return {back.invoice for back in (*self.returns, *self.excessive)}


def cancellations(found: Iterable[Record]) -> Cancellations:
    """Each line takes back the latest line before it of the same customer and SKU that has so many left.

    Among lines of one order, rather one of the very price that is given back.
    """
    numbers, sold = Counter[str](), defaultdict[tuple[str, str], list[Sold]](list)
    returns, excessive, left_out, matched = dict[tuple[str, str], Back](), list[Back](), Counter[str](), 0
    for record in found:
        invoice, whose = record["InvoiceNo"], (record["CustomerID"], record["StockCode"].upper())
        pieces, price = int(record["Quantity"]), Decimal(record["UnitPrice"])
        if not invoice.startswith("C"):
            if is_sold(record):
                numbers[invoice] += 1
                sold[whose].append(Sold(invoice, str(numbers[invoice]), pieces, price, pieces))
            continue
        if why := _left_out(record, sold[whose]):
            left_out[why] += 1
            continue
        if line := _latest(sold[whose], -pieces, price):
            line.left += pieces
            returns.setdefault((invoice, line.invoice), Back(invoice, line.invoice)).take(line, -pieces)
            matched += 1
            continue
        left_out["more than is left of what was sold"] += 1
        excessive.append(Back(invoice, sold[whose][-1].invoice))
        excessive[-1].take(sold[whose][-1], -pieces)
    return Cancellations(list(returns.values()), matched, excessive, left_out)


def _left_out(record: Record, before: Sequence[Sold]) -> str | None:
    if not is_product(record):
        return "no product"
    if not record["CustomerID"]:
        return "no customer"
    return None if before else "nothing sold before in this file"


def _latest(before: Sequence[Sold], pieces: int, price: Decimal) -> Sold | None:
    enough = [line for line in before if line.left >= pieces]
    last = [line for line in enough if line.invoice == enough[-1].invoice]
    return next((line for line in reversed(last) if line.price == price), last[-1] if last else None)

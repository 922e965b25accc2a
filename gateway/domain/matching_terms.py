"""What a three-way match speaks of: what was ordered, what came, what is billed, and how far apart they may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from gateway.domain.money import minor_units

MICROS = 1_000_000  # a unit price is an integer of millionths of the currency's unit: 1.25 is 1_250_000
POINTS = 10_000  # basis points in one whole

# From the best to the worst; the worst of an invoice's findings is its verdict.
Verdict = Literal[
    "matched",
    "matched_within_tolerance",
    "not_received",  # the goods may still come
    "tax_variance",
    "charge_variance",
    "amount_mismatch",  # a line is not its quantity times its price
    "tolerance_used_up",  # within tolerance by itself, but the order has had its share of that
    "price_variance",
    "qty_variance",
    "over_billed",
    "unknown_line",
    "header_mismatch",
    "duplicate_suspected",
]


def _whole_numbers(value: Any) -> None:
    """Whoever computes money with a fraction has made a mistake that no test of the sum would show."""
    for each in fields(value):
        number = getattr(value, each.name)
        if each.type is int and (type(number) is not int or number < 0):
            raise ValueError(f"{each.name} is a whole number that is not negative, not {number!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingRules:
    """Amounts are minor units of the order's currency."""

    price_points: int = 200  # basis points of the ordered price …
    price_cap: int = 5_000  # … and no more than this on a line
    small_difference: int = 100  # of a line; up to this a difference in price is let pass whatever its share
    quantity_points: int = 0  # basis points of what may be billed …
    quantity_cap: int = 0  # … and no more pieces than this
    charge_tolerance: int = 500  # of each kind of charge, in all invoices of an order together
    order_cap: int = 5_000  # what one order's invoices may cost more than ordered, all together and with their charges
    grace_days: int = 5  # how long an invoice waits for its goods

    def __post_init__(self) -> None:
        _whole_numbers(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLine:
    """A line of the order, with everything received and billed before this invoice."""

    id: str
    ordered: int  # as confirmed, without what was cancelled
    price: int  # micros, of the revision in force when the goods were received
    received: int = 0
    accepted: int = 0
    invoiced: int = 0
    tax_points: int = 0
    two_way: bool = False  # a service: nothing is received

    def __post_init__(self) -> None:
        _whole_numbers(self)
        if self.accepted > self.received:
            raise ValueError("no more is accepted than was received")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A purchase order agrees to no charge, so whatever is charged costs more than ordered."""

    currency: str
    lines: tuple[OrderedLine, ...]
    charged: Mapping[str, int] = field(default_factory=dict)  # by the invoices before, by kind
    overpaid: int = 0  # of `order_cap`, by the invoices before

    def __post_init__(self) -> None:
        _whole_numbers(self)
        minor_units(self.currency)
        if len({line.id for line in self.lines}) < len(self.lines):
            raise ValueError("a line of an order stands in it once")


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    line_id: str | None  # of the order
    quantity: int
    price: int  # micros
    amount: int

    def __post_init__(self) -> None:
        _whole_numbers(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    kind: str
    amount: int
    tax_points: int = 0

    def __post_init__(self) -> None:
        _whole_numbers(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    currency: str
    lines: tuple[BilledLine, ...]
    charges: tuple[Charge, ...] = ()
    tax: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        _whole_numbers(self)
        minor_units(self.currency)


Sums = Mapping[str, int]  # the numbers that led to a verdict: the explanation is the arithmetic


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    sums: Sums


@dataclass(frozen=True, slots=True)
class LineMatch:
    line_id: str | None
    verdict: Verdict
    findings: tuple[Finding, ...]  # what is wrong with it, none if it matches
    sums: Sums


@dataclass(frozen=True, slots=True)
class Match:
    verdict: Verdict
    lines: tuple[LineMatch, ...]
    findings: tuple[Finding, ...]  # about the invoice as a whole
    overpaid: int  # of the order's `order_cap`, this invoice's share with it

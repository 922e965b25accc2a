"""Which mapped rate each line of a supplier's bill is taxed at: the bill says one sum for all of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.procurement import Bill

NONE = Decimal(0)
POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Rates:
    lines: tuple[Decimal, ...]
    charges: Decimal

    def off(self, bill: Bill) -> Decimal:
        """How far they are from the tax that is billed, in minor units."""
        goods = sum(line.amount.amount * rate for line, rate in zip(bill.lines, self.lines, strict=True))
        return abs(goods + sum(amount.amount for _, amount in bill.charges) * self.charges - bill.tax.amount)


def rates_of(bill: Bill, mapped: Collection[Decimal]) -> Rates | None:
    """What was agreed, if that comes to the tax but for a minor unit on each line, charges at no rate or one of the
    lines'; else one rate on all of it. None: nothing does."""
    agreed = tuple(Decimal(line.tax_points) / POINTS for line in bill.lines)
    untaxed = Rates((NONE,) * len(agreed), NONE)
    if not bill.tax.amount:
        return untaxed
    known = agreed if {*agreed} <= {NONE, *mapped} else untaxed.lines
    return _nearest(bill, (Rates(known, rate) for rate in sorted({NONE, *known}))) or _nearest(
        bill, (Rates((rate,) * len(agreed), rate) for rate in mapped)
    )


def _nearest(bill: Bill, ways: Iterable[Rates]) -> Rates | None:
    best = min(ways, key=lambda each: each.off(bill))
    return best if best.off(bill) <= len(bill.lines) + len(bill.charges) else None

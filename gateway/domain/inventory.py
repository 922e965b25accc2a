"""Stock as it may be promised: the terms of an answer, how sure it is, and the numbers that the retailer sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Place = tuple[str, str, str]  # SKU, node, condition


class Confidence(StrEnum):
    """How far an answer may be trusted; the least of what it is made of."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_SURENESS = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryPolicy:
    """`policies/inventory.yaml`: minutes, units, per cent, minor units."""

    soft_usual: int = 10
    soft_most: int = 120
    divergence_units: int = 1
    divergence_percent: int = 2
    divergence_severe: int = 20
    snapshot_drop_percent: int = 5
    adjustment_units: int = 50
    adjustment_value: int = 50_000
    staleness_percent: int = 150

    def tolerance(self, largest: int) -> float:
        """How many units two views of *largest* may differ by."""
        return max(self.divergence_units, largest * self.divergence_percent / 100)


# What makes up availability: the first is added, the others are subtracted.
TERMS = (
    *("on_hand", "damaged", "quality_control", "hold", "display"),
    *("safety_stock", "reserved", "reserved_soft", "withheld"),
)


@dataclass(frozen=True, slots=True)
class Position:
    """What is known of one SKU at one node."""

    sku: str
    node_id: str
    condition: str
    version: int
    quantities: tuple[int, ...]  # of the TERMS, in their order; soft reservations without what is over
    available: int  # may be less than nothing: something was promised that is not there
    confidence: Confidence
    as_of: datetime | None  # None: nobody has ever reported it
    every: int  # seconds between reports of its source

    def sureness(self, policy: InventoryPolicy, now: datetime) -> Confidence:
        """Its own confidence, lowered while its source is late."""
        if self.as_of is None:
            return Confidence.LOW
        late = (now - self.as_of).total_seconds() * 100 / self.every
        if late <= policy.staleness_percent:
            return self.confidence
        return least((self.confidence, Confidence.MEDIUM if late <= 2 * policy.staleness_percent else Confidence.LOW))


@dataclass(frozen=True, slots=True)
class Inbound:
    """Goods that are expected: how many, when, and how surely (0 to 1)."""

    quantity: int
    eta: datetime
    confidence: float


SURE_ENOUGH = 0.5  # inbound goods that are less likely are not promised


def least(confidences: Iterable[Confidence]) -> Confidence:
    return min(confidences, key=_SURENESS.index, default=Confidence.HIGH)


def earliest(wanted: int, available: int, inbound: Sequence[Inbound], now: datetime) -> datetime | None:
    """When *wanted* units are there: now, or with the goods that are expected by then. None: not in sight.

    Cumulative: what is short today is made good before anything of a delivery is free.
    """
    free = available
    if free >= wanted:
        return now
    for goods in sorted(inbound, key=lambda goods: goods.eta):
        if goods.confidence >= SURE_ENOUGH and goods.eta > now:  # nobody knows when what is overdue will come
            free += goods.quantity
            if free >= wanted:
                return goods.eta
    return None

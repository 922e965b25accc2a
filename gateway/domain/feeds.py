"""What sources say of stock: counts of one moment, facts since then, and goods that are expected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.domain.inventory import Place
from gateway.domain.stock import StockLevel

Semantics = Literal["physical", "net_of_orders"]
BUCKETS = ("damaged", "quality_control", "hold", "display")  # there, but not for sale
OURS = ("shipment", "order")  # reasons under which a reference may be an order or a reservation of ours


@dataclass(frozen=True, slots=True)
class Source:
    """Who reports stock, and what its numbers mean."""

    source_id: str
    partner_id: str | None
    semantics: Semantics
    every: int  # seconds
    version: int
    nodes: tuple[str, ...] | None = None  # which it may speak of; None: every one

    def reach(self, known: set[str]) -> set[str]:
        """Of the nodes that are *known*, those that it may speak of."""
        return known if self.nodes is None else known & set(self.nodes)


@dataclass(frozen=True, slots=True)
class Count:
    """What lay at a place at one moment; *unavailable* is None where the source does not say."""

    place: Place
    on_hand: int
    as_of: datetime
    unavailable: Mapping[str, int] | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """One fact, under the source's own id of it."""

    event_id: str
    place: Place
    delta: int
    reason: str
    occurred_at: datetime
    bucket: str = "on_hand"
    reference: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """Goods on their way: a line of a document, as the source sees it now."""

    document: str
    line: str
    sku: str
    node: str
    quantity: int
    eta: datetime
    confidence: float


def counted(level: StockLevel) -> Count:
    return Count((level.sku.upper(), level.node, "new"), level.on_hand, level.as_of, gtin=level.gtin)


def newest(counts: Iterable[Count]) -> list[Count]:
    """One a place, in order of places; of one moment the lesser one."""
    told = {count.place: count for count in sorted(counts, key=lambda count: (count.as_of, -count.on_hand))}
    return [told[place] for place in sorted(told)]

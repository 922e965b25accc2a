"""The other half of the ports: what systems behind us tell us, by calling or when they are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """What a foreign system's callback or change says, in our words."""

    id: str  # the system's for this fact, however often it tells it
    run_id: str
    kind: str  # of the signal that it becomes
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StockMove:
    """Stock changed at a node of a warehouse: a fact, under the warehouse's own id of it."""

    id: str
    sku: str
    node: str
    delta: int  # units, never 0
    bucket: str  # on_hand, or one of those that are there and not for sale
    reason: str
    reference: str | None  # the document behind it; of a shipment of ours: the order
    sequence: int | None  # counts the facts of this SKU at this node, where the warehouse counts them
    occurred_at: datetime


class Callbacks(Protocol):
    """The manner in which one system calls back that does not speak Standard Webhooks."""

    role: str  # which back end it is: payments | erp | wms
    header: str  # in which it signs, in lower case
    form: str  # what the secrets look like that it makes, as a regular expression

    def signed(self, signature: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> bool:
        """Is it from whoever shares one of *secrets*, and of now?"""

    def told(self, body: Mapping[str, Any]) -> Told | None:
        """What a body that fits its contract says; None: nothing that matters to us."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what a system did: at most so much at once, and where the next page begins."""

    told: Sequence[Told]
    cursor: str
    more: bool  # there was more to read at that moment
    moves: Sequence[StockMove] = ()


STOCK = "wms_stock"  # among the changes that are asked for: how the warehouse's stock changed


class Changes(Protocol):
    async def since(self, cursor: str | None) -> Page:
        """What a system that cannot call us did after *cursor*; None: from the beginning. In its order, and at least
        once: also what became visible later than its place in that order. A fact told again has the same id."""

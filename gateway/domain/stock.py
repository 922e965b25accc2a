"""Stock as warehouses report it: a physical count that was true at one moment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StockLevel:
    sku: str
    gtin: str | None
    on_hand: int
    as_of: datetime
    node: str = "main"

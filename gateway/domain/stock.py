"""Stock as warehouses report it: a count at a node, true at one moment."""

import re
from dataclasses import dataclass
from datetime import datetime

MAIN = "main"  # the node of a warehouse that has but one
NODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class StockLevel:
    sku: str
    gtin: str | None
    on_hand: int
    as_of: datetime
    node: str = MAIN

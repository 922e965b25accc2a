"""Corrections by people: what was wrong, by how much, and whether another one has to look at it first."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.inventory import InventoryPolicy, Place

CYCLE_COUNT = "cycle_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """*delta* is None while only the *count* is known that it shall lead to."""

    adjustment_id: str
    account: str  # who asked, and under which number of theirs
    reference: str
    place: Place
    bucket: str
    delta: int | None
    count: int | None
    reason: str
    document_ref: str | None
    expected: int | None
    cost: int | None  # minor units a piece
    currency: str | None
    reverses: str | None
    requested_by: str
    now: datetime

    def needs_approval(self, delta: int, policy: InventoryPolicy) -> bool:
        units = abs(delta)
        return units > policy.adjustment_units or units * (self.cost or 0) > policy.adjustment_value

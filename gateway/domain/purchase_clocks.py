"""How long a supplier may take to answer an order."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class PurchaseClocks:
    """After so many hours a supplier is reminded, and a buyer told."""

    remind_hours: int = 24
    escalate_hours: int = 36

    @property
    def remind(self) -> timedelta:
        return timedelta(hours=self.remind_hours)

    @property
    def escalate(self) -> timedelta:
        return timedelta(hours=self.escalate_hours)

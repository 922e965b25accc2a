"""How long a supplier may take to answer an order, and to announce what it has agreed to send."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class PurchaseClocks:
    """After so many hours a supplier is reminded, and a buyer told; so many days before the day that was agreed, where
    nothing is announced."""

    remind_hours: int = 24
    escalate_hours: int = 36
    notice_days: int = 3
    missing_days: int = 1

    @property
    def remind(self) -> timedelta:
        return timedelta(hours=self.remind_hours)

    @property
    def escalate(self) -> timedelta:
        return timedelta(hours=self.escalate_hours)

"""What the retailer says about returns: until when, by which way, at what fee, and what money waits for."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Reason = Literal[
    "changed_mind",
    "wrong_size",
    "wrong_item",
    "not_as_described",
    "damaged_in_transit",
    "defective",
    "missing_parts",
    "late",
    "duplicate",
    "refused",
    "undeliverable",
    "recall",
    "warranty",
    "other",
]
FeeKind = Literal["none", "flat", "percent"]
Method = Literal["mail", "store", "locker", "pickup", "keep"]
Trigger = Literal["scan", "receipt", "inspection"]

# What a customer is not to blame for costs them nothing.
NOT_THEIR_FAULT: tuple[Reason, ...] = (
    *("wrong_item", "not_as_described", "damaged_in_transit", "defective", "missing_parts", "late", "refused"),
    *("undeliverable", "recall", "warranty"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRule:
    """For lines whose channel and SKU are like one of each list; `*` stands for any characters. SKUs are upper case."""

    name: str
    place: str = ""  # file:line
    channels: tuple[str, ...] = ("*",)
    skus: tuple[str, ...] = ("*",)
    days: int = 30  # from when the goods left, or were fetched; 0: they do not come back at all
    fee: FeeKind = "none"
    fee_value: int = 0  # minor units, or per cent
    fee_cap: int | None = None  # minor units
    waived_for: tuple[str, ...] = NOT_THEIR_FAULT
    method: Method = "mail"
    refund_on: Trigger = "inspection"

    def fits(self, channel_id: str, sku: str) -> bool:
        named = any(fnmatchcase(channel_id, pattern) for pattern in self.channels)
        return named and any(fnmatchcase(sku.upper(), pattern) for pattern in self.skus)

    def fee_on(self, value: int, reason: str | None) -> int:
        """Of goods of a line that are worth *value* minor units together; it grows with them, and is never more."""
        if self.fee == "none" or reason in self.waived_for:
            return 0
        fee = self.fee_value if self.fee == "flat" else value * self.fee_value // 100
        return min(fee, value) if self.fee_cap is None else min(fee, value, self.fee_cap)


@dataclass(frozen=True, slots=True)
class ReturnsPolicy:
    """The first rule that fits counts; the last one fits everything."""

    rules: tuple[ReturnRule, ...] = (ReturnRule(name="usual"),)
    expires_days: int = 30  # a return of which nothing has come by then is over

    def rule_for(self, channel_id: str, sku: str) -> ReturnRule:
        return next(rule for rule in self.rules if rule.fits(channel_id, sku))

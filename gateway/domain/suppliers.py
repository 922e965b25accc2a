"""Suppliers: how far each has come from the first talk to the last order, and who may take it further."""

from enum import StrEnum
from typing import Literal


class SupplierStatus(StrEnum):
    PROSPECT = "prospect"
    ONBOARDING = "onboarding"
    CERTIFIED = "certified"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    OFFBOARDED = "offboarded"


Trigger = Literal["move", "approve"]  # move: a buyer's; approve: an approver's, who is not who made it

# From, to, by which trigger. What does not stand here does not happen.
MOVES: tuple[tuple[SupplierStatus, SupplierStatus, Trigger], ...] = (
    (SupplierStatus.PROSPECT, SupplierStatus.ONBOARDING, "move"),
    (SupplierStatus.ONBOARDING, SupplierStatus.CERTIFIED, "move"),
    (SupplierStatus.CERTIFIED, SupplierStatus.ONBOARDING, "move"),
    (SupplierStatus.CERTIFIED, SupplierStatus.ACTIVE, "approve"),
    (SupplierStatus.ACTIVE, SupplierStatus.SUSPENDED, "move"),
    (SupplierStatus.SUSPENDED, SupplierStatus.CERTIFIED, "move"),  # an approver lets it in again
    (SupplierStatus.PROSPECT, SupplierStatus.OFFBOARDED, "move"),
    (SupplierStatus.ONBOARDING, SupplierStatus.OFFBOARDED, "move"),
    (SupplierStatus.CERTIFIED, SupplierStatus.OFFBOARDED, "move"),
    (SupplierStatus.SUSPENDED, SupplierStatus.OFFBOARDED, "move"),
)


def may_move(before: SupplierStatus, after: SupplierStatus, trigger: Trigger) -> bool:
    return (before, after, trigger) in MOVES


def next_of(before: SupplierStatus) -> list[SupplierStatus]:
    """Where it may come from here, by anybody."""
    return [after for start, after, _ in MOVES if start is before]


def has_check_digit(number: str) -> bool:
    """GTIN, GLN and SSCC: from the right, without the last digit, weights 3, 1, 3, …; the last makes it a full ten."""
    if not (number.isascii() and number.isdigit()):
        return False
    digits = [int(each) for each in reversed(number[:-1])]
    return (sum(digits[::2]) * 3 + sum(digits[1::2]) + int(number[-1])) % 10 == 0

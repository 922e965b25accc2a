"""
The money ledger of one payment: what was held, taken and given back, and what is on its way back with an outcome that
may be unknown. What a payment's standing comes to follows from it, and is never stored.
"""

from dataclasses import dataclass, fields, replace
from typing import Literal

PaymentStatus = Literal[
    "unpaid", "authorised", "partially_captured", "captured", "partially_refunded", "refunded", "voided"
]


class Overdrawn(ValueError):
    """More money than there is where it would have to come from."""


@dataclass(frozen=True, slots=True)
class PaymentLedger:
    """Minor units of one currency, none negative."""

    authorised: int = 0
    captured: int = 0
    voided: int = 0  # held money that was given back untaken
    refunded: int = 0
    in_flight: int = 0  # of refunds asked for: neither done nor refused, as far as we know

    def __post_init__(self) -> None:
        if any(getattr(self, each.name) < 0 for each in fields(self)):
            raise Overdrawn("amounts are not negative")
        if self.captured + self.voided > self.authorised:
            raise Overdrawn(f"{self.captured + self.voided} taken or given back of {self.authorised} that were held")
        if self.refunded + self.in_flight > self.captured:
            raise Overdrawn(f"{self.refunded + self.in_flight} go back of {self.captured} that were taken")

    @property
    def held(self) -> int:
        """What can still be taken."""
        return self.authorised - self.captured - self.voided

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded - self.in_flight

    def authorise(self, amount: int) -> "PaymentLedger":
        return replace(self, authorised=self.authorised + _positive(amount))

    def capture(self, amount: int) -> "PaymentLedger":
        return replace(self, captured=self.captured + _positive(amount))

    def void(self, amount: int) -> "PaymentLedger":
        return replace(self, voided=self.voided + _positive(amount))

    def ask_refund(self, amount: int) -> "PaymentLedger":
        """Before the payment provider is asked: nobody else can give the same money back."""
        return replace(self, in_flight=self.in_flight + _positive(amount))

    def refund_done(self, amount: int) -> "PaymentLedger":
        return replace(self, in_flight=self.in_flight - _positive(amount), refunded=self.refunded + amount)

    def refund_refused(self, amount: int) -> "PaymentLedger":
        """The provider's word that it did not; that nobody knows is no refusal."""
        return replace(self, in_flight=self.in_flight - _positive(amount))


def _positive(amount: int) -> int:
    if amount < 0:
        raise Overdrawn("an amount is not negative")
    return amount


def payment_status(ledger: PaymentLedger) -> PaymentStatus:
    if ledger.refunded:
        return "refunded" if ledger.refunded == ledger.captured else "partially_refunded"
    if ledger.captured:
        return "partially_captured" if ledger.held else "captured"
    if ledger.held:
        return "authorised"
    return "voided" if ledger.voided else "unpaid"

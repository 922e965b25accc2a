"""Minor units as Stripe counts them: ISO 4217 but for a few currencies, and thousandths in tens only."""

from gateway.domain.money import Money, minor_units
from gateway.errors import Rejected

# Where Stripe's count of decimal digits is not that of ISO 4217.
DIGITS = {"ISK": 2, "MGA": 0, "UGX": 2}
NOT_PAYABLE = "amount_not_payable"


def to_stripe(money: Money) -> int:
    """Raises `Rejected` for an amount that Stripe cannot express; it is never rounded."""
    digits = minor_units(money.currency)
    theirs = DIGITS.get(money.currency, digits)
    amount, rest = divmod(money.amount * _power(theirs - digits), _power(digits - theirs))
    if digits == 3:
        rest = amount % 10
    if rest:
        raise Rejected(f"Stripe has no coin for such an amount of {money.currency}", code=NOT_PAYABLE)
    return amount


def _power(digits: int) -> int:
    return int(10 ** max(digits, 0))

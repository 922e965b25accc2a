"""Money is an integer of minor units and a currency; it is never a float and never loses either half."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Self

from iso4217 import Currency

# Codes without minor units (gold, test codes) are no means of payment.
_EXPONENTS: dict[str, int] = {c.code: c.exponent for c in Currency if c.exponent is not None}
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_UNIT = Decimal(1)


def is_currency(code: str) -> bool:
    return code in _EXPONENTS


def minor_units(currency: str) -> int:
    """How many decimal digits a currency has: GBP 2, JPY 0, KWD 3."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not a currency of ISO 4217") from None


@dataclass(frozen=True, slots=True)
class Money:
    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError("an amount of money is an integer of minor units")
        if self.currency not in _EXPONENTS:
            raise ValueError(f"{self.currency!r} is not a currency of ISO 4217")

    def __add__(self, other: Self) -> Self:
        return type(self)(self.amount + other.amount, self._shared(other))

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.amount - other.amount, self._shared(other))

    def _shared(self, other: Self) -> str:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return self.currency

    def allocate(self, weights: Sequence[int]) -> tuple[Self, ...]:
        """Shares in proportion to *weights* that sum to exactly this amount: largest remainder, ties to the first.

        Weights that are all zero count as equal.
        """
        if not weights or min(weights) < 0:
            raise ValueError("an allocation needs weights, none of them negative")
        shares = weights if any(weights) else [1] * len(weights)
        size, whole = abs(self.amount), sum(shares)
        parts = [size * share // whole for share in shares]
        by_remainder = sorted(range(len(shares)), key=lambda i: -(size * shares[i] % whole))
        for i in by_remainder[: size - sum(parts)]:
            parts[i] += 1
        sign = -1 if self.amount < 0 else 1
        return tuple(type(self)(sign * part, self.currency) for part in parts)


def zero(currency: str) -> Money:
    return Money(0, currency)


def extended(unit_price: Decimal, quantity: int, currency: str) -> Money:
    """The price of *quantity* pieces, rounded half up once, on the whole line."""
    minor = _EXACT.multiply(unit_price, quantity).scaleb(minor_units(currency), _EXACT)
    return Money(int(minor.quantize(_UNIT, ROUND_HALF_UP, _EXACT)), currency)

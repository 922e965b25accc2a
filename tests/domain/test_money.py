"""The laws of money: integers, one currency, nothing lost and nothing made up."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.money import Money, extended, is_currency, minor_units

CURRENCIES = st.sampled_from(["GBP", "EUR", "JPY", "KWD", "ISK", "CLF"])
AMOUNTS = st.integers(-(2**53), 2**53)
PRICES = st.decimals(0, 10**9, places=6, allow_nan=False, allow_infinity=False)


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_an_allocation_sums_to_exactly_what_was_allocated(amount: int, weights: list[int]) -> None:
    shares = Money(amount, "GBP").allocate(weights)

    assert sum(share.amount for share in shares) == amount


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=50).filter(any))
def test_a_share_is_less_than_one_minor_unit_away_from_its_proportion(amount: int, weights: list[int]) -> None:
    shares = Money(amount, "GBP").allocate(weights)

    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    assert all(abs(share.amount - right) < 1 for share, right in zip(shares, exact, strict=True))


@given(st.integers(0, 10**6), st.integers(1, 50))
def test_equal_weights_differ_by_one_at_most_and_the_first_get_more(amount: int, parts: int) -> None:
    shares = [share.amount for share in Money(amount, "GBP").allocate([1] * parts)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


@given(PRICES, st.integers(1, 10**6), CURRENCIES)
def test_a_line_is_rounded_half_up_once(price: Decimal, quantity: int, currency: str) -> None:
    exact = Fraction(price) * quantity * 10 ** minor_units(currency)

    line = extended(price, quantity, currency)

    assert line == Money((exact + Fraction(1, 2)).__floor__(), currency)


@pytest.mark.parametrize(
    ("price", "quantity", "currency", "amount"),
    [
        ("2.55", 6, "GBP", 1530),
        ("0.005", 1, "GBP", 1),
        ("0.004999", 1, "GBP", 0),
        ("2.675", 1, "GBP", 268),
        ("0.5", 1, "JPY", 1),
        ("1.2345", 1, "KWD", 1235),
        ("0", 1000, "GBP", 0),
        ("9999999999.999999", 1_000_000, "GBP", 999999999999999900),
    ],
)
def test_a_price_becomes_minor_units_of_its_currency(price: str, quantity: int, currency: str, amount: int) -> None:
    assert extended(Decimal(price), quantity, currency) == Money(amount, currency)


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_what_is_added_can_be_taken_away(one: int, other: int, currency: str) -> None:
    assert Money(one, currency) + Money(other, currency) - Money(other, currency) == Money(one, currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "GBP") + Money(1, "EUR")


@pytest.mark.parametrize("amount", [1.0, True, "1", Decimal(1)])
def test_money_is_made_of_integers_only(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "GBP")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["XTS", "XAU", "gbp", "", "GBPX"])
def test_what_has_no_minor_units_is_no_money(currency: str) -> None:
    assert not is_currency(currency)
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, currency)

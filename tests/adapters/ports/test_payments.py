"""`Payments`, whoever provides it: what it does to the money held, taken and given back."""

import asyncio
from pathlib import Path

import pytest

from gateway.domain.money import Money
from gateway.errors import Failed, Rejected, Unknown
from gateway.ports import Effect
from tests.adapters.ports.ground import EUR_30
from tests.adapters.ports.tills import Till, balance, hold, rest_till, stripe_till

EUR_10, EUR_20 = Money(10_00, "EUR"), Money(20_00, "EUR")


async def take(till: Till, amount: Money = EUR_30, *, key: str = "take") -> Effect:
    held = await hold(till, amount)
    return await till.payments.capture(held.id, amount, key=key)


async def test_an_authorisation_holds_the_money(till: Till) -> None:
    await hold(till)

    assert (await till.books.balances())["held"] == {"EUR": 30_00}
    assert [effect["reference"] for effect in await till.books.effects(key="hold")] == ["ord_1"]


async def test_what_is_held_stands_as_held(till: Till) -> None:
    held = await hold(till)
    standing = await till.payments.standing(held.id)

    assert (held.pending, standing.status, standing.code) == (False, "held", "")


async def test_repeating_a_key_does_not_hold_money_twice(till: Till) -> None:
    first, second = await hold(till), await hold(till)

    assert first == second
    assert await balance(till, "held") == 30_00


async def test_copies_at_the_same_time_hold_money_once(till: Till) -> None:
    held = await asyncio.gather(*(hold(till) for _ in range(5)))

    assert len({each.id for each in held}) == 1
    assert await balance(till, "held") == 30_00


async def test_a_declined_card_is_rejected_for_good(till: Till) -> None:
    for _ in range(2):
        with pytest.raises(Rejected) as refusal:
            await till.payments.authorise(till.declined, EUR_30, reference="ord_1", key="hold")

    assert refusal.value.facts["code"] == "declined"
    assert await till.payments.find("authorise", key="hold") == []
    assert await balance(till, "held") == 0


@pytest.mark.parametrize(
    "amount", [Money(50, "EUR"), Money(500, "JPY"), Money(1_230, "KWD"), Money(99_999_999, "GBP")], ids=str
)
async def test_amounts_arrive_in_minor_units(till: Till, amount: Money) -> None:
    await take(till, amount)

    assert await balance(till, "captured", amount.currency) == amount.amount


@pytest.mark.parametrize("amount", [Money(1, "EUR"), Money(1_234, "KWD"), Money(2**53 - 1, "GBP")], ids=str)
async def test_any_amount_can_be_paid_over_rest(amount: Money, tmp_path: Path) -> None:
    async with rest_till(tmp_path) as till:
        await take(till, amount)

        assert await balance(till, "captured", amount.currency) == amount.amount


async def test_a_void_gives_the_money_back(till: Till) -> None:
    held = await hold(till)

    await till.payments.void(held.id, key="give back")

    assert await balance(till, "held") == 0


async def test_voiding_what_is_void_is_no_error(till: Till) -> None:
    held = await hold(till)
    await till.payments.void(held.id, key="give back")

    await till.payments.void(held.id, key="give back again")

    assert len(await till.books.effects(kind="void")) == 1


async def test_what_was_taken_is_not_voided(till: Till) -> None:
    held = await hold(till)
    await till.payments.capture(held.id, EUR_30, key="take")

    with pytest.raises(Rejected) as refusal:
        await till.payments.void(held.id, key="give back")

    assert refusal.value.facts["code"] == "already_captured"
    assert await balance(till, "captured") == 30_00


async def test_no_more_is_taken_than_is_held(till: Till) -> None:
    held = await hold(till)

    with pytest.raises(Rejected) as refusal:
        await till.payments.capture(held.id, Money(30_01, "EUR"), key="take")

    assert refusal.value.facts["code"] == "amount_too_large"
    assert await balance(till, "captured") == 0


async def test_all_of_the_money_is_taken_once(till: Till) -> None:
    held = await hold(till)
    await till.payments.capture(held.id, EUR_30, key="take")

    with pytest.raises(Rejected) as refusal:
        await till.payments.capture(held.id, EUR_10, key="take again")

    assert refusal.value.facts["code"] == "already_captured"
    assert await balance(till, "captured") == 30_00


async def test_what_was_voided_is_not_taken(till: Till) -> None:
    held = await hold(till)
    await till.payments.void(held.id, key="give back")

    with pytest.raises(Rejected):
        await till.payments.capture(held.id, EUR_30, key="take")

    assert await till.payments.find("capture", key="take", subject=held.id) == []


async def test_money_is_given_back_in_parts_until_there_is_none_left(till: Till) -> None:
    taken = await take(till)

    first = await till.payments.refund(taken.id, EUR_10, key="one")
    second = await till.payments.refund(taken.id, EUR_20, key="two")

    assert first.id != second.id
    assert await balance(till, "refunded") == 30_00
    assert await till.payments.find("refund", key="one", subject=taken.id) == [first]


async def test_a_refund_under_a_repeated_key_is_made_once(till: Till) -> None:
    taken = await take(till)

    first = await till.payments.refund(taken.id, EUR_10, key="back")
    second = await till.payments.refund(taken.id, EUR_10, key="back")

    assert first == second
    assert await balance(till, "refunded") == 10_00


@pytest.mark.parametrize("before", [(), (EUR_20,), (EUR_10, EUR_20)], ids=len)
async def test_no_more_is_given_back_than_was_taken(till: Till, before: tuple[Money, ...]) -> None:
    taken = await take(till)
    for number, amount in enumerate(before):
        await till.payments.refund(taken.id, amount, key=f"back {number}")

    with pytest.raises(Rejected) as refusal:
        await till.payments.refund(taken.id, Money(30_01, "EUR"), key="too much")

    assert refusal.value.facts["code"] == "amount_too_large"
    assert await balance(till, "refunded") == sum(amount.amount for amount in before)


async def test_the_undo_of_what_never_happened_changes_nothing(till: Till) -> None:
    with pytest.raises(Failed):
        await till.payments.void("aut_never", key="give back")

    assert await till.books.effects() == []


async def test_what_cannot_be_an_identifier_is_not_sent(till: Till) -> None:
    with pytest.raises(Failed):
        await till.payments.void("../effects?key=hold", key="give back")

    assert await till.books.asked() == 0


async def test_a_key_that_stands_for_another_request_has_to_be_looked_up(till: Till) -> None:
    held = await hold(till)

    with pytest.raises(Unknown):
        await hold(till, Money(31_00, "EUR"))

    assert await till.payments.find("authorise", key="hold") == [held]


async def test_find_tells_the_operations_under_a_key_apart(till: Till) -> None:
    held = await hold(till)

    assert await till.payments.find("authorise", key="hold") == [held]
    assert await till.payments.find("void", key="hold", subject=held.id) == []
    assert await till.payments.find("capture", key="hold", subject=held.id) == []
    assert await till.payments.find("refund", key="hold", subject=held.id) == []


@pytest.mark.parametrize("key", ["ord_1/hold_money/1", "a b", "50%&kind=void#x", "k" * 200])
async def test_a_key_arrives_as_it_is(till: Till, key: str) -> None:
    held = await hold(till, key=key)

    assert await till.payments.find("authorise", key=key) == [held]
    assert [effect["id"] for effect in await till.books.effects(key=key)] == [held.id]


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(1, "EUR"), "amount_too_small"),
        (Money(100_000_000, "EUR"), "amount_too_large"),
        (Money(1_234, "KWD"), "amount_not_payable"),
        (Money(1_050, "MGA"), "amount_not_payable"),
    ],
    ids=str,
)
async def test_what_stripe_cannot_charge_is_rejected_and_never_rounded(
    amount: Money, code: str, tmp_path: Path
) -> None:
    async with stripe_till(tmp_path) as till:
        with pytest.raises(Rejected) as refusal:
            await hold(till, amount)

        assert refusal.value.facts["code"] == code
        assert await till.books.effects() == []

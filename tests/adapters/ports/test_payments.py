"""`Payments`, whoever provides it: what it does to the money held and taken."""

import pytest

from gateway.domain.money import Money
from gateway.errors import Failed, Rejected, Unknown
from tests.adapters.ports.ground import CARD, DECLINED_CARD, EUR_30, Ground


async def test_an_authorisation_holds_the_money(ground: Ground) -> None:
    await ground.back_ends.payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")

    assert (await ground.books("psp"))["held"] == {"EUR": 30_00}
    assert [effect["reference"] for effect in await ground.effects("psp", key="hold")] == ["ord_1"]


async def test_repeating_a_key_does_not_hold_money_twice(ground: Ground) -> None:
    payments = ground.back_ends.payments

    first = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")
    second = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")

    assert first == second
    assert (await ground.books("psp"))["held"] == {"EUR": 30_00}


async def test_a_declined_card_is_rejected_for_good(ground: Ground) -> None:
    payments = ground.back_ends.payments

    for _ in range(2):
        with pytest.raises(Rejected) as refusal:
            await payments.authorise(DECLINED_CARD, EUR_30, reference="ord_1", key="hold")

    assert refusal.value.facts["code"] == "declined"
    assert await payments.find("authorise", key="hold") == []


@pytest.mark.parametrize("amount", [Money(1, "EUR"), Money(500, "JPY"), Money(1_234, "KWD"), Money(2**53 - 1, "GBP")])
async def test_amounts_arrive_in_minor_units(ground: Ground, amount: Money) -> None:
    payments = ground.back_ends.payments

    held = await payments.authorise(CARD, amount, reference="ord_1", key="hold")
    await payments.capture(held.id, amount, key="take")

    assert (await ground.books("psp"))["captured"] == {amount.currency: amount.amount}


async def test_a_void_gives_the_money_back(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")

    await payments.void(held.id, key="give back")

    assert (await ground.books("psp"))["held"].get("EUR", 0) == 0


async def test_voiding_what_is_void_is_no_error(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")
    await payments.void(held.id, key="give back")

    await payments.void(held.id, key="give back again")

    assert len(await ground.effects("psp", kind="void")) == 1


async def test_what_was_taken_is_not_voided(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")
    await payments.capture(held.id, EUR_30, key="take")

    with pytest.raises(Rejected) as refusal:
        await payments.void(held.id, key="give back")

    assert refusal.value.facts["code"] == "already_captured"
    assert (await ground.books("psp"))["captured"] == {"EUR": 30_00}


async def test_no_more_is_taken_than_is_held(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")

    with pytest.raises(Rejected) as refusal:
        await payments.capture(held.id, Money(30_01, "EUR"), key="take")

    assert refusal.value.facts["code"] == "amount_too_large"
    assert (await ground.books("psp"))["captured"].get("EUR", 0) == 0


async def test_what_was_voided_is_not_taken(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")
    await payments.void(held.id, key="give back")

    with pytest.raises(Rejected):
        await payments.capture(held.id, EUR_30, key="take")

    assert await payments.find("capture", key="take") == []


async def test_the_undo_of_what_never_happened_changes_nothing(ground: Ground) -> None:
    with pytest.raises(Failed):
        await ground.back_ends.payments.void("aut_never", key="give back")

    assert await ground.effects("psp") == []


async def test_what_cannot_be_an_identifier_is_not_sent(ground: Ground) -> None:
    with pytest.raises(Failed):
        await ground.back_ends.payments.void("../effects?key=hold", key="give back")

    assert await ground.attempts("psp") == []


async def test_a_key_that_stands_for_another_request_has_to_be_looked_up(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")

    with pytest.raises(Unknown):
        await payments.authorise(CARD, Money(31_00, "EUR"), reference="ord_1", key="hold")

    assert await payments.find("authorise", key="hold") == [held]


async def test_find_tells_the_operations_under_a_key_apart(ground: Ground) -> None:
    payments = ground.back_ends.payments
    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key="hold")

    assert await payments.find("authorise", key="hold") == [held]
    assert await payments.find("void", key="hold") == []
    assert await payments.find("capture", key="hold") == []


@pytest.mark.parametrize("key", ["ord_1/hold_money/1", "a b", "50%&kind=void#x", "k" * 200])
async def test_a_key_arrives_as_it_is(ground: Ground, key: str) -> None:
    payments = ground.back_ends.payments

    held = await payments.authorise(CARD, EUR_30, reference="ord_1", key=key)

    assert await payments.find("authorise", key=key) == [held]
    assert [effect["id"] for effect in await ground.effects("psp", key=key)] == [held.id]

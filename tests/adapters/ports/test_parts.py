"""`Payments`, whoever provides it: money is taken in parts or once, as the manifest says, and before it expires."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.money import Money
from gateway.errors import Rejected
from gateway.ports import EXPIRES_AT, sending
from tests.adapters.ports.effects import CARDS
from tests.adapters.ports.ground import EUR_30, Ground, soon
from tests.adapters.ports.tills import Till, balance, hold

EUR_5, EUR_10, EUR_20 = Money(5_00, "EUR"), Money(10_00, "EUR"), Money(20_00, "EUR")
WEEK, LATER = timedelta(days=7), timedelta(days=8).total_seconds()


@pytest.fixture
def by_parts(till: Till) -> Till:
    if not till.in_parts:
        pytest.skip("its manifest does not promise captures in parts")
    return till


@pytest.fixture
def at_once(till: Till) -> Till:
    if till.in_parts:
        pytest.skip("its manifest promises captures in parts")
    return till


async def in_parts(till: Till) -> None:
    """What whoever declares it has to keep."""
    held = await hold(till)

    first = await till.payments.capture(held.id, EUR_10, key="one")
    second = await till.payments.capture(held.id, EUR_5, key="two")

    assert (await balance(till, "captured"), await balance(till, "held")) == (15_00, 15_00)
    assert first.id != second.id
    for key, taken in (("one", first), ("two", second)):
        assert await till.payments.find("capture", key=key, subject=held.id) == [taken]


async def once(till: Till) -> None:
    """What whoever does not declare it has to keep."""
    held = await hold(till)
    await till.payments.capture(held.id, EUR_10, key="one")

    with pytest.raises(Rejected) as refusal:
        await till.payments.capture(held.id, EUR_5, key="two")

    assert refusal.value.facts["code"] == "already_captured"
    assert (await balance(till, "captured"), await balance(till, "held")) == (10_00, 0)


async def test_parts_add_up_and_are_told_apart(by_parts: Till) -> None:
    await in_parts(by_parts)


async def test_without_parts_money_is_taken_once_and_the_rest_is_released(at_once: Till) -> None:
    await once(at_once)


async def test_a_manifest_that_says_otherwise_than_its_provider_does_is_found_out(till: Till) -> None:
    if till.in_parts:
        with pytest.raises(pytest.fail.Exception):  # nobody refuses the second
            await once(till)
    else:
        with pytest.raises(Rejected):
            await in_parts(till)


async def test_no_part_is_larger_than_what_is_left(by_parts: Till) -> None:
    held = await hold(by_parts)
    await by_parts.payments.capture(held.id, EUR_10, key="one")
    await by_parts.payments.capture(held.id, EUR_10, key="two")

    with pytest.raises(Rejected) as refusal:
        await by_parts.payments.capture(held.id, Money(10_01, "EUR"), key="three")

    assert refusal.value.facts["code"] == "amount_too_large"
    assert (await balance(by_parts, "captured"), await balance(by_parts, "held")) == (20_00, 10_00)


async def test_a_part_under_a_repeated_key_is_taken_once(by_parts: Till) -> None:
    held = await hold(by_parts)

    first = await by_parts.payments.capture(held.id, EUR_10, key="one")
    second = await by_parts.payments.capture(held.id, EUR_10, key="one")

    assert first == second
    assert await balance(by_parts, "captured") == 10_00


async def test_a_void_gives_back_what_no_part_has_taken(by_parts: Till) -> None:
    held = await hold(by_parts)
    await by_parts.payments.capture(held.id, EUR_20, key="one")

    await by_parts.payments.void(held.id, key="give back")
    with pytest.raises(Rejected) as refusal:
        await by_parts.payments.capture(held.id, EUR_10, key="two")

    assert refusal.value.facts["code"] == "voided"
    assert (await balance(by_parts, "captured"), await balance(by_parts, "held")) == (20_00, 0)
    assert len(await by_parts.payments.find("void", key="give back", subject=held.id)) == 1


async def test_each_part_is_given_back_by_itself(by_parts: Till) -> None:
    held = await hold(by_parts)
    first = await by_parts.payments.capture(held.id, EUR_10, key="one")
    await by_parts.payments.capture(held.id, EUR_20, key="two")

    await by_parts.payments.refund(first.id, EUR_10, key="back")
    with pytest.raises(Rejected) as refusal:
        await by_parts.payments.refund(first.id, EUR_5, key="back again")

    assert refusal.value.facts["code"] == "amount_too_large"
    assert await balance(by_parts, "refunded") == 10_00


async def test_until_when_money_is_held_is_told_and_found_again(any_ground: Ground) -> None:
    payments, before = any_ground.back_ends.payments, datetime.now(UTC)

    held = await payments.authorise(CARDS[any_ground.payments], EUR_30, reference="ord_1", key="hold")

    until = datetime.fromisoformat(held.facts[EXPIRES_AT])
    assert abs(until - before - WEEK) < timedelta(minutes=1)
    assert await payments.find("authorise", key="hold") == [held]


async def test_what_was_held_for_too_long_is_not_taken(any_ground: Ground) -> None:
    payments = any_ground.back_ends.payments
    held = await payments.authorise(CARDS[any_ground.payments], EUR_30, reference="ord_1", key="hold")

    any_ground.clock_goes_ahead(LATER)
    with sending(soon(2 * LATER)), pytest.raises(Rejected) as refusal:
        await payments.capture(held.id, EUR_30, key="take")

    assert refusal.value.facts["code"] == "expired"
    assert await any_ground.effects(any_ground.payments, kind="capture") == []

"""Facts are taken once, count from their count's moment on, and what an order of ours explains is not applied twice."""

import pytest

from tests.store.stocktaking import ERP, LAMP, WMS, Stocktaking, fact


async def test_a_fact_told_twice_counts_once(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)
    came = fact(3, minute=1)

    first, second = await lamps.told(WMS, came), await lamps.told(WMS, came, fact(1, minute=2))

    assert (first, second) == (["applied"], ["duplicate", "applied"])
    assert await lamps.available() == 9


async def test_one_id_does_not_stand_for_two_facts(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)

    outcomes = await lamps.told(WMS, fact(3, 1, event_id="e")), await lamps.told(WMS, fact(4, 1, event_id="e"))

    assert outcomes == (["applied"], ["conflict"])
    assert await lamps.available() == 8


async def test_a_fact_from_before_the_count_is_kept_and_not_applied(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=2)

    assert await lamps.told(WMS, fact(3, 1), fact(3, 2), fact(-1, 2)) == ["late", "late", "applied"]
    assert await lamps.available() == 4


async def test_a_count_contains_what_was_told_before_its_moment_and_nothing_after_it(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)
    await lamps.told(WMS, fact(3, 1), fact(-2, 3), fact(4, 5))

    await lamps.counted(WMS, 8, minute=2)

    assert await lamps.available() == 10


async def test_a_place_that_nobody_counted_is_made_of_facts(lamps: Stocktaking) -> None:
    assert await lamps.told(WMS, fact(3, 1)) == ["applied"]
    assert await lamps.position("on_hand, available, cause") == (3, 3, "delta")


async def test_damage_is_told_by_the_truth_alone(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 9, minute=0)

    told = await lamps.told(WMS, fact(2, 1, bucket="damaged", reason="damage"))
    noted = await lamps.told(ERP, fact(2, 1, bucket="damaged", reason="damage"))

    assert (told, noted) == (["applied"], ["noted"])
    assert await lamps.position("on_hand, damaged, available") == (9, 2, 7)


async def test_a_count_of_what_is_unavailable_takes_the_place_of_facts_before_it(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 9, minute=0)
    await lamps.told(WMS, fact(2, 1, bucket="damaged"), fact(1, 5, bucket="damaged"), fact(1, 1, bucket="hold"))

    await lamps.counted(WMS, 9, minute=3, damaged=4)

    assert await lamps.position("damaged, hold, available") == (5, 0, 4)
    assert await lamps.told(WMS, fact(-1, 2, bucket="damaged")) == ["late"]


async def test_a_shipment_of_an_order_of_ours_ends_its_claim_and_is_not_applied_again(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)
    await lamps.ordered("ord_1", 3)

    left = fact(-2, 1, reason="shipment", reference="ord_1"), fact(-1, 2, reason="shipment", reference="ord_1")
    assert await lamps.told(WMS, left[1]) == ["ours"]
    assert await lamps.told(WMS, left[0]) == ["ours"]

    assert await lamps.available() == 2
    await lamps.counted(WMS, 2, minute=3)
    assert await lamps.position("on_hand, reserved, available") == (2, 0, 2)
    assert await lamps.rows("select state from reservation") == [("consumed",)]


async def test_a_late_shipment_still_ends_its_reservation(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)
    await lamps.ordered("ord_1", 3)
    await lamps.counted(WMS, 2, minute=3)
    assert await lamps.available() == -1

    assert await lamps.told(WMS, fact(-3, 2, reason="shipment", reference="ord_1")) == ["ours"]

    assert await lamps.position("on_hand, reserved, available") == (2, 0, 2)


async def test_a_shipment_that_the_workflow_heard_of_first_is_the_same_one(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)
    await lamps.ordered("ord_1", 3)
    await lamps.shipped("ord_1", minute=1)

    assert await lamps.told(WMS, fact(-3, 1, reason="shipment", reference="ord_1")) == ["ours"]

    assert await lamps.available() == 2
    assert await lamps.rows("select sum(quantity)::integer from stock_outflow") == [(3,)]


@pytest.mark.parametrize("cancelled", [True, False])
async def test_what_no_order_explains_has_left_as_well(lamps: Stocktaking, cancelled: bool) -> None:
    await lamps.counted(WMS, 9, minute=0)
    await lamps.ordered("ord_1", 3)
    if cancelled:
        await lamps.cancelled("ord_1")

    outcome = await lamps.told(WMS, fact(-4, 1, reason="shipment", reference="ord_1"))

    assert outcome == ["applied" if cancelled else "ours"]
    assert await lamps.available() == 5


async def test_a_source_that_is_net_of_orders_contains_them_once_it_has_taken_them_in(lamps: Stocktaking) -> None:
    await lamps.truth_is(ERP)
    await lamps.counted(ERP, 10, minute=0)
    await lamps.ordered("ord_1", 3)
    await lamps.ordered("ord_2", 2)
    await lamps.acknowledged("ord_1", minute=1)
    seen = [await lamps.available()]

    for on_hand, minute in [(7, 2), (5, 4)]:
        await lamps.counted(ERP, on_hand, minute)
        seen.append(await lamps.available())
        await lamps.told(ERP, fact(-2, 3, reason="order", reference="ord_2", event_id="took-in"))

    assert seen == [5, 5, 5]
    assert await lamps.position("on_hand, reserved") == (5, 0)


async def test_a_missing_fact_makes_the_number_less_sure_until_it_comes_or_is_counted(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 5, minute=0)
    seen = []

    for sequence, minute in [(7, 1), (9, 3), (8, 2), (12, 6)]:
        await lamps.told(WMS, fact(1, minute, sequence=sequence))
        seen.append((await lamps.position("confidence"))[0])
    for minute in (5, 7):
        await lamps.counted(WMS, 9, minute)
        seen.append((await lamps.position("confidence"))[0])

    assert seen == ["high", "medium", "high", "medium", "medium", "high"]


async def test_a_partner_s_witness_cannot_say_that_goods_have_left(lamps: Stocktaking) -> None:
    await lamps.sql("insert into partner values ('eve', 'Eve', 'eve', '', '{}', 'trial')")
    await lamps.sql("insert into stock_source values ('eve', 'eve', 'physical')")
    await lamps.counted(WMS, 5, minute=0)
    await lamps.ordered("ord_1", 3)

    eve = type(WMS)("eve", "eve", "physical", 60, 1)
    assert await lamps.told(eve, fact(-3, 1, place=LAMP, reason="shipment", reference="ord_1")) == ["ours"]

    await lamps.counted(WMS, 5, minute=2)
    assert await lamps.available() == 2

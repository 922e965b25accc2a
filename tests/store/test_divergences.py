"""While sources disagree the least of their numbers is sold, and who can find out why is told."""

import pytest

from tests.store.stocktaking import ERP, WMS, Stocktaking, fact

RAISED = "select code, subject, occurrences, state from exception order by opened_at, exception_id"


async def test_a_small_difference_is_the_truth_s_to_settle(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.counted(ERP, 9, minute=1)

    assert await lamps.position("available, withheld, confidence") == (10, 0, "high")


async def test_the_least_of_all_numbers_is_sold_until_they_agree_again(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    seen = []

    for minute, on_hand in [(1, 6), (2, 6), (3, 6), (4, 10)]:
        await lamps.counted(ERP, on_hand, minute)
        seen.append(await lamps.position("available, withheld, confidence"))

    assert seen == [(6, 4, "low")] * 3 + [(10, 0, "high")]
    assert await lamps.rows(RAISED) == [("divergence_shrink", "main/LAMP/new:erp", 1, "resolved")]


async def test_a_witness_that_says_more_is_heard_and_not_believed(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.counted(ERP, 14, minute=1)

    assert await lamps.position("available, withheld, confidence") == (10, 0, "low")


async def test_a_difference_that_clears_by_itself_is_raised_to_nobody(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.counted(ERP, 14, minute=1)
    await lamps.counted(WMS, 14, minute=2)
    await lamps.counted(ERP, 14, minute=3)

    assert (await lamps.position("available, confidence"), await lamps.rows(RAISED)) == ((14, "high"), [])


async def test_a_severe_one_is_raised_at_once(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 100, minute=0)
    await lamps.counted(ERP, 79, minute=1)

    assert await lamps.rows(RAISED) == [("divergence_shrink", "main/LAMP/new:erp", 1, "open")]
    assert await lamps.rows("select evidence -> 'difference', evidence -> 'severe' from exception") == [(21, True)]


async def test_what_was_told_after_the_witness_counted_is_no_contradiction(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.told(WMS, fact(50, 3))
    await lamps.counted(ERP, 10, minute=2)

    assert await lamps.position("available, confidence") == (60, "high")


async def test_a_count_that_the_witness_has_not_answered_yet_is_no_contradiction(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.counted(ERP, 10, minute=1)
    await lamps.counted(WMS, 60, minute=2)

    assert await lamps.position("available, confidence") == (60, "high")


async def test_orders_under_way_are_no_difference_whoever_subtracts_them(lamps: Stocktaking) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.ordered("ord_1", 4)
    await lamps.acknowledged("ord_1", minute=1)

    await lamps.counted(ERP, 6, minute=2)

    assert await lamps.position("available, withheld, confidence") == (6, 0, "high")


@pytest.mark.parametrize(
    ("lost", "on_hand", "kind"),
    [
        pytest.param(0, 10, "semantics", id="the ERP does not subtract the order, against its word"),
        pytest.param(-5, 6, "missing", id="the ERP was never told of what was lost"),
    ],
)
async def test_what_it_looks_like_is_told_with_it(lamps: Stocktaking, lost: int, on_hand: int, kind: str) -> None:
    await lamps.counted(WMS, 10, minute=0)
    await lamps.ordered("ord_1", 4)
    await lamps.acknowledged("ord_1", minute=1)
    if lost:
        await lamps.told(WMS, fact(lost, 1, reason="shrink"))

    for minute in (2, 3, 4):
        await lamps.counted(ERP, on_hand, minute)

    assert await lamps.rows("select kind, reports from stock_divergence") == [(kind, 3)]
    assert await lamps.rows("select code from exception") == [(f"divergence_{kind}",)]

"""What can come between goods that came back and their money: echoes, late failures, a closed period, people's no."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.returns_policy import ReturnRule, ReturnsPolicy
from gateway.governance.bundle import Bundle
from gateway.workflows.place_order import sagas
from tests.journeys.opening import open_shop
from tests.journeys.paying_back import Returns
from tests.journeys.shop import Shop

pytestmark = pytest.mark.proof

DEAR = 50  # lamps: more than the policy pays back on its own word


@pytest.fixture
def returned(shop: Shop) -> Returns:
    return Returns(shop)


async def paid_back(returned: Returns, quantity: int = 1) -> str:
    """So many of twice as many were sold, came back and were paid back; the provider's id of it."""
    await returned.sold(2 * quantity)
    await returned.asked(quantity)
    await returned.came(quantity)
    await returned.found(quantity)
    await returned.until_status("closed")
    [(ref,)] = await returned.rows("select provider_ref from refund where source_id = %s", returned.return_id)
    return str(ref)


async def failed_late(returned: Returns) -> str:
    """As `paid_back`, and then the provider takes it back."""
    ref = await paid_back(returned)
    assert (await returned.shop.sandbox.post("/psp/_fail_refund", json={"refund_id": ref})).status_code == 200
    await returned.until_refunds("late_failed")
    return ref


async def test_the_providers_own_word_about_our_refund_makes_no_second_one(returned: Returns) -> None:
    ref = await paid_back(returned)
    echoes = "select count(*) from signal where kind = 'refund_done' and run_id like 'rfd_%%'"

    for _ in range(2):
        assert (await returned.shop.sandbox.post("/psp/_tell_again", json={"refund_id": ref})).status_code == 200
    await returned.until(lambda: returned.has(echoes, 4), "four echoes were told")

    assert (await returned.paid(), await returned.money()) == ([2_50], (2_50, 0))
    assert [status for status, *_ in await returned.refunds()] == ["succeeded"]


async def test_a_refund_that_fails_days_later_is_owed_again_and_a_persons_matter(returned: Returns) -> None:
    fay = await returned.operator("fay", "finance")
    await failed_late(returned)

    seen = await returned.exceptions(fay)
    assert [(x["class"], x["code"], x["owner"], x["severity"]) for x in seen] == [
        ("payment/refund_failed", "refund_failed_late", "finance", "critical")
    ]
    assert seen[0]["evidence"]["code"] == "account_closed"
    assert await returned.money() == (0, 2_50)
    assert (await returned.shop.seen(returned.order_id))["payment_status"] == "captured"


async def test_a_refund_that_failed_late_is_paid_anew_under_a_key_of_its_own(returned: Returns) -> None:
    fay = await returned.operator("fay", "finance")
    await failed_late(returned)
    [seen] = await returned.exceptions(fay)

    await returned.mend(fay, seen, "retry")
    await returned.until_refunds("failed", "succeeded")

    keys = [each["key"] for each in await returned.shop.ledger("psp", returned.order_id) if each["kind"] == "refund"]
    assert len(set(keys)) == len(keys) == 2
    assert await returned.money() == (2_50, 0)
    assert await returned.paid("erp", "credit_memo") == [2_50]
    assert await returned.exceptions(fay) == []


async def test_a_refund_that_failed_late_may_be_paid_in_another_way(returned: Returns) -> None:
    fay = await returned.operator("fay", "finance")
    await failed_late(returned)
    [seen] = await returned.exceptions(fay)

    await returned.mend(fay, seen, "resolve", **{"as": "succeeded", "reference": "bank-1"})

    assert [status for status, *_ in await returned.refunds()] == ["succeeded"]
    assert (await returned.money(), await returned.paid()) == ((2_50, 0), [2_50])


async def test_a_closed_period_waits_for_a_person_and_then_goes_on(returned: Returns) -> None:
    fay = await returned.operator("fay", "finance")
    await returned.shop.sandbox.post("/erp/_period", json={"closed": True})
    await returned.sold(2)
    await returned.asked(1)
    await returned.came(1)
    await returned.found(1)
    await returned.until(lambda: returned.has("select count(*) from exception where state = 'open'", 1), "it is parked")
    [seen] = await returned.exceptions(fay)
    paid = await returned.paid()

    await returned.shop.sandbox.post("/erp/_period", json={"closed": False})
    await returned.mend(fay, seen, "retry")
    await returned.until_status("closed")

    assert (seen["class"], seen["code"], seen["evidence"]["step"]) == (
        "finance/posting_rejected",
        "refused_after_pivot",
        "credit",
    )
    assert seen["allowed_actions"] == ["retry", "resolve", "abandon"]
    assert (paid, await returned.paid("erp", "credit_memo")) == ([2_50], [2_50])


async def test_an_erp_that_does_not_credit_leaves_the_credit_memo_to_a_person(returned: Returns) -> None:
    fay = await returned.operator("fay", "finance")
    shop = returned.shop
    await shop.stop_workers()
    shop.start_worker(sagas(shop.without_credits()))

    await paid_back(returned)

    [seen] = await returned.exceptions(fay)
    assert (seen["class"], seen["evidence"]["amount"], seen["evidence"]["currency"]) == (
        "finance/credit_by_hand",
        2_50,
        "GBP",
    )
    assert await returned.paid("erp", "credit_memo") == []


async def test_more_than_the_limit_is_paid_back_once_somebody_has_approved(returned: Returns) -> None:
    await returned.sold(DEAR)
    await returned.asked(DEAR)
    await returned.came(DEAR)
    await returned.found(DEAR)
    await returned.until_refunds("pending_approval")
    before = (await returned.paid(), await returned.money())

    await returned.decides("approve")
    await returned.until_status("closed")

    assert before == ([], (0, 125_00))
    assert (await returned.paid(), await returned.money()) == ([125_00], (125_00, 0))


async def test_who_asked_for_a_return_does_not_approve_of_its_refund(returned: Returns) -> None:
    bea = await returned.operator("bea", "support", "approver")
    await returned.sold(DEAR)
    await returned.asked(DEAR, by=bea)
    await returned.came(DEAR)
    await returned.found(DEAR)
    await returned.until_refunds("pending_approval")

    own = await returned.decided("approve", bea)
    await returned.decides("approve")
    await returned.until_status("closed")

    assert (own.status_code, own.json()["code"]) == (403, "self_approval_forbidden")
    assert await returned.paid() == [125_00]


async def test_what_nobody_approves_of_is_free_again(returned: Returns) -> None:
    await returned.sold(DEAR)
    await returned.asked(DEAR)
    await returned.came(DEAR)
    await returned.found(DEAR)
    await returned.until_refunds("pending_approval")

    await returned.decides("reject")
    await returned.until_status("closed")

    assert [status for status, *_ in await returned.refunds()] == ["rejected"]
    assert (await returned.paid(), await returned.money()) == ([], (0, 0))


async def test_a_return_that_is_cancelled_is_over_and_nothing_is_paid(returned: Returns) -> None:
    await returned.sold(2)
    await returned.asked(1)

    await returned.cancelled()
    await returned.until(
        lambda: returned.has("select count(*) from run where saga = 'return_to_refund' and state = 'ended'", 1),
        "its run ends",
    )

    assert (await returned.refunds(), await returned.paid()) == ([], [])
    assert (await returned.seen())["status"] == "cancelled"


async def test_two_returns_of_one_order_at_once_pay_back_each_its_own(returned: Returns) -> None:
    await returned.sold(4)
    one, other = await returned.asked(2), await returned.asked(2)

    await asyncio.gather(returned.came(2, return_id=one), returned.came(2, return_id=other))
    await asyncio.gather(returned.found(2, return_id=one), returned.found(2, return_id=other))
    await returned.until_status("closed", return_id=one)
    await returned.until_status("closed", return_id=other)

    assert (sorted(await returned.paid()), await returned.money()) == ([5_00, 5_00], (10_00, 0))


async def test_what_was_paid_on_the_first_scan_and_is_not_found_good_is_a_persons_matter(
    database_url: str, tmp_path: Path, promises: Bundle
) -> None:
    trusting = replace(promises, returns=ReturnsPolicy((ReturnRule(name="trusted", refund_on="scan"),)))
    async with open_shop(database_url, tmp_path, trusting) as shop:
        await paid_on_the_first_scan(shop)


async def paid_on_the_first_scan(shop: Shop) -> None:
    returned = Returns(shop)
    fay = await returned.operator("fay", "finance")
    await returned.sold(2)
    await returned.asked(1)
    await returned.scanned()
    await returned.until_refunds("succeeded")

    await returned.came(1)
    await returned.found(0, rejected=1)
    await returned.until_status("closed")

    [seen] = await returned.exceptions(fay)
    assert (seen["class"], seen["code"], seen["evidence"]["pieces"]) == (
        "payment/refund_excess",
        "refunded_more_than_accepted",
        {"1": 1},
    )
    assert await returned.paid() == [2_50]

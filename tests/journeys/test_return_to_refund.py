"""Goods come back, money goes back: once, for what really came back, and the ERP credits exactly that."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.returns_policy import ReturnRule, ReturnsPolicy
from gateway.governance.bundle import Bundle
from tests.journeys.opening import open_shop
from tests.journeys.paying_back import Returns
from tests.journeys.shop import Shop
from tests.journeys.test_parts import emptied
from tests.journeys.test_sourcing import stocked


@pytest.fixture
def returned(shop: Shop) -> Returns:
    return Returns(shop)


async def test_all_of_an_order_comes_back_and_all_of_its_money_goes_back(returned: Returns) -> None:
    order_id = await returned.sold(2)
    await returned.asked(2)

    await returned.came(2)
    await returned.found(2)
    await returned.until_status("closed")

    [refund] = (await returned.seen())["refunds"]
    assert (refund["status"], refund["amount"]["amount"], refund["credit_memo"]["status"]) == (
        "succeeded",
        5_00,
        "posted",
    )
    assert (await returned.paid(), await returned.paid("erp", "credit_memo")) == ([5_00], [5_00])
    assert await returned.money() == (5_00, 0)
    assert (await returned.shop.seen(order_id))["payment_status"] == "refunded"
    told = {"refund_id": refund["refund_id"], "amount": 5_00, "currency": "GBP"}
    assert [event for event in await returned.events() if event[0] == "refunded"] == [("refunded", {"refund": told})]


async def test_each_receipt_is_paid_back_by_itself_and_none_twice(returned: Returns) -> None:
    order_id = await returned.sold(4)
    await returned.asked(3)

    await returned.came(1)
    await returned.found(1)
    await returned.until_refunds("succeeded")
    status = (await returned.shop.seen(order_id))["payment_status"]
    await returned.came(2)
    await returned.found(1, rejected=1)
    await returned.until_status("closed")

    assert await returned.refunds() == [("succeeded", 2_50, 1), ("succeeded", 2_50, 2)]
    assert (await returned.paid(), await returned.paid("erp", "credit_memo")) == ([2_50, 2_50], [2_50, 2_50])
    assert (status, await returned.money()) == ("partially_refunded", (5_00, 0))


async def test_a_fee_is_kept_once_and_stands_in_the_credit_memo(
    database_url: str, tmp_path: Path, promises: Bundle
) -> None:
    dear = replace(promises, returns=ReturnsPolicy((ReturnRule(name="usual", fee="percent", fee_value=10),)))
    async with open_shop(database_url, tmp_path, dear) as shop:
        await with_a_fee(shop)


async def with_a_fee(shop: Shop) -> None:
    returned = Returns(shop)
    order_id = await returned.sold(2)
    await returned.asked(2)

    for _ in range(2):
        await returned.came(1)
        await returned.found(1)
    await returned.until_status("closed")

    memos = [effect for effect in await shop.ledger("erp", order_id) if effect["kind"] == "credit_memo"]
    assert sum(await returned.paid()) == sum(memo["amount"]["amount"] for memo in memos) == 4_50
    assert sum(fee["amount"] for memo in memos for fee in memo["data"]["fees"]) == 50


async def test_a_refund_whose_answer_was_lost_is_looked_up_and_made_once(returned: Returns) -> None:
    await returned.sold(2)
    await returned.asked(1)
    await returned.shop.fault("psp", "refund", "error_after")

    await returned.came(1)
    await returned.found(1)
    await returned.until_refunds("succeeded")
    await returned.until_status("closed")

    assert (await returned.paid(), await returned.money()) == ([2_50], (2_50, 0))


async def test_a_credit_memo_whose_answer_was_lost_is_looked_up_and_posted_once(returned: Returns) -> None:
    await returned.sold(2)
    await returned.asked(1)
    await returned.shop.fault("erp", "create_credit_memo", "error_after")

    await returned.came(1)
    await returned.found(1)
    await returned.until_status("closed")

    assert await returned.paid("erp", "credit_memo") == [2_50]


async def test_what_left_in_two_parts_goes_back_out_of_two_captures(
    database_url: str, tmp_path: Path, promises: Bundle
) -> None:
    async with open_shop(database_url, tmp_path, promises) as shop:
        await stocked(shop, "leeds", pieces=10, pick=10)
        await stocked(shop, "york", pieces=10, pick=5)
        await emptied(shop)
        await out_of_two_captures(shop)


async def out_of_two_captures(shop: Shop) -> None:
    returned = Returns(shop)
    await returned.sold(15)
    await returned.asked(15)

    await returned.came(15)
    await returned.found(15)
    await returned.until_status("closed")

    assert sorted(await returned.refunds()) == [("succeeded", 12_50, 1), ("succeeded", 25_00, 1)]
    assert sorted(await returned.paid()) == sorted(await returned.paid(kind="capture")) == [12_50, 25_00]
    assert sorted(await returned.paid("erp", "credit_memo")) == sorted(await returned.paid("erp", "invoice"))
    assert await returned.money() == (37_50, 0)

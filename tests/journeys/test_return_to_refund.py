"""Goods come back, money goes back: once, for what really came back, and the ERP credits exactly that."""

import pytest

from gateway.domain.returns_policy import ReturnRule, ReturnsPolicy
from tests.journeys.paying_back import Returns
from tests.journeys.shop import Shop


@pytest.fixture
def returned(shop: Shop) -> Returns:
    return Returns(shop, ReturnsPolicy())


async def test_all_of_an_order_comes_back_and_all_of_its_money_goes_back(returned: Returns) -> None:
    order_id = await returned.sold(2)
    await returned.asked(2)

    await returned.came(2)
    await returned.found(2)
    await returned.until_state("closed")

    assert (await returned.paid(), await returned.paid("erp", "credit_memo")) == ([5_00], [5_00])
    assert await returned.money() == (5_00, 0)
    assert (await returned.shop.seen(order_id))["payment_status"] == "refunded"


async def test_each_receipt_is_paid_back_by_itself_and_none_twice(returned: Returns) -> None:
    order_id = await returned.sold(4)
    await returned.asked(3)

    await returned.came(1)
    await returned.found(1)
    await returned.until_refunds("succeeded")
    status = (await returned.shop.seen(order_id))["payment_status"]
    await returned.came(2)
    await returned.found(1, rejected=1)
    await returned.until_state("closed")

    assert [(row[0], row[3]) for row in await returned.refunds()] == [(2_50, 1), (2_50, 2)]
    assert (await returned.paid(), await returned.paid("erp", "credit_memo")) == ([2_50, 2_50], [2_50, 2_50])
    assert (status, await returned.money()) == ("partially_refunded", (5_00, 0))


async def test_a_fee_is_kept_once_and_stands_in_the_credit_memo(shop: Shop) -> None:
    rule = ReturnRule(name="usual", fee="percent", fee_value=10)
    returned = Returns(shop, ReturnsPolicy((rule,)))
    order_id = await returned.sold(2)
    await returned.asked(2)

    for _ in range(2):
        await returned.came(1)
        await returned.found(1)
    await returned.until_state("closed")

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
    await returned.until_state("closed")

    assert (await returned.paid(), await returned.money()) == ([2_50], (2_50, 0))


async def test_a_credit_memo_whose_answer_was_lost_is_looked_up_and_posted_once(returned: Returns) -> None:
    await returned.sold(2)
    await returned.asked(1)
    await returned.shop.fault("erp", "create_credit_memo", "error_after")

    await returned.came(1)
    await returned.found(1)
    await returned.until_state("closed")

    assert await returned.paid("erp", "credit_memo") == [2_50]

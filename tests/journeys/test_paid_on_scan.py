"""A policy that trusts its customers (`refund_on: scan`): money goes back when the carrier says that it has it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.returns_policy import ReturnRule, ReturnsPolicy
from gateway.governance.bundle import Bundle
from tests.journeys.opening import open_shop
from tests.journeys.paying_back import Returns

ENDED = "select count(*) from run where saga = 'return_to_refund' and state = 'ended'"


@pytest.fixture
async def returned(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Returns]:
    trusting = replace(promises, returns=ReturnsPolicy((ReturnRule(name="trusted", refund_on="scan"),)))
    async with open_shop(database_url, tmp_path, trusting) as shop:
        yield Returns(shop)


async def test_a_return_is_paid_back_at_its_scan_and_not_again_when_it_comes(returned: Returns) -> None:
    await returned.sold(2)
    await returned.asked(1)
    before = await returned.refunds()

    await returned.scanned()
    await returned.until_refunds("succeeded")
    again = await returned.tells_of_scan()
    seen = await returned.seen()
    await returned.came(1)
    await returned.found(1)
    await returned.until_status("closed")

    assert (before, again) == ([], "known")
    assert (seen["status"], "scanned_at" in seen, seen["allowed_actions"]) == ("in_transit", True, ["receive"])
    assert [event for event in await returned.events() if event[0] == "scanned"] == [
        ("scanned", {"status": "in_transit"})
    ]
    assert (await returned.paid(), await returned.paid("erp", "credit_memo")) == ([2_50], [2_50])
    assert await returned.money() == (2_50, 0)


async def test_what_a_carrier_has_does_not_expire_and_is_not_asked_for_twice(returned: Returns) -> None:
    await returned.sold(2)
    other = await returned.asked(1)
    scanned = await returned.asked(1)
    await returned.scanned()
    await returned.until_refunds("succeeded")

    await returned.shop.time_passes("update returns set expires_at = clock_timestamp()")
    for return_id in (scanned, other):
        await returned.shop.nudge(return_id)
    await returned.until_status("expired", return_id=other)
    answer = await returned.asks(2)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_returnable")  # one of the two only
    assert (await returned.seen(scanned))["status"] == "in_transit"
    assert await returned.has(ENDED, 1)


async def test_a_scan_of_a_cancelled_return_pays_nothing(returned: Returns) -> None:
    await returned.sold(1)
    await returned.asked(1)
    await returned.cancelled()
    await returned.until(lambda: returned.has(ENDED, 1), "its run ends")

    assert await returned.tells_of_scan() == "ignored"

    assert (await returned.refunds(), await returned.paid()) == ([], [])

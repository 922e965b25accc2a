"""A bank that wants its customer again when money is held anew: asked through the order, whichever way it ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.governance.bundle import Bundle
from gateway.store import backorders
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop, order
from tests.journeys.test_backorders import arrive, wanting
from tests.journeys.test_parts import emptied
from tests.journeys.test_renewals import time_passes, until_renewals
from tests.journeys.test_sourcing import stocked
from tests.journeys.test_stripe import CARD, CHALLENGED, answer, until_asked

pytestmark = pytest.mark.proof


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Stripe holds the money, and the one lamp that there was is sold."""
    async with open_shop(database_url, tmp_path, promises, till="stripe") as opened:
        await stocked(opened, "leeds", pieces=1, pick=10)
        await emptied(opened)
        await opened.until(await opened.placed(order(token=CARD)))
        yield opened


async def asked_again(shop: Shop) -> str:
    order_id = await shop.placed(wanting("backorder", 1, token=CHALLENGED))
    await answer(shop, await until_asked(shop, order_id), succeed="true")
    await shop.until(order_id, "accepted")
    await time_passes(shop, order_id)
    await until_asked(shop, order_id)
    return order_id


async def until_when(shop: Shop, order_id: str) -> bool:
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute(
            "select expires_at > clock_timestamp() + interval '6 days' from payment where order_id = %s", (order_id,)
        )
        return await cursor.fetchone() == (True,)


async def test_a_customer_who_agrees_again_gets_the_goods(shop: Shop) -> None:
    order_id = await asked_again(shop)

    await answer(shop, await until_asked(shop, order_id), succeed="true")
    await until_renewals(shop, order_id, "renewed")
    known, seen = await until_when(shop, order_id), await shop.seen(order_id)
    await arrive(shop, "leeds", 1)
    await backorders.wake(shop.gate.database)
    after = await shop.until(order_id)

    assert known, "the new hold can be renewed, too"
    assert (seen["status"], "next_action" in seen["payment"]) == ("accepted", False)
    assert (after["status"], after["payment_status"]) == ("completed", "captured")
    assert await shop.effects("stripe", order_id) == ["authorisation", "authorisation", "void", "capture"]


async def test_a_customer_who_refuses_keeps_the_order_and_the_hold_that_was(shop: Shop) -> None:
    order_id = await asked_again(shop)

    await answer(shop, await until_asked(shop, order_id), succeed="false")
    await until_renewals(shop, order_id, "declined")

    seen = await shop.seen(order_id)
    assert (seen["status"], "next_action" in seen["payment"]) == ("accepted", False)
    assert await shop.effects("stripe", order_id) == ["authorisation"]


async def test_a_cancel_while_the_customer_is_asked_leaves_nothing_held(shop: Shop) -> None:
    order_id = await asked_again(shop)

    await shop.cancel(order_id)
    after = await shop.until(order_id)
    await until_renewals(shop, order_id, "cancelled")

    assert (after["status"], "next_action" in after["payment"]) == ("cancelled", False)
    assert await shop.effects("stripe", order_id) == ["authorisation", "void"]

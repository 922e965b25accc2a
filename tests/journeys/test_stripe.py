"""The same orders when it is Stripe that holds the money: its keys, its stored 500s, its events."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.governance.bundle import Bundle
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP, Shop, order

CARD, CHALLENGED = "pm_card_visa", "pm_card_authenticationRequired"
BOOKED = {
    "stripe": ["authorisation", "capture"],
    "erp": ["sales_order", "invoice"],
    "wms": ["shipment", "shipped"],
}
TOLD = {"payment_intent.amount_capturable_updated", "payment_intent.succeeded"}


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path, promises, till="stripe") as opened:
        yield opened


async def until_told(shop: Shop, order_id: str, *types: str) -> None:
    """Stripe's events have been recorded as the order's signals."""
    async with asyncio.timeout(20):
        while True:
            moments = await shop.timeline(order_id)
            told = {moment.facts.get("type") for moment in moments if moment.where == "callback:stripe"}
            if set(types) <= told:
                return
            await asyncio.sleep(0.05)


async def test_an_order_ends_in_three_sets_of_books(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=2, token=CARD))

    document = await shop.until(order_id)

    assert document["status"] == "completed"
    assert await shop.books(order_id) == BOOKED
    assert {effect["amount"]["amount"] for effect in await shop.ledger("stripe", order_id)} == {500}
    await until_told(shop, order_id, *TOLD)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_visa_chargeDeclined", "payment_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "card_expired"),
        ("pm_that_is_nobodys", "unknown_payment_method"),
    ],
)
async def test_a_declined_card_leaves_no_trace(shop: Shop, token: str, reason: str) -> None:
    order_id = await shop.placed(order(token=token))

    document = await shop.until(order_id)

    assert (document["status"], document["reason"]["code"]) == ("rejected", reason)
    assert await shop.books(order_id) == {"stripe": [], "erp": [], "wms": []}
    assert await shop.reserved(LAMP) == 0


async def test_an_order_without_stock_gives_the_money_back(shop: Shop) -> None:
    order_id = await shop.placed(order(sku="NO-SUCH", token=CARD))

    document = await shop.until(order_id)

    assert (document["status"], document["reason"]["code"]) == ("rejected", "unknown_sku")
    assert await shop.effects("stripe", order_id) == ["authorisation", "void"]


@pytest.mark.parametrize("kind", ["error_before", "error_after", "garbage", "reset_after"])
@pytest.mark.parametrize("operation", ["authorise", "capture"])
async def test_an_answer_that_got_lost_costs_time_only(shop: Shop, operation: str, kind: str) -> None:
    await shop.fault("stripe", operation, kind)

    order_id = await shop.placed(order(token=CARD))
    document = await shop.until(order_id)

    assert document["status"] == "completed"
    assert await shop.books(order_id) == BOOKED


async def until_asked(shop: Shop, order_id: str) -> dict[str, Any]:
    """What the customer of the order is asked to do."""
    async with asyncio.timeout(20):
        while "next_action" not in (document := await shop.seen(order_id))["payment"]:
            await asyncio.sleep(0.05)
    action: dict[str, Any] = document["payment"]["next_action"]
    return action


async def answer(shop: Shop, action: dict[str, Any], *, succeed: str) -> None:
    """The customer opens the page and says yes or no there."""
    assert (await shop.sandbox.get(f"{action['url']}&succeed={succeed}")).status_code == 200


async def time_passes(shop: Shop, order_id: str, interval: str) -> None:
    async with shop.gate.database.connection() as connection:
        await connection.execute(
            "update step set begun_at = begun_at - %s::interval where run_id = %s and name = 'await_customer'",
            (interval, order_id),
        )
        await connection.execute("update absurd.r_sagas set available_at = now() where state = 'sleeping'")


async def test_an_order_waits_for_the_customers_assent(shop: Shop) -> None:
    order_id = await shop.placed(order(token=CHALLENGED))

    action = await until_asked(shop, order_id)
    waiting = await shop.seen(order_id)
    before = await shop.books(order_id)
    await answer(shop, action, succeed="true")
    document = await shop.until(order_id)

    assert (action["type"], waiting["status"], waiting["version"]) == ("redirect", "received", 2)
    assert before == {"stripe": [], "erp": [], "wms": []}
    assert document["status"] == "completed"
    assert "next_action" not in document["payment"]
    assert await shop.books(order_id) == BOOKED


async def test_the_channel_hears_that_its_customer_is_asked(shop: Shop) -> None:
    order_id = await shop.placed(order(token=CHALLENGED))

    action = await until_asked(shop, order_id)

    events = (await shop.gate.http.get(f"/v1/orders/{order_id}/events", headers=shop.headers)).json()["events"]
    assert [event["type"].split(".")[3] for event in events] == ["received", "payment_action_needed"]
    assert not any(action["url"] in str(moment) for moment in await shop.timeline(order_id))


async def test_a_customer_who_says_no_ends_the_order(shop: Shop) -> None:
    order_id = await shop.placed(order(token=CHALLENGED))

    await answer(shop, await until_asked(shop, order_id), succeed="false")
    document = await shop.until(order_id)

    assert (document["status"], document["reason"]["code"]) == ("rejected", "authentication_failed")
    assert "next_action" not in document["payment"]
    assert await shop.books(order_id) == {"stripe": [], "erp": [], "wms": []}


async def test_a_customer_who_does_not_come_ends_the_order(shop: Shop) -> None:
    order_id = await shop.placed(order(token=CHALLENGED))
    action = await until_asked(shop, order_id)

    await time_passes(shop, order_id, "31 minutes")
    document = await shop.until(order_id)
    late = await shop.sandbox.get(f"{action['url']}&succeed=true")

    assert (document["status"], document["reason"]["code"]) == ("rejected", "payment_action_expired")
    assert late.status_code == 409
    assert await shop.books(order_id) == {"stripe": [], "erp": [], "wms": []}


async def test_an_event_that_gets_lost_is_made_up_for_by_looking(shop: Shop) -> None:
    await shop.gate.secrets.put("callback:stripe", b"whsec_that_is_another_one")
    shop.gate.clock.pass_by(60)  # the edge asks for the secret again
    order_id = await shop.placed(order(token=CHALLENGED))

    await answer(shop, await until_asked(shop, order_id), succeed="true")
    await time_passes(shop, order_id, "1 minute")

    assert (await shop.until(order_id))["status"] == "completed"


async def test_an_order_can_be_cancelled_while_its_customer_is_waited_for(shop: Shop) -> None:
    order_id = await shop.placed(order(token=CHALLENGED))
    await until_asked(shop, order_id)

    await shop.cancel(order_id)
    document = await shop.until(order_id)

    assert (document["status"], "next_action" in document["payment"]) == ("cancelled", False)
    assert await shop.books(order_id) == {"stripe": [], "erp": [], "wms": []}


@pytest.mark.parametrize("kind", ["error_after", "garbage"])
async def test_a_lost_answer_that_asked_for_the_customer_is_found(shop: Shop, kind: str) -> None:
    await shop.fault("stripe", "authorise", kind)
    order_id = await shop.placed(order(token=CHALLENGED))

    await answer(shop, await until_asked(shop, order_id), succeed="true")

    assert (await shop.until(order_id))["status"] == "completed"
    assert await shop.books(order_id) == BOOKED


async def test_who_waits_is_told_at_once_that_the_customer_is_asked_and_may_wait_on(shop: Shop) -> None:
    order_id = await shop.placed(order(token=CHALLENGED))
    wish = {**shop.headers, "prefer": "wait=30"}

    async with asyncio.timeout(20):
        asked = await shop.gate.http.get(f"/v1/orders/{order_id}", headers=wish)
        known = {**wish, "if-none-match": asked.headers["etag"]}
        on = asyncio.create_task(shop.gate.http.get(f"/v1/orders/{order_id}", headers=known))
        await answer(shop, asked.json()["payment"]["next_action"], succeed="true")
        decided = await on

    assert (asked.json()["status"], asked.headers["preference-applied"]) == ("received", "wait=30")
    assert decided.json()["status"] not in ("received", "rejected")

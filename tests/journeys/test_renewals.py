"""Money whose hold would end before the goods leave is held anew, once, and none of it is left behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any, LiteralString
from uuid import uuid4

import pytest

from gateway.governance.bundle import Bundle
from gateway.store import backorders
from tests.journeys.opening import open_shop
from tests.journeys.shop import PATIENCE, Shop, order
from tests.journeys.test_backorders import arrive, told, wanting
from tests.journeys.test_parts import amounts, emptied
from tests.journeys.test_sourcing import stocked

pytestmark = pytest.mark.proof

AGAIN, DECLINED = (f"com.omnigate.order.payment_{what}.v1" for what in ("renewed", "renewal_declined"))


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Five lamps in Leeds and nothing else that is sent to anybody."""
    async with open_shop(database_url, tmp_path, promises) as opened:
        await stocked(opened, "leeds", pieces=5, pick=10)
        await emptied(opened)
        yield opened


ALMOST_OVER: LiteralString = """
update payment set expires_at = clock_timestamp() + interval '1 hour', held_at = clock_timestamp() - interval '6 days'
"""
A_TRY_LATER: LiteralString = "update renewal set updated_at = updated_at - interval '5 hours'"


async def time_passes(shop: Shop, order_id: str, how: LiteralString = ALMOST_OVER) -> None:
    await shop.time_passes(how)
    await shop.nudge(order_id)


async def waiting(shop: Shop, quantity: int = 7) -> str:
    """An order of which five pieces have left and been paid; the others are waited for."""
    order_id = await shop.placed(wanting("backorder", quantity))
    await shop.until_ledger("erp", order_id, "invoice")
    return order_id


async def renewals(shop: Shop, order_id: str) -> list[tuple[str, str]]:
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute(
            "select renewal_id, status from renewal where order_id = %s order by number", (order_id,)
        )
        return await cursor.fetchall()


async def until_renewals(shop: Shop, order_id: str, *statuses: str) -> str:
    """The last one's id, once they stand so."""
    end, found = monotonic() + PATIENCE, await renewals(shop, order_id)
    while tuple(status for _, status in found) != statuses:
        assert monotonic() < end, f"the renewals of {order_id} are {found}"
        await asyncio.sleep(0.02)
        found = await renewals(shop, order_id)
    return found[-1][0]


async def open_money(shop: Shop, order_id: str) -> dict[str, int]:
    """By authorisation, in the provider's own book: what is held and neither taken nor given back."""
    left = dict[str, int]()
    for effect in await shop.ledger("psp", order_id):
        amount = effect["amount"]["amount"]
        if effect["kind"] == "authorisation":
            left[effect["id"]] = amount
        else:
            left[effect["data"]["authorisation"]] -= amount
    return left


async def operator(shop: Shop) -> dict[str, str]:
    return await shop.gate.bearer(await shop.gate.operator(f"olga-{uuid4().hex[:8]}"))


async def exceptions(shop: Shop) -> list[dict[str, Any]]:
    headers = await operator(shop)
    answer = await shop.gate.http.get("/v1/exceptions?state=open", headers=headers)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["exceptions"]
    return listed


async def test_what_is_still_owed_is_held_anew_and_taken_of_the_new_hold(shop: Shop) -> None:
    order_id = await waiting(shop)

    await time_passes(shop, order_id)
    await until_renewals(shop, order_id, "renewed")
    before = await open_money(shop, order_id)
    seen = await shop.seen(order_id)
    await arrive(shop, "leeds", 2)
    await backorders.wake(shop.gate.database)
    after = await shop.until(order_id)

    ledger = await shop.ledger("psp", order_id)
    assert list(before.values()) == [0, 500]
    assert seen["payment_status"] == "partially_captured"
    assert (after["status"], after["payment_status"]) == ("completed", "captured")
    assert amounts(ledger, "authorisation") == [500, 1750]
    assert amounts(ledger, "capture") == [500, 1250]
    assert list((await open_money(shop, order_id)).values()) == [0, 0]
    assert AGAIN in await told(shop, order_id)


async def test_a_hold_that_is_short_is_renewed_by_the_clock_alone(shop: Shop) -> None:
    await shop.hold_money_for(6)
    order_id = await shop.placed(wanting("backorder", 7))
    await shop.until_ledger("erp", order_id, "invoice")

    await shop.until_ledger("psp", order_id, "authorisation", 2)
    await shop.cancel(order_id)

    after = await shop.until(order_id)
    assert after["cancel"]["outcome"] == "partial"
    assert set((await open_money(shop, order_id)).values()) == {0}


@pytest.mark.parametrize("kind", ["error_after", "error_before", "garbage", "reset_after"])
@pytest.mark.parametrize("operation", ["authorise", "void"])
async def test_an_answer_that_got_lost_costs_time_only(shop: Shop, operation: str, kind: str) -> None:
    order_id = await waiting(shop)
    await shop.fault("psp", operation, kind)

    await time_passes(shop, order_id)
    await until_renewals(shop, order_id, "renewed")

    assert list((await open_money(shop, order_id)).values()) == [0, 500]


async def test_nothing_is_held_anew_for_what_has_left(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=5))
    await shop.until(order_id)

    await time_passes(shop, order_id)

    assert await renewals(shop, order_id) == []
    assert await shop.effects("psp", order_id) == ["authorisation", "capture"]


async def test_a_money_that_is_being_taken_keeps_its_hold_until_that_is_settled(shop: Shop) -> None:
    await shop.hold_shipping(hold=True)
    order_id = await shop.placed(wanting("backorder", 7))
    await shop.until_ledger("wms", order_id, "shipment")
    await shop.fault("psp", "capture", "error_after")
    await shop.fault("psp", "find_effects", "error_before", 1_000)
    await shop.hold_shipping(hold=False)
    await shop.until_ledger("psp", order_id, "capture")

    await time_passes(shop, order_id)
    await shop.until_ledger("psp", order_id, "authorisation", 2)
    renewal = await until_renewals(shop, order_id, "planned")
    await shop.until_told(order_id, "hold_again", "succeeded")
    await shop.nudge(renewal)
    before = await renewals(shop, order_id)
    await shop.mended()
    await shop.until_ledger("erp", order_id, "invoice")
    await shop.nudge(renewal)
    await until_renewals(shop, order_id, "renewed")

    assert before == [(renewal, "planned")]
    assert amounts(await shop.ledger("psp", order_id), "capture") == [1250]
    assert sum((await open_money(shop, order_id)).values()) >= 500


async def declined(shop: Shop) -> str:
    """An order whose money cannot be held anew, as often as it is tried."""
    order_id = await waiting(shop)
    await shop.fault("psp", "authorise", "refuse", 1_000)
    await time_passes(shop, order_id)
    for tried in range(1, 4):
        await until_renewals(shop, order_id, *["declined"] * tried)
        await time_passes(shop, order_id, A_TRY_LATER)
    return order_id


async def test_what_is_declined_is_tried_again_and_then_left_to_a_person_with_the_goods_held(shop: Shop) -> None:
    order_id = await declined(shop)

    seen, [trouble] = await shop.seen(order_id), await exceptions(shop)
    await arrive(shop, "leeds", 2)
    await backorders.wake(shop.gate.database)
    await shop.until_ledger("erp", order_id, "sales_order", 2)

    assert seen["status"] == "processing"
    assert [hold["type"] for hold in seen["holds"]] == ["payment"]
    assert (trouble["class"], trouble["code"], trouble["subject"]) == (
        *("payment/renewal_declined", "renewal_declined"),
        order_id,
    )
    assert trouble["allowed_actions"] == ["retry", "resolve"]
    assert (await told(shop, order_id)).count(DECLINED) == 3
    assert await shop.effects("wms", order_id) == ["shipment", "shipped"]
    assert list((await open_money(shop, order_id)).values()) == [500]


async def act(shop: Shop, action: str, **more: str) -> None:
    headers = await operator(shop)
    [trouble] = await exceptions(shop)
    where = f"/v1/exceptions/{trouble['exception_id']}"
    version = (await shop.gate.http.get(where, headers=headers)).headers["etag"]
    body = {"action": action, "evidence": "the customer called, ticket 812", **more}
    sent = {**headers, "idempotency-key": uuid4().hex, "if-match": version}
    answer = await shop.gate.http.post(f"{where}/actions", json=body, headers=sent)
    assert answer.status_code == 200, answer.text


async def served(shop: Shop, order_id: str) -> dict[str, Any]:
    await arrive(shop, "leeds", 2)
    await backorders.wake(shop.gate.database)
    return await shop.until(order_id)


async def test_a_person_has_it_tried_once_more(shop: Shop) -> None:
    order_id = await declined(shop)
    await shop.mended()

    await act(shop, "retry")
    await until_renewals(shop, order_id, *["declined"] * 3, "renewed")
    after = await served(shop, order_id)

    assert (after["status"], after.get("holds", [])) == ("completed", [])
    assert set((await open_money(shop, order_id)).values()) == {0}
    assert await exceptions(shop) == []


async def test_a_person_says_under_which_authorisation_it_is_held_now(shop: Shop) -> None:
    order_id = await declined(shop)
    await shop.mended()
    body = {"reference": order_id, "token": "tok_good", "amount": {"amount": 500, "currency": "GBP"}}
    by_hand = {"idempotency-key": "by-hand"}
    made = (await shop.sandbox.post("/psp/authorisations", json=body, headers=by_hand)).json()["id"]

    await act(shop, "resolve", reference=made)
    await until_renewals(shop, order_id, *["declined"] * 3, "renewed")
    after = await served(shop, order_id)

    captures = [each for each in await shop.ledger("psp", order_id) if each["kind"] == "capture"]
    assert after["status"] == "completed"
    assert captures[-1]["data"]["authorisation"] == made
    assert set((await open_money(shop, order_id)).values()) == {0}


async def test_a_person_lets_the_goods_go(shop: Shop) -> None:
    order_id = await declined(shop)

    await act(shop, "resolve")
    after = await served(shop, order_id)

    assert (after["status"], after["payment_status"]) == ("completed", "captured")  # of the hold that still was


async def test_an_order_that_is_cancelled_instead_leaves_nothing_open(shop: Shop) -> None:
    order_id = await declined(shop)

    await shop.cancel(order_id)
    after = await shop.until(order_id)

    assert (after["status"], after["cancel"]["outcome"]) == ("completed", "partial")
    assert set((await open_money(shop, order_id)).values()) == {0}
    assert await exceptions(shop) == []


@pytest.mark.parametrize("operation", ["authorise", "void"])
async def test_a_cancel_while_money_is_held_anew_leaves_none_of_it_held(shop: Shop, operation: str) -> None:
    order_id = await waiting(shop)
    await shop.fault("psp", operation, "error_after")
    await shop.fault("psp", "find_effects", "error_before", 1_000)
    await time_passes(shop, order_id)
    await shop.until_ledger(
        "psp", order_id, {"authorise": "authorisation"}.get(operation, operation), 2 - (operation == "void")
    )

    await shop.cancel(order_id)
    await shop.until(order_id, "cancel_requested", "processing")
    await shop.mended()
    after = await shop.until(order_id)

    assert (after["status"], after["cancel"]["outcome"]) == ("completed", "partial")
    assert set((await open_money(shop, order_id)).values()) == {0}


async def test_the_timeline_tells_of_it(shop: Shop) -> None:
    order_id = await waiting(shop)
    await time_passes(shop, order_id)
    renewal = await until_renewals(shop, order_id, "renewed")

    what = [moment.what for moment in await shop.timeline(order_id)]

    assert {"hold_again #1 do (renewal 1)", "take_over (renewal 1)", "give_back_old #1 do (renewal 1)"} <= set(what)
    assert await shop.find(renewal) == [order_id]

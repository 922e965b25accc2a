"""An order says what to do when not all of it can be had; who waits for goods gets them in the order of coming."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.governance.bundle import Bundle
from gateway.store import backorders
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP, VASE, Shop, money, order
from tests.journeys.test_parts import amounts, emptied
from tests.journeys.test_sourcing import promised, stocked


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Five lamps in Leeds, five in York, and nothing else that is sent to anybody."""
    async with open_shop(database_url, tmp_path, promises) as opened:
        await stocked(opened, "leeds", pieces=5, pick=10)
        await stocked(opened, "york", pieces=5, pick=5)
        await emptied(opened)
        yield opened


def wanting(when_short: str, quantity: int, **changes: Any) -> dict[str, Any]:
    return {**order(quantity=quantity, **changes), "when_short": when_short}


def two_lines(when_short: str, first: tuple[str, int], second: tuple[str, int]) -> dict[str, Any]:
    body = wanting(when_short, first[1], sku=first[0])
    body["lines"].append({"line_id": "2", "sku": second[0], "quantity": second[1], "unit_price": "2.50"})
    total = money(250 * (first[1] + second[1]))
    body["totals"] |= {"items": total, "grand_total": total}
    body["payment"]["amount"] = total
    return body


async def arrive(shop: Shop, node: str, quantity: int, sku: str = LAMP) -> None:
    body = {"sku": sku, "node": node, "quantity": quantity}
    answer = await shop.sandbox.post("/wms/_receive", json=body)
    assert answer.status_code == 200, answer.text
    await shop.sync_stock()


async def waiting(shop: Shop, body: dict[str, Any]) -> str:
    """An order that has nothing to do but to wait."""
    order_id = await shop.placed(body)
    await shop.until(order_id, "accepted")
    return order_id


async def pieces(shop: Shop, order_id: str) -> dict[str, int]:
    standing: dict[str, int] = (await shop.seen(order_id))["lines"][0]["pieces"]
    return standing


async def sold_out(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=10))
    assert (await shop.until(order_id))["status"] == "completed"


async def test_what_can_be_had_is_served_and_the_rest_is_cancelled_with_why(shop: Shop) -> None:
    order_id = await shop.placed(wanting("cancel_lines", 12))

    after = await shop.until(order_id)

    assert after["status"] == "completed"
    line = after["lines"][0]
    assert line["pieces"] == {"in_transit": 10, "cancelled": 2}
    assert line["reason"] == {"code": "insufficient_stock", "detail": "there was not enough of it"}
    ledger = await shop.ledger("psp", order_id)
    assert sum(amounts(ledger, "capture")) == 10 * 250
    assert amounts(ledger, "void") == [2 * 250]
    assert (after["payment_status"], after["fulfilment_status"]) == ("captured", "shipped")


async def test_a_line_that_nobody_stocks_is_cancelled_alone(shop: Shop) -> None:
    order_id = await shop.placed(two_lines("cancel_lines", (LAMP, 2), ("NEVER-SEEN", 1)))

    after = await shop.until(order_id)

    assert [line["pieces"] for line in after["lines"]] == [{"in_transit": 2}, {"cancelled": 1}]
    assert ["reason" in line for line in after["lines"]] == [False, True]
    assert after["lines"][1]["reason"]["code"] == "unknown_sku"


@pytest.mark.parametrize("when_short", ["cancel_lines", "reject"])
async def test_an_order_of_which_nothing_can_be_had_is_rejected(shop: Shop, when_short: str) -> None:
    await sold_out(shop)

    refused = await shop.until(await shop.placed(wanting(when_short, 1)))

    assert (refused["status"], refused["reason"]["code"]) == ("rejected", "insufficient_stock")
    assert refused["payment_status"] == "voided"


async def test_what_is_there_leaves_at_once_and_the_rest_when_it_has_come(shop: Shop) -> None:
    order_id = await shop.placed(wanting("backorder", 12))
    await shop.until_ledger("erp", order_id, "invoice", 2)
    before = await shop.seen(order_id)

    await arrive(shop, "york", 3)
    await backorders.wake(shop.gate.database)
    after = await shop.until(order_id)

    assert before["lines"][0]["pieces"] == {"in_transit": 10, "backordered": 2}
    assert (before["status"], before["fulfilment_status"]) == ("processing", "partially_shipped")
    assert before["payment_status"] == "partially_captured"
    assert (after["status"], after["fulfilment_status"]) == ("completed", "shipped")
    assert amounts(await shop.ledger("psp", order_id), "capture") == [500, 1250, 1250]
    assert "com.omnigate.order.backordered.v1" in await told(shop, order_id)


async def told(shop: Shop, order_id: str) -> list[str]:
    answer = await shop.gate.http.get(f"/v1/orders/{order_id}/events", headers=shop.headers)
    assert answer.status_code == 200, answer.text
    return [event["type"] for event in answer.json()["events"]]


async def test_an_order_that_only_waits_is_accepted(shop: Shop) -> None:
    await sold_out(shop)

    order_id = await waiting(shop, wanting("backorder", 2))

    seen = await shop.seen(order_id)
    assert (seen["payment_status"], seen["fulfilment_status"]) == ("authorised", "backordered")
    assert seen["fulfilments"] == []
    assert seen["allowed_actions"] == ["cancel"]


async def test_who_waits_longer_is_served_first_and_who_comes_last_gets_what_is_left(shop: Shop) -> None:
    await sold_out(shop)
    first = await waiting(shop, wanting("backorder", 4))
    second = await waiting(shop, wanting("backorder", 4))

    await arrive(shop, "leeds", 3)
    await arrive(shop, "york", 3)
    await backorders.wake(shop.gate.database)
    await shop.until_ledger("erp", second, "invoice")

    assert (await shop.until(first))["status"] == "completed"
    assert await pieces(shop, second) == {"in_transit": 2, "backordered": 2}


async def test_a_new_order_does_not_take_what_an_older_one_waits_for(shop: Shop) -> None:
    await sold_out(shop)
    older = await waiting(shop, wanting("backorder", 2))
    await arrive(shop, "york", 3)

    newer = await shop.until(await shop.placed(order(quantity=2)))
    newest = await shop.until(await shop.placed(order(quantity=1)))
    await backorders.wake(shop.gate.database)

    assert (newer["status"], newer["reason"]["detail"]) == ("rejected", f"{LAMP}: 2 wanted, 1 available")
    assert newest["status"] == "completed"
    assert (await shop.until(older))["status"] == "completed"


async def test_several_workers_wake_each_order_and_serve_it_once(shop: Shop) -> None:
    await sold_out(shop)
    shop.start_worker()
    shop.start_worker()
    placed = [await waiting(shop, wanting("backorder", 1)) for _ in range(6)]

    await arrive(shop, "leeds", 6)
    for _ in placed:
        await backorders.wake(shop.gate.database)

    assert {(await shop.until(order_id))["status"] for order_id in placed} == {"completed"}
    assert [len((await shop.seen(order_id))["fulfilments"]) for order_id in placed] == [1] * 6


async def test_a_cancel_ends_the_waiting(shop: Shop) -> None:
    await sold_out(shop)
    order_id = await waiting(shop, wanting("backorder", 2))

    assert (await shop.cancel(order_id)).status_code == 202

    after = await shop.until(order_id)
    assert (after["status"], after["cancel"]["outcome"]) == ("cancelled", "cancelled")
    assert after["lines"][0]["pieces"] == {"cancelled": 2}
    assert after["payment_status"] == "voided"
    await arrive(shop, "york", 2)
    assert await backorders.wake(shop.gate.database) == 0


async def test_a_cancel_stops_what_still_waits_of_an_order_that_has_partly_left(shop: Shop) -> None:
    order_id = await shop.placed(wanting("backorder", 12))
    await shop.until_ledger("erp", order_id, "invoice", 2)

    assert (await shop.cancel(order_id)).status_code == 202

    after = await shop.until(order_id)
    assert (after["status"], after["cancel"]["outcome"]) == ("completed", "partial")
    assert after["lines"][0]["pieces"] == {"in_transit": 10, "cancelled": 2}
    assert amounts(await shop.ledger("psp", order_id), "void") == [500]


@pytest.mark.parametrize("sku", ["NEVER-SEEN", VASE])  # vases are at the node that serves nobody
async def test_what_nobody_stocks_is_not_waited_for(shop: Shop, sku: str) -> None:
    refused = await shop.until(await shop.placed(two_lines("backorder", (LAMP, 1), (sku, 1))))

    assert (refused["status"], refused["reason"]["code"]) == ("rejected", "unknown_sku")
    assert await promised(shop) == {}


async def test_whose_money_is_no_longer_held_is_passed_over(shop: Shop) -> None:
    await sold_out(shop)
    unpaid = await waiting(shop, wanting("backorder", 1))
    paid = await waiting(shop, wanting("backorder", 1))
    async with shop.gate.database.connection() as connection:
        await connection.execute("update payment set expires_at = clock_timestamp() where order_id = %s", (unpaid,))

    await arrive(shop, "york", 1)
    await backorders.wake(shop.gate.database)

    assert (await shop.until(paid))["status"] == "completed"
    assert await pieces(shop, unpaid) == {"backordered": 1}

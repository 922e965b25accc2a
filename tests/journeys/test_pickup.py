"""An order that is fetched in a store: accepted, picked, handed over against a code; or not, and served otherwise."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.governance.bundle import Bundle
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP, Shop, order

SHOP, OTHER, DC = "york-shop", "hull-shop", "leeds"
HOME = {"name": "Ada", "lines": ["1 High Street"], "city": "York", "country": "GB"}


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path, promises, stores=True) as opened:
        await furnished(opened)
        yield opened


async def furnished(shop: Shop) -> None:
    """Two stores and a distribution centre with ten lamps each; nothing lies elsewhere."""
    for node, type_ in ((SHOP, "store"), (OTHER, "store"), (DC, "dc"), ("main", "dc")):
        if node != "main":
            received = {"sku": LAMP, "node": node, "quantity": 10}
            assert (await shop.sandbox.post("/wms/_receive", json=received)).status_code == 200
        status = "closed" if node == "main" else "active"
        body = {"type": type_, "name": node, "timezone": "Europe/London", "source_id": "wms", "status": status}
        headers = await shop.gate.bearer(await shop.gate.operator(f"of-{node}"))
        made = await shop.gate.http.put(f"/v1/inventory/nodes/{node}", json=body, headers=headers)
        assert made.status_code == 200, made.text
    await shop.sync_stock()


def fetched(quantity: int = 2, *, address: dict[str, Any] | None = None) -> dict[str, Any]:
    body = order(quantity=quantity)
    body["customer"]["contact"] = {"email": "ada@example.com"}
    group: dict[str, Any] = {"id": "1", "method": "bopis", "pickup": {"node_id": SHOP}}
    body["delivery_groups"] = [group | ({"address": address} if address else {})]
    return body


async def rules(shop: Shop, *rules: dict[str, Any]) -> None:
    assert (await shop.sandbox.post("/store/_rules", json={"rules": list(rules)})).status_code == 200


async def until_part(shop: Shop, order_id: str, status: str, place: int = 0) -> dict[str, Any]:
    """The order, once its part in that place stands so."""
    return await shop.until_seen(
        order_id,
        lambda seen: len(seen["fulfilments"]) > place and seen["fulfilments"][place]["status"] == status,
    )


async def code_for(shop: Shop, order_id: str) -> str:
    """As the customer reads it, once there is nothing more to tell."""
    await shop.until_told(order_id, "send #1 do (ready_for_pickup)", "succeeded")
    answer = await shop.sandbox.get("/ledger/notifications/messages", params={"order_id": order_id})
    codes = [m["facts"]["code"] for m in answer.json()["messages"] if m["kind"] == "ready_for_pickup"]
    assert codes, f"nobody told the customer of {order_id} a code"
    return str(codes[0])


async def collect(shop: Shop, order_id: str, code: str, place: int = 0) -> Any:
    part = (await shop.seen(order_id))["fulfilments"][place]["fulfilment_id"]
    headers = await shop.gate.bearer(await shop.gate.operator(f"till-{uuid4().hex[:8]}"))
    return await shop.gate.http.post(
        f"/v1/orders/{order_id}/fulfilments/{part}/collect",
        json={"code": code},
        headers={**headers, "idempotency-key": uuid4().hex},
    )


async def answer(shop: Shop, order_id: str, how: str) -> None:
    seen = await shop.until_seen(order_id, lambda seen: bool(seen.get("offers")))
    headers = {**shop.headers, "idempotency-key": uuid4().hex}
    offer = seen["offers"][0]["offer_id"]
    said = await shop.gate.http.post(f"/v1/orders/{order_id}/offers/{offer}/{how}", json={}, headers=headers)
    assert said.status_code == 200, said.text


async def on_hand(shop: Shop, node: str) -> int:
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute(
            "select on_hand from stock_position where sku = %s and node_id = %s and condition = 'new'", (LAMP, node)
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_goods_are_handed_over_against_the_code_and_then_paid(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    ready = await until_part(shop, order_id, "ready")
    before = await shop.effects("psp", order_id)

    handed = await collect(shop, order_id, await code_for(shop, order_id))

    assert handed.status_code == 200, handed.text
    after = await shop.until(order_id)
    assert (ready["payment_status"], ready["lines"][0]["pieces"]) == ("authorised", {"picked": 2})
    assert before == ["authorisation"]
    assert after["status"] == "completed"
    assert (after["payment_status"], after["fulfilment_status"]) == ("captured", "delivered")
    assert await shop.effects("psp", order_id) == ["authorisation", "capture"]
    assert await shop.effects("erp", order_id) == ["sales_order", "invoice"]


async def test_the_code_is_kept_as_a_hash_only(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")
    code = await code_for(shop, order_id)

    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute("select fulfilment_id, code_hash from pickup")
        [(part, kept)] = await cursor.fetchall()
        cursor = await connection.execute("select facts, status from notice where order_id = %s", (order_id,))
        told = await cursor.fetchall()

    assert kept == hashlib.sha256(f"{part}:{code}".encode()).digest()
    assert told == [({}, "sent")]
    assert not any(code in str(moment.facts) for moment in await shop.timeline(order_id))


async def test_what_a_store_does_not_have_is_shipped_if_the_customer_agrees(shop: Shop) -> None:
    await rules(shop, {"kind": "reject", "node": SHOP, "reason": "not_in_stock"})
    await rules(
        shop,
        {"kind": "reject", "node": SHOP, "reason": "not_in_stock"},
        {"kind": "reject", "node": OTHER, "reason": "no_variance"},
    )
    order_id = await shop.placed(fetched(address=HOME))

    await answer(shop, order_id, "accept")
    seen = await shop.until_seen(order_id, lambda seen: len(seen["fulfilments"]) > 1)
    if seen["fulfilments"][1]["method"] == "bopis":
        await answer(shop, order_id, "accept")
    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert after["fulfilments"][0]["reason"]["code"] == "store_not_in_stock"
    assert after["fulfilments"][-1]["method"] == "ship_to_home"
    assert await on_hand(shop, SHOP) == 0  # the store has said so


async def test_the_other_store_serves_who_has_no_address(shop: Shop) -> None:
    await rules(shop, {"kind": "reject", "node": SHOP, "reason": "damage"})
    order_id = await shop.placed(fetched())

    await answer(shop, order_id, "accept")
    await until_part(shop, order_id, "ready", place=1)
    await collect(shop, order_id, await code_for(shop, order_id), place=1)
    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert [part["status"] for part in after["fulfilments"]] == ["rejected", "completed"]
    assert await on_hand(shop, SHOP) == 10  # it is there, and cannot be sold


async def test_a_customer_who_does_not_agree_gets_the_money_back(shop: Shop) -> None:
    await rules(shop, {"kind": "reject", "node": SHOP, "reason": "mismatch"})
    order_id = await shop.placed(fetched())

    await answer(shop, order_id, "decline")
    after = await shop.until(order_id)

    assert (after["status"], after["reason"]["code"]) == ("rejected", "declined_by_customer")
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]
    assert await on_hand(shop, SHOP) == 8


async def test_no_answer_is_a_no(shop: Shop) -> None:
    await rules(shop, {"kind": "reject", "node": SHOP, "reason": "no_variance"})
    order_id = await shop.placed(fetched())
    await shop.until_seen(order_id, lambda seen: bool(seen.get("offers")))

    await shop.time_passes("update offer set expires_at = clock_timestamp()")
    await shop.nudge(order_id)
    after = await shop.until(order_id)

    assert (after["status"], after["reason"]["code"]) == ("rejected", "declined_by_customer")


async def test_a_store_that_says_nothing_is_not_waited_for_for_ever(shop: Shop) -> None:
    await rules(shop, {"kind": "silence", "node": SHOP})
    order_id = await shop.placed(fetched(address=HOME))
    await until_part(shop, order_id, "released")

    await shop.patience_ends(order_id, "await_acceptance")
    await answer(shop, order_id, "accept")

    seen = await shop.until_seen(order_id, lambda seen: len(seen["fulfilments"]) > 1)
    assert seen["fulfilments"][0]["reason"]["code"] == "store_silent"
    assert "cancel" in await shop.effects("store", order_id)


async def test_a_short_pick_is_fetched_and_the_rest_offered(shop: Shop) -> None:
    await rules(shop, {"kind": "short", "node": SHOP, "by": 1})
    order_id = await shop.placed(fetched(quantity=3, address=HOME))
    await until_part(shop, order_id, "ready")

    await answer(shop, order_id, "decline")
    seen = await shop.until_seen(order_id, lambda seen: "cancelled" in seen["lines"][0]["pieces"])
    await collect(shop, order_id, await code_for(shop, order_id))
    after = await shop.until(order_id)

    assert seen["lines"][0]["pieces"] == {"picked": 2, "cancelled": 1}
    assert after["status"] == "completed"
    assert [e["amount"]["amount"] for e in await shop.ledger("psp", order_id)] == [750, 500, 250]
    assert await on_hand(shop, SHOP) == 9  # one was not there; two have left, which no count contains yet


async def test_what_nobody_fetches_goes_back(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")
    code = await code_for(shop, order_id)

    await shop.patience_ends(order_id, "await_collection")
    after = await shop.until(order_id)

    assert (after["status"], after["reason"]["code"]) == ("rejected", "not_collected")
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]
    assert (await collect(shop, order_id, code)).status_code == 409
    assert await shop.reserved_at(SHOP) == 0


async def test_a_customer_is_reminded(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")

    await shop.time_passes("update pickup set ready_at = ready_at - interval '3 days'")
    await shop.nudge(await shop.part(order_id))
    await shop.until_ledger("notifications", order_id, "message", 2)

    answer = await shop.sandbox.get("/ledger/notifications/messages", params={"order_id": order_id})
    assert sorted(m["kind"] for m in answer.json()["messages"]) == ["pickup_reminder", "ready_for_pickup"]


async def test_it_can_be_cancelled_until_it_is_handed_over(shop: Shop) -> None:
    order_id = await shop.placed(fetched())
    await until_part(shop, order_id, "ready")

    assert (await shop.cancel(order_id)).status_code == 202
    after = await shop.until(order_id)

    assert (after["status"], after["cancel"]["outcome"]) == ("cancelled", "cancelled")
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]


async def test_a_store_ships_what_it_alone_has(shop: Shop) -> None:
    body = order(quantity=2)
    body["customer"]["contact"] = {"email": "ada@example.com"}
    for node in (OTHER, DC):
        await shop.close_node(node)

    order_id = await shop.placed(body)
    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert await shop.effects("carrier", order_id) == ["label"]
    assert after["fulfilment_status"] == "shipped"
    assert await shop.effects("wms", order_id) == []

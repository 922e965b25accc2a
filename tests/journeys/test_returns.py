"""Goods that left by the whole workflow come back: asked for, counted, looked at, and on the shelf again."""

from typing import Any
from uuid import uuid4

from tests.journeys.shop import LAMP, VASE, Shop, order

Json = dict[str, Any]


async def sent(shop: Shop, path: str, body: Json) -> Any:
    headers = {**shop.headers, "idempotency-key": uuid4().hex}
    return await shop.gate.http.post(f"/v1/returns{path}", json=body, headers=headers)


async def on_hand(shop: Shop, sku: str) -> int:
    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute("select on_hand from stock_position where sku = %s", (sku,))
        row = await cursor.fetchone()
    assert row is not None, f"{sku} is stocked"
    return int(row[0])


async def test_what_was_delivered_comes_back_in_two_parcels(shop: Shop) -> None:
    order_id = await shop.placed(order(quantity=3))
    await shop.until(order_id, "completed")
    before = await on_hand(shop, LAMP)
    shop.gate.clock.pass_by(60)  # the warehouse has counted by the real one

    told = await sent(shop, "/eligibility", {"order_id": order_id})
    lines = [{"line_id": "1", "quantity": 3, "reason": "wrong_size"}]
    asked = await sent(shop, "", {"order_id": order_id, "channel_return_id": "R-1", "lines": lines})
    return_id = asked.json()["return_id"]
    for number, pieces in (("GR-1", 1), ("GR-2", 2)):
        came = [{"line_id": "1", "received": pieces, "condition": "new"}]
        body = {"receipt_id": number, "node_id": "main", "lines": came}
        assert (await sent(shop, f"/{return_id}/receipts", body)).status_code == 201
    looked = [
        {"line_id": "1", "quantity": 2, "outcome": "accepted", "disposition": "restock"},
        {"line_id": "1", "quantity": 1, "outcome": "rejected", "disposition": "scrap"},
    ]
    inspection = {"inspection_id": "IN-1", "node_id": "main", "lines": looked}
    for _ in range(2):
        assert (await sent(shop, f"/{return_id}/inspections", inspection)).status_code == 201

    seen = (await shop.gate.http.get(f"/v1/returns/{return_id}", headers=shop.headers)).json()
    (pieces,) = told.json()["lines"][0]["pieces"]
    assert (pieces["quantity"], pieces["returnable"], pieces["value"]["amount"]) == (3, True, 750)
    assert seen["status"] in ("dispositioned", "closed")  # paid back by now, or about to be
    assert seen["lines"][0]["refundable"]["amount"] == 500
    assert (await shop.seen(order_id))["return_status"] == "returned"
    assert await on_hand(shop, LAMP) == before + 2


async def test_what_has_not_left_cannot_come_back(shop: Shop) -> None:
    (await shop.sandbox.post("/wms/_hold", json={"hold": True})).raise_for_status()
    order_id = await shop.placed(order(sku=VASE))
    await shop.until(order_id, "processing")

    lines = [{"line_id": "1", "quantity": 1, "reason": "changed_mind"}]
    asked = await sent(shop, "", {"order_id": order_id, "channel_return_id": "R-2", "lines": lines})

    assert (asked.status_code, asked.json()["code"]) == (409, "not_returnable")
    assert [fault["code"] for fault in asked.json()["errors"]] == ["not_shipped"]
    assert (await shop.seen(order_id))["return_status"] == "none"

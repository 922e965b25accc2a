"""An order whose goods go several ways: each is served for itself, and all of it is one order to its customer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.orders import Address, Order
from gateway.governance.bundle import Bundle
from gateway.ports import Effect, Wms
from gateway.workflows.place_order import Terms, sagas
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop, money, order
from tests.journeys.test_pickup import (
    DC,
    HOME,
    OTHER,
    SHOP,
    answer,
    code_for,
    collect,
    furnished,
    on_hand,
    rules,
)

SENT = {"id": "sent", "method": "ship_to_home", "address": HOME, "lines": ["1"]}
FETCHED = {"id": "fetched", "method": "bopis", "pickup": {"node_id": SHOP}, "lines": ["2"]}


class Noting:
    """A warehouse that tells whereto it ships what."""

    def __init__(self, wms: Wms) -> None:
        self._wms, self.sent = wms, list[tuple[list[str], str]]()
        self.manifest = wms.manifest
        self.find, self.shipment, self.stock, self.cancel = wms.find, wms.shipment, wms.stock, wms.cancel

    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        self.sent.append(([line.line_id for line in order.lines], ship_to.city if ship_to else ""))
        return await self._wms.release(order, ship_to, key=key)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Two stores and a distribution centre with ten lamps each."""
    async with open_shop(database_url, tmp_path, promises, stores=True) as opened:
        await furnished(opened)
        yield opened


def two_ways(*groups: dict[str, Any], sent: int = 2, fetched: int = 1, **more: Any) -> dict[str, Any]:
    """Lamps on two lines, of two groups, and 95 for shipping them."""
    body, total = order(), 250 * (sent + fetched) + 95
    body["customer"]["contact"] = {"email": "ada@example.com"}
    body["lines"] = [{**body["lines"][0], "quantity": sent}, {**body["lines"][0], "line_id": "2", "quantity": fetched}]
    body["delivery_groups"] = list(groups or (SENT, FETCHED))
    body["shipping_charge"] = money(95)
    body["payment"]["amount"] = money(total)
    body["totals"] |= {"items": money(total - 95), "shipping": money(95), "grand_total": money(total)}
    return body | more


def of_group(seen: dict[str, Any], group: str) -> list[dict[str, Any]]:
    return [part for part in seen["fulfilments"] if part["group_id"] == group]


def stands(group: str, status: str) -> Any:
    return lambda seen: [part["status"] for part in of_group(seen, group)][-1:] == [status]


async def fetch(shop: Shop, order_id: str) -> None:
    seen = await shop.until_seen(order_id, stands("fetched", "ready"))
    place = seen["fulfilments"].index(of_group(seen, "fetched")[-1])
    handed = await collect(shop, order_id, await code_for(shop, order_id), place)
    assert handed.status_code == 200, handed.text


async def test_one_group_is_sent_home_and_one_is_fetched_in_a_store(shop: Shop) -> None:
    order_id = await shop.placed(two_ways())

    await shop.until_seen(order_id, stands("sent", "completed"))
    await fetch(shop, order_id)
    after = await shop.until(order_id)

    assert (after["status"], after["payment_status"]) == ("completed", "captured")
    parts = [(part["group_id"], part["method"], part["lines"]) for part in after["fulfilments"]]
    assert parts == [
        ("sent", "ship_to_home", [{"line_id": "1", "quantity": 2}]),
        ("fetched", "bopis", [{"line_id": "2", "quantity": 1}]),
    ]
    assert [part["amount"]["amount"] for part in after["fulfilments"]] == [595, 250]
    effects = await shop.ledger("psp", order_id)
    assert sorted(each["amount"]["amount"] for each in effects) == [250, 595, 845]
    placed = [{name: value for name, value in group.items() if name != "promise"} for group in after["delivery_groups"]]
    assert placed == [SENT, FETCHED]
    assert await on_hand(shop, SHOP) == 10  # one has left, which no count contains yet
    assert await shop.reserved_at(DC) == await shop.reserved_at(SHOP) == 0


async def test_each_group_goes_to_its_own_address(shop: Shop) -> None:
    work = {**SENT, "id": "work", "address": {**HOME, "city": "Hull"}, "lines": ["2"]}
    await shop.stop_workers()
    noting = Noting(shop.back_ends.wms)
    shop.back_ends = replace(shop.back_ends, wms=noting, store=None, carrier=None)
    shop.start_worker()

    order_id = await shop.placed(two_ways(SENT, work))

    assert (await shop.until(order_id))["status"] == "completed"
    assert sorted(noting.sent) == [(["1"], "York"), (["2"], "Hull")]


async def test_a_group_that_cannot_be_served_is_a_reason_against_all(shop: Shop) -> None:
    order_id = await shop.placed(two_ways(fetched=11))

    after = await shop.until(order_id)

    assert (after["status"], after["fulfilments"]) == ("rejected", [])
    assert after["reason"]["code"] == "insufficient_stock"
    assert [line["pieces"] for line in after["lines"]] == [{"cancelled": 2}, {"cancelled": 11}]
    assert await shop.reserved_at(DC) == 0
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]


async def test_an_order_may_go_without_a_group_of_which_nothing_can_be_had(shop: Shop) -> None:
    await shop.close_node(SHOP)

    order_id = await shop.placed(two_ways(when_short="cancel_lines"))
    after = await shop.until(order_id)

    assert after["status"] == "completed"
    assert [line["pieces"] for line in after["lines"]] == [{"in_transit": 2}, {"cancelled": 1}]
    assert "reason" in after["lines"][1]
    assert [each["amount"]["amount"] for each in await shop.ledger("psp", order_id)] == [845, 595, 250]


async def test_a_store_that_says_no_keeps_nothing_from_what_is_sent(shop: Shop) -> None:
    await rules(shop, {"kind": "reject", "node": SHOP, "reason": "damage"})
    order_id = await shop.placed(two_ways())

    seen = await shop.until_seen(order_id, lambda seen: bool(seen.get("offers")) and stands("sent", "completed")(seen))
    await answer(shop, order_id, "accept")
    await fetch(shop, order_id)
    after = await shop.until(order_id)

    assert [(offer["group_id"], offer["node_id"]) for offer in seen["offers"]] == [("fetched", OTHER)]
    assert [offer["lines"] for offer in seen["offers"]] == [[{"line_id": "2", "quantity": 1}]]
    assert after["status"] == "completed"
    assert [part["status"] for part in of_group(after, "sent")] == ["completed"]
    assert [part["status"] for part in of_group(after, "fetched")] == ["rejected", "completed"]


async def test_what_a_customer_declines_of_one_group_leaves_the_other(shop: Shop) -> None:
    await rules(shop, {"kind": "reject", "node": SHOP, "reason": "damage"})
    order_id = await shop.placed(two_ways())

    await answer(shop, order_id, "decline")
    after = await shop.until(order_id)

    assert (after["status"], after["lines"][1]["reason"]["code"]) == ("completed", "declined_by_customer")
    assert [line["pieces"] for line in after["lines"]] == [{"in_transit": 2}, {"cancelled": 1}]


async def test_what_nobody_fetches_goes_back_and_the_rest_waits_for_its_goods(shop: Shop) -> None:
    order_id = await shop.placed(two_ways(FETCHED, SENT, sent=40, when_short="backorder"))
    await shop.until_seen(order_id, stands("fetched", "ready"))

    part = of_group(await shop.seen(order_id), "fetched")[0]["fulfilment_id"]
    await shop.patience_ends(order_id, "await_collection", part)
    await shop.until_seen(order_id, stands("fetched", "rejected"))
    after = await shop.until_seen(order_id, lambda seen: seen["lines"][1]["pieces"] == {"cancelled": 1})

    assert after["lines"][1]["reason"]["code"] == "not_collected"
    assert after["lines"][0]["pieces"]["backordered"] >= 10
    assert after["status"] == "processing"


async def test_a_cancel_stops_every_group_that_has_not_left(shop: Shop) -> None:
    order_id = await shop.placed(two_ways())
    await shop.until_seen(order_id, lambda seen: stands("sent", "completed")(seen) and stands("fetched", "ready")(seen))

    assert (await shop.cancel(order_id)).status_code == 202
    after = await shop.until(order_id)

    assert (after["status"], after["cancel"]["outcome"]) == ("completed", "partial")
    assert [line["pieces"] for line in after["lines"]] == [{"in_transit": 2}, {"cancelled": 1}]


async def test_money_that_is_taken_in_one_piece_cannot_pay_for_several_groups(shop: Shop) -> None:
    await shop.stop_workers()
    shop.start_worker(sagas(Terms(in_parts=False, roles=frozenset({"payments", "erp", "wms", "store", "carrier"}))))

    order_id = await shop.placed(two_ways())
    after = await shop.until(order_id)

    assert (after["status"], after["reason"]["code"]) == ("rejected", "no_fulfilment_option")
    assert "several ways" in after["reason"]["detail"]


async def test_an_order_from_before_there_were_several_groups_ends_as_it_began(shop: Shop) -> None:
    await shop.stop_workers()
    order_id = await shop.placed(order())
    await shop.time_passes("update run set version = 3 where saga = 'place_order'")
    await shop.time_passes("update absurd.t_sagas set task_name = 'place_order.v3'")

    shop.start_worker()
    after = await shop.until(order_id)

    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute("select distinct version from step where run_id = %s", (order_id,))
        assert await cursor.fetchall() == [(3,)]
    assert after["status"] == "completed"

"""Until when a delivery group is there: told with who said so, and changed only by its customer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.time import rfc3339, system_clock
from gateway.governance.bundle import Bundle
from gateway.store import backorders
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop, order
from tests.journeys.test_backorders import arrive
from tests.journeys.test_groups import FETCHED, SENT, of_group, two_ways
from tests.journeys.test_parts import emptied
from tests.journeys.test_pickup import OTHER, SHOP, answer, furnished
from tests.journeys.test_sourcing import stocked

TOO_SOON = "2026-01-01"  # nothing that is sent today is there then


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    """Five lamps in Leeds, five in York, and nothing else that is sent to anybody."""
    async with open_shop(database_url, tmp_path, promises) as opened:
        await stocked(opened, "leeds", pieces=5, pick=10)
        await stocked(opened, "york", pieces=5, pick=5)
        await emptied(opened)
        yield opened


@pytest.fixture
async def town(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path, promises, stores=True) as opened:
        await furnished(opened)
        yield opened


def promising(by: str | None, quantity: int = 1, **more: Any) -> dict[str, Any]:
    body = order(quantity=quantity) | more
    body["delivery_groups"][0] |= {"promised_by": by} if by else {}
    return body


def promise(seen: dict[str, Any], place: int = 0) -> Any:
    return seen["delivery_groups"][place].get("promise")


async def offered(shop: Shop, order_id: str) -> dict[str, Any]:
    seen = await shop.until_seen(order_id, lambda seen: bool(seen.get("offers")))
    return dict(seen["offers"][0])


async def test_what_the_channel_promised_is_told_in_its_own_words(shop: Shop) -> None:
    order_id = await shop.placed(promising("2099-12-24"))

    after = await shop.until(order_id)

    assert after["delivery_groups"][0]["promised_by"] == "2099-12-24"
    assert promise(after) == {"by": "2099-12-24", "source": "channel"}


async def test_else_sourcing_promises_what_it_has_computed(town: Shop) -> None:
    now = system_clock()
    order_id = await town.placed(two_ways(SENT, FETCHED))

    seen = await town.until_seen(order_id, lambda seen: len(seen["fulfilments"]) == 2)

    sent, fetched = promise(seen), promise(seen, 1)
    assert (sent["source"], fetched["source"]) == ("sourcing", "sourcing")
    assert timedelta(hours=5) <= datetime.fromisoformat(fetched["by"]) - now < timedelta(hours=5, minutes=5)
    arrives = datetime.fromisoformat(sent["by"])
    assert arrives.astimezone(UTC).time() == datetime.min.time()
    assert timedelta(days=2) < arrives - now < timedelta(days=3, minutes=5)


async def test_a_cut_off_that_is_over_is_a_day_more(shop: Shop) -> None:
    now = system_clock()
    body = {"type": "dc", "name": "york", "timezone": "UTC", "source_id": "wms", "cutoffs": [{"at": "00:00"}]}
    headers = await shop.gate.bearer(await shop.gate.operator("of-york"))
    made = await shop.gate.http.put("/v1/inventory/nodes/york", json=body, headers=headers)
    assert made.status_code < 300, made.text
    await shop.close_node("leeds")

    order_id = await shop.placed(promising(None))
    after = await shop.until(order_id)

    leaves = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    assert datetime.fromisoformat(promise(after)["by"]) == leaves + timedelta(days=3)  # two on the way, and it ends


async def test_a_reroute_that_keeps_the_promise_asks_nobody(shop: Shop) -> None:
    await shop.fault("wms", "create_shipment", "refuse")

    order_id = await shop.placed(promising("2099-12-24"))
    after = await shop.until(order_id)

    assert [part["status"] for part in after["fulfilments"]] == ["rejected", "completed"]
    assert promise(after)["source"] == "channel"


async def test_a_reroute_that_cannot_keep_it_asks_and_who_agrees_gets_it_later(shop: Shop) -> None:
    await shop.fault("wms", "create_shipment", "refuse")
    order_id = await shop.placed(promising(TOO_SOON))

    offer = await offered(shop, order_id)
    before = await shop.seen(order_id)
    await answer(shop, order_id, "accept")
    after = await shop.until(order_id)

    assert (offer["kind"], offer["group_id"], offer["lines"]) == ("later", "1", [{"line_id": "1", "quantity": 1}])
    assert "node_id" not in offer
    assert promise(before) == {"by": TOO_SOON, "source": "channel"}
    assert promise(after) == {"by": offer["promised_by"], "source": "customer"}
    assert [part["status"] for part in after["fulfilments"]] == ["rejected", "completed"]


@pytest.mark.parametrize("how", ["declined", "unanswered"])
async def test_who_does_not_agree_gets_the_money_back(shop: Shop, how: str) -> None:
    await shop.fault("wms", "create_shipment", "refuse")
    order_id = await shop.placed(promising(TOO_SOON))
    await offered(shop, order_id)

    if how == "declined":
        await answer(shop, order_id, "decline")
    else:
        await shop.time_passes("update offer set expires_at = clock_timestamp()")
        await shop.nudge(order_id)
    after = await shop.until(order_id)

    assert (after["status"], after["reason"]["code"]) == ("rejected", "declined_by_customer")
    assert promise(after) == {"by": TOO_SOON, "source": "channel"}
    assert await shop.effects("psp", order_id) == ["authorisation", "void"]


async def test_goods_that_come_too_late_are_offered_to_who_waits(shop: Shop) -> None:
    soon = rfc3339(system_clock() + timedelta(hours=1))
    order_id = await shop.placed(promising(soon, quantity=11, when_short="backorder"))
    await shop.until_seen(order_id, lambda seen: seen["lines"][0].get("pieces", {}).get("backordered") == 1)

    await arrive(shop, "york", 1)
    await backorders.wake(shop.gate.database)
    offer = await offered(shop, order_id)
    waits = (await shop.seen(order_id))["lines"][0]["pieces"]
    await answer(shop, order_id, "accept")
    after = await shop.until(order_id)

    assert (offer["kind"], offer["lines"]) == ("later", [{"line_id": "1", "quantity": 1}])
    assert waits["backordered"] == 1
    assert (after["status"], after["lines"][0]["pieces"]) == ("completed", {"in_transit": 11})
    assert promise(after) == {"by": offer["promised_by"], "source": "customer"}


async def test_who_declines_what_waited_keeps_what_has_left(shop: Shop) -> None:
    soon = rfc3339(system_clock() + timedelta(hours=1))
    order_id = await shop.placed(promising(soon, quantity=11, when_short="backorder"))
    await shop.until_seen(order_id, lambda seen: seen["lines"][0].get("pieces", {}).get("backordered") == 1)
    await arrive(shop, "york", 1)
    await backorders.wake(shop.gate.database)

    await answer(shop, order_id, "decline")
    after = await shop.until(order_id)

    assert (after["status"], after["lines"][0]["pieces"]) == ("completed", {"in_transit": 10, "cancelled": 1})
    assert after["lines"][0]["reason"]["code"] == "declined_by_customer"


async def test_one_group_is_later_and_the_other_is_not_asked_about(town: Shop) -> None:
    await town.close_node(OTHER)  # what is sent comes from the warehouse then
    await town.fault("wms", "create_shipment", "refuse")
    order_id = await town.placed(two_ways({**SENT, "promised_by": TOO_SOON}, FETCHED))

    offer = await offered(town, order_id)
    seen = await town.until_seen(order_id, lambda seen: of_group(seen, "fetched")[-1]["status"] == "ready")
    await answer(town, order_id, "decline")
    after = await town.until_seen(order_id, lambda seen: seen["lines"][0]["pieces"] == {"cancelled": 2})

    assert (offer["kind"], offer["group_id"], len(seen["offers"])) == ("later", "sent", 1)
    assert [part["status"] for part in of_group(after, "fetched")] == ["ready"]
    assert promise(after, 1)["source"] == "sourcing"
    assert (await town.reserved_at(SHOP)) == 1

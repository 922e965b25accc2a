"""`Wms`, whoever provides it: what it does to shipments and shelves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.sandbox import EXAMPLE_CATALOGUE, Product
from gateway.errors import Failed, Rejected, Unknown
from tests.adapters.ports.ground import HOME, Ground, in_process, order


async def test_a_release_makes_a_shipment(ground: Ground) -> None:
    wms = ground.back_ends.wms

    released = await wms.release(order(), HOME, key="release")

    [effect] = await ground.effects("wms", kind="shipment")
    assert (effect["id"], effect["order_id"]) == (released.id, "ord_1")
    assert [(line["sku"], line["quantity"]) for line in effect["lines"]] == [("LAMP-7", 3)]


@pytest.mark.parametrize(("sku", "quantity", "code"), [("NOTHING-LIKE-IT", 1, "unknown_sku"), ("LAST-ONE", 2, "short")])
async def test_what_the_warehouse_cannot_ship_is_rejected(ground: Ground, sku: str, quantity: int, code: str) -> None:
    wms = ground.back_ends.wms

    with pytest.raises(Rejected) as refusal:
        await wms.release(order((sku, quantity)), HOME, key="release")

    assert refusal.value.facts["code"] == code
    assert await wms.find("release", key="release") == []


async def test_nothing_is_released_without_an_address(ground: Ground) -> None:
    with pytest.raises(Failed):
        await ground.back_ends.wms.release(order(), None, key="release")

    assert await ground.attempts("wms") == []


async def test_a_shipment_can_be_asked_after(ground: Ground) -> None:
    wms = ground.back_ends.wms
    released = await wms.release(order(), HOME, key="release")
    before = await wms.shipment(released.id)

    await ground.ship(released.id)
    after = await wms.shipment(released.id)

    assert before is not None
    assert (before.status, before.shipped_at) == ("released", None)
    assert after is not None
    assert after.status == "shipped"
    assert after.shipped_at is not None
    assert abs(after.shipped_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_shipment_that_the_warehouse_does_not_know_is_none(ground: Ground) -> None:
    assert await ground.back_ends.wms.shipment("shp_never") is None


async def test_a_cancelled_shipment_is_not_shipped(ground: Ground) -> None:
    wms = ground.back_ends.wms
    released = await wms.release(order(), HOME, key="release")

    await wms.cancel(released.id, key="cancel")

    shipment = await wms.shipment(released.id)
    assert shipment is not None
    assert shipment.status == "cancelled"


async def test_cancelling_what_is_cancelled_is_no_error(ground: Ground) -> None:
    wms = ground.back_ends.wms
    released = await wms.release(order(), HOME, key="release")
    await wms.cancel(released.id, key="cancel")

    again = await wms.cancel(released.id, key="cancel again")

    assert again.id == released.id
    assert len(await ground.effects("wms", kind="cancel")) == 1


async def test_what_has_left_is_not_cancelled(ground: Ground) -> None:
    wms = ground.back_ends.wms
    released = await wms.release(order(), HOME, key="release")
    await ground.ship(released.id)

    with pytest.raises(Rejected) as refusal:
        await wms.cancel(released.id, key="cancel")

    assert refusal.value.facts["code"] == "too_late"
    assert await wms.find("cancel", key="cancel", subject=released.id) == []


async def test_the_undo_of_what_never_happened_changes_nothing(ground: Ground) -> None:
    with pytest.raises(Failed):
        await ground.back_ends.wms.cancel("shp_never", key="cancel")

    assert await ground.effects("wms") == []


async def counted(ground: Ground, node: str = "main") -> dict[str, int]:
    levels = [level async for page in ground.back_ends.wms.stock() for level in page]
    return {level.sku: level.on_hand for level in levels if level.node == node}


async def test_stock_is_what_lies_on_the_shelves(ground: Ground) -> None:
    wms = ground.back_ends.wms
    released = await wms.release(order(("LAST-ONE", 1)), HOME, key="release")
    counted_before = await counted(ground)

    await ground.ship(released.id)
    counted_after = await counted(ground)

    assert (counted_before["LAST-ONE"], counted_after["LAST-ONE"]) == (1, 0)
    assert counted_after["LAMP-7"] == counted_before["LAMP-7"] == 5_000


async def test_stock_is_counted_at_each_node(ground: Ground) -> None:
    main, leeds = await counted(ground), await counted(ground, "leeds")

    await ground.receive("MUG-RED", 6, node="leeds")

    assert (await counted(ground, "leeds"))["MUG-RED"] == leeds.get("MUG-RED", 0) + 6
    assert (await counted(ground))["MUG-RED"] == main["MUG-RED"]


async def test_each_level_tells_when_it_was_true(ground: Ground) -> None:
    levels = [level async for page in ground.back_ends.wms.stock() for level in page]

    said = {(level.sku, level.gtin, level.on_hand) for level in levels}
    assert said == {(product.sku, product.gtin, product.on_hand) for product in EXAMPLE_CATALOGUE}
    assert all(abs(level.as_of - datetime.now(UTC)) < timedelta(minutes=1) for level in levels)


async def test_all_stock_is_counted_page_by_page(tmp_path: Path) -> None:
    catalogue = [Product(f"article-{number}", None, number) for number in range(2_001)]

    async with in_process(tmp_path, catalogue=catalogue) as ground:
        pages = [page async for page in ground.back_ends.wms.stock()]

    listed = sorted((level.on_hand, level.sku) for page in pages for level in page)
    assert listed == [(product.on_hand, product.sku) for product in catalogue]
    assert [len(page) for page in pages] == [1_000, 1_000, 1]


async def test_an_unreadable_count_is_no_count(ground: Ground) -> None:
    await ground.fault("wms", "get_stock", "garbage")

    with pytest.raises(Unknown):
        [page async for page in ground.back_ends.wms.stock()]

"""The pretend warehouse: what it ships is gone, what is cancelled in time is not."""

import asyncio
from typing import Any

import pytest


async def cancel(sandbox: Any, shipment: str, key: str = "cancel") -> Any:
    return await sandbox.post(f"/wms/shipments/{shipment}/cancel", {"reference": "undo"}, key=key)


async def ship(sandbox: Any, shipment: str) -> Any:
    return await sandbox.post("/wms/_ship", {"shipment_id": shipment})


async def test_stock_is_taken_when_a_shipment_leaves_and_not_before(sandbox: Any) -> None:
    released = (await sandbox.release(sku="lamp-7", quantity=4)).json()
    before = await sandbox.on_hand("LAMP-7")

    await ship(sandbox, released["id"])

    assert released["status"] == "released"
    assert before == 10
    assert await sandbox.on_hand("LAMP-7") == 6
    assert (await sandbox.get(f"/wms/shipments/{released['id']}"))["status"] == "shipped"


async def test_the_ledger_tells_what_lies_on_the_shelves_and_what_of_it_is_promised(sandbox: Any) -> None:
    parcels = [(await sandbox.release(key=f"release-{number}", quantity=number)).json()["id"] for number in (1, 2, 4)]

    await ship(sandbox, parcels[0])
    await cancel(sandbox, parcels[1])

    told = (await sandbox.get("/ledger/wms/stock"))["stock"]
    assert {"node": "main", "sku": "LAMP-7", "on_hand": 9, "allocated": 4} in told


async def test_a_release_ships_by_itself(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(ship_after=0.0) as sandbox:
        released = (await sandbox.release()).json()["id"]
        await receiver.has(1)

        shipment = await sandbox.get(f"/wms/shipments/{released}")

        assert shipment["status"] == "shipped"
        assert shipment["shipped_at"].endswith("Z")
        assert await sandbox.effects("wms") == ["shipment", "shipped"]


async def test_a_held_warehouse_ships_nothing_until_it_is_let_go(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(ship_after=0.0) as sandbox:
        await sandbox.post("/wms/_hold", {"hold": True})
        await sandbox.release(key="a")
        await sandbox.release(key="b")
        held = await sandbox.effects("wms")

        await sandbox.post("/wms/_hold", {"hold": False})
        await receiver.has(2)

        assert held == ["shipment", "shipment"]
        assert sorted(await sandbox.effects("wms")) == ["shipment", "shipment", "shipped", "shipped"]


async def test_a_hold_outlives_a_restart(open_sandbox: Any) -> None:
    async with open_sandbox(ship_after=0.0) as sandbox:
        await sandbox.post("/wms/_hold", {"hold": True})

    async with open_sandbox(ship_after=0.0) as sandbox:
        released = (await sandbox.release(sandbox_fault="early_callback")).json()["id"]

        assert (await cancel(sandbox, released)).json()["status"] == "cancelled"


async def test_what_is_cancelled_in_time_never_ships(sandbox: Any) -> None:
    released = (await sandbox.release(quantity=10)).json()["id"]

    first, again = await cancel(sandbox, released, "c1"), await cancel(sandbox, released, "c2")
    late_ship = await ship(sandbox, released)

    assert first.status_code == again.status_code == 200
    assert (late_ship.status_code, late_ship.json()["code"]) == (409, "cancelled")
    assert await sandbox.effects("wms") == ["shipment", "cancel"]
    assert await sandbox.on_hand("LAMP-7") == 10
    assert (await sandbox.release(key="next", quantity=10)).status_code == 201


async def test_what_has_left_cannot_be_cancelled(sandbox: Any) -> None:
    released = (await sandbox.release()).json()["id"]
    await ship(sandbox, released)

    answer = await cancel(sandbox, released)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    assert await sandbox.effects("wms") == ["shipment", "shipped"]


async def test_of_a_cancel_and_a_ship_at_once_exactly_one_wins(sandbox: Any) -> None:
    released = [(await sandbox.release(key=f"r{number}", quantity=1)).json()["id"] for number in range(10)]
    cancels = [cancel(sandbox, one, f"c-{one}") for one in released]
    ships = [ship(sandbox, one) for one in reversed(released)]

    await asyncio.gather(*(call for race in zip(cancels, ships, strict=True) for call in race))

    kinds = await sandbox.effects("wms")
    left = kinds.count("shipped")
    assert left + kinds.count("cancel") == 10
    assert 0 < left < 10
    assert await sandbox.on_hand("LAMP-7") == 10 - left


@pytest.mark.parametrize(("sku", "quantity", "code"), [("UNICORN", 1, "unknown_sku"), ("LAMP-7", 11, "short")])
async def test_what_is_not_there_is_refused(sandbox: Any, sku: str, quantity: int, code: str) -> None:
    answer = await sandbox.release(sku=sku, quantity=quantity)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await sandbox.effects("wms") == []


async def test_two_releases_cannot_count_on_the_same_units(sandbox: Any) -> None:
    await sandbox.release(key="a", quantity=6)

    answer = await sandbox.release(key="b", quantity=6)

    assert answer.json()["code"] == "short"


async def test_lines_of_one_article_are_added_up(sandbox: Any) -> None:
    lines = [{"line_id": str(number), "sku": sku, "quantity": 6} for number, sku in enumerate(("LAMP-7", "lamp-7"))]
    body = {"reference": "r", "order_id": "o", "lines": lines, "ship_to": {}}

    answer = await sandbox.post("/wms/shipments", body)

    assert answer.json()["code"] == "short"
    assert (await sandbox.release(quantity=10)).status_code == 201


async def test_a_key_is_kept_for_ever(open_sandbox: Any) -> None:
    now = [1_800_000_000.0]
    async with open_sandbox(clock=lambda: now[0], ship_after=1000.0) as sandbox:
        first = await sandbox.release(key="k")
        now[0] += 1000 * 24 * 3600

        second = await sandbox.release(key="k")

        assert second.content == first.content
        assert (await sandbox.effects("wms")).count("shipment") == 1


async def test_an_effect_is_found_by_its_key_with_the_status_of_today(sandbox: Any) -> None:
    released = (await sandbox.release(key="out")).json()["id"]
    await cancel(sandbox, released, "back")

    out = (await sandbox.get("/wms/effects", key="out"))["effects"]
    back = (await sandbox.get("/wms/effects", key="back"))["effects"]

    assert out == [{"id": released, "kind": "shipment", "key": "out", "status": "cancelled"}]
    assert back == [{"id": released, "kind": "cancel", "key": "back", "status": "cancelled"}]


async def test_stock_is_read_in_pages(sandbox: Any) -> None:
    first = await sandbox.get("/wms/stock", limit="1")
    last = await sandbox.get("/wms/stock", limit="1", after=first["next"])

    assert first["positions"] == [{"node": "main", "sku": "LAMP-7", "gtin": None, "on_hand": 10}]
    assert first["next"] == "main/LAMP-7"
    assert last["positions"] == [{"node": "main", "sku": "Mug-Red", "gtin": "9521234500056", "on_hand": 3}]
    assert last["next"] is None
    assert first["as_of"] < last["as_of"]


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1"])
async def test_a_page_of_stock_has_bounds(sandbox: Any, limit: str) -> None:
    answer = await sandbox.http.get("/wms/stock", params={"limit": limit})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_what_left_is_listed_page_by_page_for_whoever_is_not_called(sandbox: Any) -> None:
    left = [(await sandbox.release(key=key)).json()["id"] for key in "abc"]
    for shipment in left:
        await ship(sandbox, shipment)

    first = await sandbox.get("/wms/changes", limit="2")
    rest = await sandbox.get("/wms/changes", limit="2", after=first["last"])
    nothing = await sandbox.get("/wms/changes", after=rest["last"])

    assert [each["shipment_id"] for each in first["changes"] + rest["changes"]] == left
    assert (first["more"], rest["more"], nothing["more"]) == (True, False, False)
    assert (nothing["changes"], nothing["last"]) == ([], rest["last"])

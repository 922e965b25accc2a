"""A carrier tells that it has what comes back: believed when signed, once, and only of what is still to come."""

from typing import Any

import pytest

from gateway.domain.time import rfc3339
from gateway.store.returns import load_return
from tests.resources.returned import asked_back
from tests.resources.shop import Shop
from tests.resources.warehouse import Warehouse

UNKNOWN = "ret_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
SIGNALS = "select signal_id, run_id, kind, source from signal"
EVENTS = "select subject, data ->> 'status' from event where type = 'com.omnigate.return.scanned.v1'"
SCANS = "select scanned_at is not null, version from returns"


async def returned(shop: Shop, **more: Any) -> str:
    order_id = str((await shop.place())["order_id"])
    return await asked_back(shop.gate.database, order_id, **{"state": "authorised", **more})


async def test_the_first_scan_is_recorded_told_and_wakes_the_returns_run(shop: Shop, warehouse: Warehouse) -> None:
    return_id = await returned(shop)

    answer = await warehouse.tell_scan(return_id)

    assert (answer.status_code, answer.json()) == (202, {"webhook_id": "msg_1", "status": "recorded"})
    assert await shop.rows(SIGNALS) == [("carrier:msg_1", return_id, "scanned", "callback:carrier")]
    assert await shop.rows(EVENTS) == [(return_id, "in_transit")]
    woken = "select count(*) from absurd.e_sagas where event_name like %s"
    assert await shop.rows(woken, f"{return_id}:%") == [(1,)]
    assert await shop.rows("select actor, action from audit where resource = %s", return_id) == [
        ("system", "callbacks:write")
    ]
    async with shop.gate.database.connection() as connection:
        stored = await load_return(connection, return_id)
    assert stored is not None
    assert rfc3339(stored.told.scanned_at or stored.created_at) == rfc3339(shop.gate.clock())
    assert (stored.told.status, stored.told.allowed_actions[:1]) == ("in_transit", ("receive",))


@pytest.mark.parametrize("name", ["msg_1", "msg_2"])
async def test_twice_is_once_also_under_another_name(shop: Shop, warehouse: Warehouse, name: str) -> None:
    return_id = await returned(shop)
    await warehouse.tell_scan(return_id)

    again = await warehouse.tell_scan(return_id, name=name)

    assert (again.status_code, again.json()["status"]) == (202, "known")
    assert await shop.rows(SCANS) == [(True, 2)]
    assert len(await shop.rows(SIGNALS)) == len(await shop.rows(EVENTS)) == 1


@pytest.mark.parametrize("stands", [{"state": "cancelled"}, {"state": "expired"}, {"received": 1}])
async def test_a_scan_that_comes_late_changes_nothing(shop: Shop, warehouse: Warehouse, stands: dict[str, Any]) -> None:
    return_id = await returned(shop, **stands)

    answer = await warehouse.tell_scan(return_id)

    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert await shop.rows(SCANS) == [(False, 1)]
    assert await shop.rows(SIGNALS) == await shop.rows(EVENTS) == []


async def test_a_scan_of_nothing_of_ours_is_not_known(warehouse: Warehouse) -> None:
    answer = await warehouse.tell_scan(UNKNOWN)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_scan_that_is_not_signed_with_the_carriers_secret_is_refused(shop: Shop, warehouse: Warehouse) -> None:
    return_id = await returned(shop)
    other = "whsec_" + "A" * 32
    await shop.gate.secrets.put("callback:carrier", other.encode())

    answer = await warehouse.tell_scan(return_id)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    assert await shop.rows(SCANS) == [(False, 1)]


@pytest.mark.parametrize("system", ["wms", "store", "psp"])
async def test_nobody_else_tells_of_scans(shop: Shop, warehouse: Warehouse, system: str) -> None:
    return_id = await returned(shop)

    answer = await warehouse.tell_scan(return_id, system=system)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert await shop.rows(SCANS) == [(False, 1)]


async def test_a_scan_that_breaks_the_contract_is_refused(warehouse: Warehouse) -> None:
    answer = await warehouse.tell_scan(UNKNOWN, scanned_at="yesterday")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert {each["pointer"] for each in answer.json()["errors"]} == {"#/data/scanned_at"}


async def test_a_scanner_whose_clock_is_fast_has_scanned_now(shop: Shop, warehouse: Warehouse) -> None:
    return_id = await returned(shop)

    assert (await warehouse.tell_scan(return_id, scanned_at="2099-01-01T00:00:00+01:00")).status_code == 202

    [(at,)] = await shop.rows("select scanned_at from returns")
    assert rfc3339(at) == rfc3339(shop.gate.clock())

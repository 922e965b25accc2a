"""A warehouse that lies on request: what it says is wrong in the way asked for, and its ledger has the truth."""

from typing import Any

import pytest

Json = dict[str, Any]


async def lie(sandbox: Any, *lies: Json) -> Any:
    return await sandbox.post("/wms/_lies", {"lies": list(lies)})


async def receive(sandbox: Any, *quantities: int, sku: str = "LAMP-7") -> None:
    for quantity in quantities:
        await sandbox.post("/wms/_receive", {"sku": sku, "quantity": quantity})


async def told(sandbox: Any) -> list[tuple[int, int]]:
    """Numbers and deltas of the changes that are told of."""
    return [(each["sequence"], each["delta"]) for each in (await sandbox.get("/wms/stock/changes"))["changes"]]


async def truth(sandbox: Any, sku: str = "LAMP-7") -> int:
    shelves = (await sandbox.get("/ledger/wms/stock"))["stock"]
    return next(int(shelf["on_hand"]) for shelf in shelves if shelf["sku"] == sku)


async def test_numbers_net_of_orders_are_less_from_the_release_on(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "net"})

    released = (await sandbox.release(quantity=4)).json()["id"]
    promised = await sandbox.on_hand("LAMP-7")
    await sandbox.post("/wms/_ship", {"shipment_id": released})

    assert (promised, await sandbox.on_hand("LAMP-7"), await truth(sandbox)) == (6, 6, 6)
    changes = (await sandbox.get("/wms/stock/changes"))["changes"]
    assert [(each["delta"], each["reason"], each["reference"]) for each in changes] == [(-4, "order", "ord_1")]


async def test_a_cancelled_order_comes_back_to_numbers_net_of_orders(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "net"})

    released = (await sandbox.release(quantity=4)).json()["id"]
    await sandbox.post(f"/wms/shipments/{released}/cancel", {"reference": "undo"})

    assert await sandbox.on_hand("LAMP-7") == 10
    assert await told(sandbox) == [(1, -4), (2, 4)]


async def test_a_dropped_change_is_missing_by_its_number_only(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "drop", "next": 1})

    await receive(sandbox, 1, 2)

    assert await told(sandbox) == [(2, 2)]
    assert await sandbox.on_hand("LAMP-7") == await truth(sandbox) == 13


async def test_a_repeated_change_is_the_same_fact_twice(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "repeat", "next": 1})

    await receive(sandbox, 1, 2)

    changes = (await sandbox.get("/wms/stock/changes"))["changes"]
    assert [each["delta"] for each in changes] == [1, 1, 2]
    assert changes[0] == changes[1]


async def test_a_doubled_change_looks_like_two_facts(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "double", "next": 1})

    await receive(sandbox, 1, 2)

    changes = (await sandbox.get("/wms/stock/changes"))["changes"]
    assert [(each["sequence"], each["delta"]) for each in changes] == [(1, 1), (2, 1), (3, 2)]
    assert len({each["id"] for each in changes}) == 3
    assert await truth(sandbox) == 13


async def test_units_are_reported_in_packs(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "packs", "of": 6, "sku": "lamp-7"})
    await receive(sandbox, 15)

    assert await sandbox.on_hand("LAMP-7") == 4
    assert await sandbox.on_hand("Mug-Red") == 3
    assert await truth(sandbox) == 25


async def test_a_lie_is_told_where_it_was_asked_for_only(sandbox: Any) -> None:
    await lie(sandbox, {"kind": "drop", "next": 9, "sku": "mug-red"}, {"kind": "drop", "next": 9, "node": "leeds"})

    await receive(sandbox, 1, sku="Mug-Red")
    await receive(sandbox, 2)

    assert await told(sandbox) == [(1, 2)]
    assert (await sandbox.get("/wms/_lies"))["lies"] == [
        {"kind": "drop", "sku": "MUG-RED", "next": 9, "told": 1},
        {"kind": "drop", "node": "leeds", "next": 9, "told": 0},
    ]


async def test_a_lie_outlives_a_restart_until_it_is_taken_back(open_sandbox: Any) -> None:
    async with open_sandbox() as sandbox:
        await lie(sandbox, {"kind": "packs", "of": 5})

    async with open_sandbox() as sandbox:
        lied = await sandbox.on_hand("LAMP-7")
        await sandbox.http.request("DELETE", "/wms/_lies")

        assert (lied, await sandbox.on_hand("LAMP-7")) == (2, 10)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"kind": "fib"}, "lies[0]: there is no kind 'fib'; known: net, packs, drop, repeat, double"),
        ({"kind": "net", "next": 1}, "lies[0]: unknown key 'next'; 'net' knows kind, node, sku"),
        ({"kind": "drop"}, "lies[0]: 'next' must be a whole number from 1 to 1000"),
        ({"kind": "packs", "of": 1}, "lies[0]: 'of' must be a whole number from 2 to 1000"),
        ({"kind": "net", "sku": 7}, "lies[0]: 'sku' must be a text"),
        ("net", "lies[0] must be an object"),
    ],
)
async def test_a_lie_that_cannot_be_told_is_refused_and_none_changes(sandbox: Any, written: Any, said: str) -> None:
    await lie(sandbox, {"kind": "net"})

    answer = await lie(sandbox, written)

    assert (answer.status_code, answer.json()["code"]) == (422, "lie_not_possible")
    assert answer.json()["detail"].startswith(said)
    assert (await sandbox.get("/wms/_lies"))["lies"] == [{"kind": "net"}]

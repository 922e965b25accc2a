"""The pretend warehouse's nodes: what lies where, what leaves from where, and how stock changes are told."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox import Product

Json = dict[str, Any]
PRODUCTS = (Product("LAMP-7", None, 10, (("leeds", 4),)), Product("Mug-Red", None, 3))


@pytest.fixture
async def sandbox(open_sandbox: Any) -> AsyncIterator[Any]:
    async with open_sandbox(catalogue=PRODUCTS) as tester:
        yield tester


async def release(sandbox: Any, quantity: int, **node: str) -> Any:
    lines = [{"line_id": "1", "sku": "lamp-7", "quantity": quantity}]
    body = {"reference": "r", "order_id": "ord_1", "lines": lines, "ship_to": {}, **node}
    return await sandbox.post("/wms/shipments", body)


async def lying(sandbox: Any) -> dict[tuple[str, str], int]:
    """What truly lies where."""
    told = (await sandbox.get("/ledger/wms/stock"))["stock"]
    return {(shelf["node"], shelf["sku"]): shelf["on_hand"] for shelf in told}


async def told(sandbox: Any) -> list[tuple[Any, ...]]:
    """The changes that are told of, without their ids and moments."""
    names = ("sequence", "node", "sku", "delta", "reason", "reference")
    changes = (await sandbox.get("/wms/stock/changes"))["changes"]
    return [tuple(each[name] for name in names) for each in changes]


async def test_stock_is_listed_by_node(sandbox: Any) -> None:
    everything = await sandbox.get("/wms/stock")
    leeds = await sandbox.get("/wms/stock", node="leeds")

    listed = [(each["node"], each["sku"], each["on_hand"]) for each in everything["positions"]]
    assert listed == [("leeds", "LAMP-7", 4), ("main", "LAMP-7", 10), ("main", "Mug-Red", 3)]
    assert [(each["sku"], each["on_hand"]) for each in leeds["positions"]] == [("LAMP-7", 4)]


async def test_stock_of_several_nodes_is_read_page_by_page(sandbox: Any) -> None:
    first = await sandbox.get("/wms/stock", limit="1")
    second = await sandbox.get("/wms/stock", limit="1", after=first["next"])
    third = await sandbox.get("/wms/stock", limit="1", after=second["next"])

    pages = (first, second, third)
    assert [page["positions"][0]["node"] for page in pages] == ["leeds", "main", "main"]
    assert [page["next"] for page in pages] == ["leeds/LAMP-7", "main/LAMP-7", None]


async def test_a_shipment_leaves_from_the_node_it_was_released_at(sandbox: Any) -> None:
    released = (await release(sandbox, 3, node="leeds")).json()
    await sandbox.post("/wms/_ship", {"shipment_id": released["id"]})

    shipment = await sandbox.get(f"/wms/shipments/{released['id']}")

    assert released["node"] == shipment["node"] == "leeds"
    assert await lying(sandbox) == {("leeds", "LAMP-7"): 1, ("main", "LAMP-7"): 10, ("main", "MUG-RED"): 3}


@pytest.mark.parametrize(
    ("node", "quantity", "code"), [("leeds", 5, "short"), ("mars", 1, "unknown_node"), ("main", 11, "short")]
)
async def test_what_a_node_does_not_have_is_refused_there(sandbox: Any, node: str, quantity: int, code: str) -> None:
    answer = await release(sandbox, quantity, node=node)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_every_change_of_stock_is_told_with_the_next_number_of_its_shelf(sandbox: Any) -> None:
    released = (await release(sandbox, 2)).json()["id"]
    await sandbox.post("/wms/_ship", {"shipment_id": released})
    await sandbox.post("/wms/_receive", {"node": "leeds", "sku": "LAMP-7", "quantity": 6, "reference": "PO-1"})
    await sandbox.post("/wms/_lose", {"sku": "lamp-7", "quantity": 1})
    await sandbox.post("/wms/_count", {"sku": "LAMP-7", "counted": 9})

    assert await told(sandbox) == [
        (1, "main", "LAMP-7", -2, "shipment", "ord_1"),
        (1, "leeds", "LAMP-7", 6, "receipt", "PO-1"),
        (2, "main", "LAMP-7", -1, "shrink", None),
        (3, "main", "LAMP-7", 2, "cycle_count", None),
    ]
    assert await lying(sandbox) == {("leeds", "LAMP-7"): 10, ("main", "LAMP-7"): 9, ("main", "MUG-RED"): 3}


async def test_a_release_and_its_cancellation_change_no_stock(sandbox: Any) -> None:
    released = (await release(sandbox, 2)).json()["id"]
    await sandbox.post(f"/wms/shipments/{released}/cancel", {"reference": "undo"})

    assert await told(sandbox) == []


async def test_stock_changes_are_told_page_by_page(sandbox: Any) -> None:
    for number in range(3):
        await sandbox.post("/wms/_receive", {"sku": "LAMP-7", "quantity": number + 1})

    first = await sandbox.get("/wms/stock/changes", limit="2")
    rest = await sandbox.get("/wms/stock/changes", after=first["last"])
    nothing = await sandbox.get("/wms/stock/changes", after=rest["last"])

    assert [each["delta"] for each in first["changes"] + rest["changes"]] == [1, 2, 3]
    assert len({each["id"] for each in first["changes"] + rest["changes"]}) == 3
    assert (first["more"], rest["more"], nothing["more"]) == (True, False, False)
    assert (nothing["changes"], nothing["last"]) == ([], rest["last"])


async def test_goods_that_come_to_a_node_for_the_first_time_make_a_shelf_there(sandbox: Any) -> None:
    answer = await sandbox.post("/wms/_receive", {"node": "ghent", "sku": "Mug-Red", "quantity": 2})

    assert answer.json() == {"node": "ghent", "sku": "MUG-RED", "on_hand": 2}
    assert (await lying(sandbox))["ghent", "MUG-RED"] == 2


@pytest.mark.parametrize(
    ("act", "body", "status", "code"),
    [
        ("_receive", {"sku": "UNICORN", "quantity": 1}, 422, "unknown_sku"),
        ("_receive", {"sku": "LAMP-7", "quantity": 0}, 400, "malformed"),
        ("_lose", {"sku": "LAMP-7", "quantity": 9}, 409, "promised"),
        ("_count", {"sku": "LAMP-7", "counted": 1}, 409, "promised"),
        ("_count", {"sku": "Mug-Red", "node": "leeds", "counted": 1}, 404, "unknown_shelf"),
    ],
)
async def test_what_cannot_be_is_refused(sandbox: Any, act: str, body: Json, status: int, code: str) -> None:
    await release(sandbox, 2)

    answer = await sandbox.post(f"/wms/{act}", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await lying(sandbox))["main", "LAMP-7"] == 10


async def test_all_moves_together_are_what_lies_there(sandbox: Any) -> None:
    released = (await release(sandbox, 2)).json()["id"]
    await sandbox.post("/wms/_ship", {"shipment_id": released})
    await sandbox.post("/wms/_lose", {"node": "leeds", "sku": "LAMP-7", "quantity": 3})

    moves = (await sandbox.get("/ledger/wms/moves"))["moves"]

    sums: dict[tuple[str, str], int] = {}
    for move in moves:
        sums[move["node"], move["sku"]] = sums.get((move["node"], move["sku"]), 0) + move["delta"]
    assert sums == await lying(sandbox)
    assert [move["reason"] for move in moves] == ["opening", "opening", "opening", "shipment", "shrink"]


async def test_a_ledger_from_when_there_was_one_room_goes_on(open_sandbox: Any, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite") as old:
        old.executescript("""
            CREATE TABLE stock (sku TEXT PRIMARY KEY, name TEXT NOT NULL, gtin TEXT, on_hand INTEGER NOT NULL,
                                allocated INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
            CREATE TABLE shipments (
                id TEXT PRIMARY KEY, reference TEXT NOT NULL, order_id TEXT NOT NULL, status TEXT NOT NULL,
                lines BLOB NOT NULL, released_at REAL NOT NULL, shipped_at REAL, traceparent TEXT, fault TEXT,
                delay REAL NOT NULL, copies INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO stock VALUES ('LAMP-7', 'LAMP-7', NULL, 7, 2);
            INSERT INTO shipments VALUES ('shp_1', 'r', 'ord_1', 'released',
                '[{"line_id": "1", "sku": "LAMP-7", "quantity": 2}]', 0, NULL, NULL, NULL, 0, 1);
        """)
    old.close()

    async with open_sandbox(catalogue=PRODUCTS, ship_after=0.0) as sandbox:
        await sandbox.post("/wms/_ship", {"shipment_id": "shp_1"})

        assert await lying(sandbox) == {("leeds", "LAMP-7"): 4, ("main", "LAMP-7"): 5, ("main", "MUG-RED"): 3}

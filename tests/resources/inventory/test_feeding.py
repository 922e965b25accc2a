"""What sources report at the front door: facts, goods on their way, and whose word a source is."""

from uuid import uuid4

import pytest

from tests.gate import Gate
from tests.resources.inventory.feeding import Feeding, row


@pytest.fixture
async def feeding(gate: Gate) -> Feeding:
    return await Feeding.open(gate)


async def test_each_fact_is_judged_for_itself(feeding: Feeding) -> None:
    await feeding.load([row("lamp", 5)], ago=10)

    results = await feeding.tell(
        {"event_id": "1", "sku": "lamp", "delta": 3},
        {"event_id": "1", "sku": "lamp", "delta": 3},
        {"event_id": "2", "sku": "lamp", "delta": 4, "occurred_at": feeding.at(-11)},
        {"event_id": "3", "sku": "lamp", "delta": 1, "node_id": "nowhere"},
        {"event_id": "4", "sku": "lamp", "delta": 0},
        {"event_id": "5", "sku": "lamp", "delta": 1, "occurred_at": feeding.at(6)},
        {"event_id": "6", "sku": "vase", "delta": 2},
    )

    assert [each["outcome"] for each in results] == [
        *("applied", "duplicate", "late"),
        *("refused", "refused", "refused", "applied"),
    ]
    assert [each["code"] for each in results if "code" in each] == ["unknown_node", "no_change", "in_the_future"]
    assert await feeding.stock() == {"LAMP": 8, "VASE": 2}


async def test_a_report_that_is_repeated_under_its_key_is_answered_as_before(feeding: Feeding) -> None:
    key, told = str(uuid4()), {"event_id": "1", "sku": "lamp", "delta": 3, "node_id": "main", "reason": "receipt"}
    body = {"deltas": [{**told, "occurred_at": feeding.at(0)}]}

    first = await feeding.post("/sources/wms/deltas", body, key=key)
    second = await feeding.post("/sources/wms/deltas", body, key=key)

    assert (second.content, second.headers["idempotent-replayed"]) == (first.content, "true")
    assert await feeding.stock() == {"LAMP": 3}


async def test_a_partner_feeds_its_own_source_and_sees_no_other(feeding: Feeding) -> None:
    supplier = await feeding.as_another("supplier", "inventory:feed")
    await feeding.put("/sources/supplier-stock", {"semantics": "physical", "partner_id": "supplier", "every": 600})

    assert (await supplier.tell({"event_id": "1", "sku": "lamp", "delta": 3}, source="supplier-stock"))[0] == {
        "event_id": "1",
        "outcome": "applied",
    }
    assert [each["source_id"] for each in (await supplier.get("/sources")).json()["sources"]] == ["supplier-stock"]
    assert (await supplier.get("/sources/wms")).status_code == 404
    assert (await supplier.post("/sources/wms/deltas", {"deltas": [_fact(supplier)]})).status_code == 404
    assert (await supplier.put("/sources/mine", {"semantics": "physical"})).status_code == 403


async def test_a_source_speaks_of_its_nodes_only(feeding: Feeding) -> None:
    store = {"type": "store", "name": "Leeds", "timezone": "Europe/London", "source_id": "wms"}
    await feeding.put("/nodes/leeds", store)
    made = await feeding.put("/sources/till", {"semantics": "physical", "nodes": ["leeds"]})
    unknown = await feeding.put("/sources/ours", {"semantics": "physical", "nodes": ["nowhere"]})

    here, there = [
        await feeding.tell({"event_id": node, "sku": "lamp", "delta": 3, "node_id": node}, source="till")
        for node in ("leeds", "main")
    ]
    line = {"document": "PO-1", "document_line": "1", "sku": "lamp", "node_id": "main", "quantity": 7}
    goods = await feeding.post("/sources/till/inbound", {"lines": [{**line, "eta": feeding.at(60), "confidence": 1}]})
    body = {"reference": "s-1", "scope": "full", "nodes": ["leeds", "main"], "as_of": feeding.at(0), "rows": 0}
    snapshot = await feeding.post("/sources/till/snapshots", body)

    assert (made.json()["nodes"], unknown.status_code) == (["leeds"], 422)
    assert (here[0]["outcome"], there[0]["code"]) == ("applied", "unknown_node")
    assert (goods.status_code, snapshot.status_code) == (422, 422)


def _fact(feeding: Feeding) -> dict[str, object]:
    said = {"event_id": "1", "sku": "lamp", "delta": 3, "node_id": "main", "reason": "receipt"}
    return {**said, "occurred_at": feeding.at(0)}


async def test_what_the_numbers_of_a_source_mean_cannot_change_once_it_has_told_some(feeding: Feeding) -> None:
    made = await feeding.put("/sources/erp", {"semantics": "physical"})
    changed = await feeding.put("/sources/erp", {"semantics": "net_of_orders", "every": 60})
    await feeding.tell({"event_id": "1", "sku": "lamp", "delta": 3}, source="erp")
    too_late = await feeding.put("/sources/erp", {"semantics": "physical"})
    stale = await feeding.put("/sources/erp", {"semantics": "net_of_orders"}, **{"if-match": '"1"'})
    nobody_s = await feeding.put("/sources/ours", {"semantics": "physical", "partner_id": "nobody"})

    assert [each.status_code for each in (made, changed, too_late, stale, nobody_s)] == [200, 200, 409, 412, 422]
    assert (await feeding.get("/sources/erp")).json() == {
        **{"source_id": "erp", "semantics": "net_of_orders", "every": 60, "version": 2}
    }


async def test_goods_on_their_way_are_known_by_document_and_line(feeding: Feeding) -> None:
    line = {"document": "PO-1", "document_line": "1", "sku": "lamp", "node_id": "main", "quantity": 7}
    line |= {"eta": feeding.at(60), "confidence": 0.9}
    await feeding.load([row("lamp", 0)])

    changed = [
        (await feeding.post("/sources/wms/inbound", {"lines": [{**line, "quantity": quantity}]})).json()["changed"]
        for quantity in (7, 7, 5)
    ]
    answer = await feeding.gate.http.post(
        "/v1/inventory/availability:query", json={"lines": [{"sku": "LAMP", "quantity": 5}]}, headers=feeding.headers
    )
    unknown = await feeding.post("/sources/wms/inbound", {"lines": [{**line, "node_id": "nowhere"}]})

    assert changed == [1, 0, 1]
    assert answer.json()["items"][0]["earliest"] == feeding.at(60)
    assert [fault["pointer"] for fault in unknown.json()["errors"]] == ["#/lines/0/node_id"]


async def test_a_source_that_tells_of_every_change_is_current_without_counting_again(feeding: Feeding) -> None:
    await feeding.put("/sources/wms", {"semantics": "physical", "every": 600})
    await feeding.load([row("lamp", 5), row("vase", 5)], ago=60)
    await feeding.tell({"event_id": "1", "sku": "lamp", "delta": 3})

    lines = {"lines": [{"sku": "LAMP"}, {"sku": "VASE"}, {"sku": "TRAY"}]}
    await feeding.tell({"event_id": "2", "sku": "tray", "delta": 3})  # which was never counted
    answer = await feeding.gate.http.post("/v1/inventory/availability:query", json=lines, headers=feeding.headers)

    assert [(each["available"], each["confidence"]) for each in answer.json()["items"]] == [
        *((8, "high"), (5, "low"), (3, "low")),
    ]


async def test_goods_may_be_certain_or_likely_in_one_report(feeding: Feeding) -> None:
    line = {"document": "PO-1", "sku": "lamp", "node_id": "main", "quantity": 7, "eta": feeding.at(60)}
    lines = [{**line, "document_line": str(number), "confidence": sure} for number, sure in enumerate((0.5, 1, 0.0))]

    answer = await feeding.post("/sources/wms/inbound", {"lines": lines})

    assert (answer.status_code, answer.json()) == (200, {"changed": 3})


async def test_more_than_can_be_counted_is_refused_and_changes_nothing(feeding: Feeding) -> None:
    await feeding.load([row("lamp", 100_000_000)], ago=1)
    async with feeding.gate.database.connection() as connection:
        await connection.execute("update stock_view set moved = 2147000000 - quantity")

    facts = {"deltas": [{**_fact(feeding), "delta": 1_000_000}]}
    assert (await feeding.post("/sources/wms/deltas", facts)).status_code == 409


async def test_a_node_goes_by_another_source_once_that_knows_what_lies_there(feeding: Feeding) -> None:
    node = {"type": "dc", "name": "The main one", "timezone": "Europe/London", "source_id": "erp"}
    await feeding.load([row("lamp", 50), row("vase", 5)], ago=10)
    await feeding.put("/sources/erp", {"semantics": "physical"})
    await feeding.load([row("lamp", 20)], source="erp", scope="partial", ago=9)

    early = await feeding.put("/nodes/main", node)
    await feeding.load([row("vase", 4)], source="erp", scope="partial", ago=8)
    before = await feeding.stock("available")
    changed = await feeding.put("/nodes/main", node)

    assert (early.status_code, "full snapshot" in early.json()["detail"]) == (409, True)
    assert (before, changed.status_code) == ({"LAMP": 20, "VASE": 5}, 200)
    assert (await feeding.stock(), await feeding.stock("available")) == ({"LAMP": 20, "VASE": 4},) * 2
    assert set(await feeding.exceptions()) == {("divergence_shrink", "resolved")}

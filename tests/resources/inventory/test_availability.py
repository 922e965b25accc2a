"""What is available, and every term of how that came about."""

import asyncio
from datetime import timedelta

import pytest

from gateway.domain.time import rfc3339
from tests.gate import Gate
from tests.resources.inventory.stocked import Stocked, terms


async def test_an_answer_says_what_it_subtracted(stocked: Stocked) -> None:
    await stocked.counted(LAMP=16, ago=62)
    await stocked.ordered("ord_1", LAMP=3)
    await stocked.keep_back({"sku": "lamp", "node_id": "main", "safety_stock": 2})

    told = await stocked.ask({"sku": "lamp", "quantity": 6})

    (item,) = told["items"]
    (node,) = item["nodes"]
    assert (item["sku"], item["available"], item["confidence"]) == ("LAMP", 11, "high")
    assert terms(node) == {"on_hand": 16, "reserved": -3, "safety_stock": -2}
    assert (node["as_of"], node["staleness_ms"]) == (rfc3339(stocked.gate.clock() - timedelta(seconds=62)), 62_000)
    assert item["earliest"] == told["asked_at"]


async def test_what_has_left_is_subtracted_until_a_count_contains_it(stocked: Stocked) -> None:
    await stocked.counted(LAMP=5, ago=60)
    await stocked.ordered("ord_1", LAMP=2)
    await stocked.shipped("ord_1", stocked.gate.clock() - timedelta(seconds=30))
    before = await stocked.ask({"sku": "LAMP"})
    await stocked.counted(LAMP=3)

    after = await stocked.ask({"sku": "LAMP"})

    assert terms(before["items"][0]["nodes"][0]) == {"on_hand": 5, "reserved": -2}
    assert terms(after["items"][0]["nodes"][0]) == {"on_hand": 3}


async def test_the_network_is_the_sum_of_sellable_nodes_each_counted_from_nothing(stocked: Stocked) -> None:
    for node in ("north", "south", "west"):
        assert (await stocked.node(node)).status_code == 200
    await stocked.counted(node="north", LAMP=4)
    await stocked.counted(node="south", LAMP=9)
    await stocked.counted(node="west", LAMP=1)
    await stocked.keep_back({"sku": "LAMP", "node_id": "west", "safety_stock": 3})
    await stocked.node("south", status="paused")

    (item,) = (await stocked.ask({"sku": "LAMP"}))["items"]

    assert item["available"] == 4
    nodes = {node["node_id"]: (node["available"], node["sellable"]) for node in item["nodes"]}
    assert nodes == {"north": (4, True), "south": (9, False), "west": (0, True)}
    assert terms(item["nodes"][2]) == {"on_hand": 1, "safety_stock": -3}


async def test_what_nobody_stocks_is_an_answer_too(stocked: Stocked) -> None:
    (item,) = (await stocked.ask({"sku": "GHOST", "node_id": "main"}))["items"]

    assert (item["available"], item["nodes"], item["confidence"]) == (0, [], "low")
    assert "earliest" not in item


async def test_goods_that_are_expected_first_make_good_what_is_missing(stocked: Stocked) -> None:
    await stocked.counted(LAMP=1)
    await stocked.keep_back({"sku": "LAMP", "node_id": "main", "safety_stock": 3})
    now = stocked.gate.clock()
    for document, days, quantity, confidence in (("a", 1, 9, 0.2), ("b", 2, 2, 0.9), ("c", 3, 5, 0.8)):
        await stocked.sql(
            "insert into stock_inbound values (%s, '1', 'LAMP', 'main', %s, %s, %s, 'wms', now())",
            *(document, quantity, now + timedelta(days=days), confidence),
        )

    items = (await stocked.ask({"sku": "LAMP"}, {"sku": "LAMP", "quantity": 6}))["items"]

    assert items[0]["earliest"] == rfc3339(now + timedelta(days=3))
    assert "earliest" not in items[1]


async def test_what_is_overdue_is_not_in_sight_nor_what_a_witness_expects(stocked: Stocked) -> None:
    await stocked.counted(LAMP=1)
    columns = "source_id, semantics, created_at, updated_at"
    await stocked.sql(f"insert into stock_source ({columns}) values ('erp', 'physical', now(), now())")
    for source, days in (("wms", -1), ("erp", 1)):
        eta = stocked.gate.clock() + timedelta(days=days)
        await stocked.sql(
            "insert into stock_inbound values ('a', '1', 'LAMP', 'main', 9, %s, 1, %s, now())", eta, source
        )

    (item,) = (await stocked.ask({"sku": "LAMP", "quantity": 6}))["items"]

    assert "earliest" not in item


@pytest.mark.parametrize(("days", "confidence"), [(0, "high"), (1.4, "high"), (1.6, "medium"), (3.1, "low")])
async def test_a_source_that_is_late_makes_an_answer_less_sure(stocked: Stocked, days: float, confidence: str) -> None:
    await stocked.counted(LAMP=5, ago=days * 86_400)

    (item,) = (await stocked.ask({"sku": "LAMP"}))["items"]

    assert (item["available"], item["confidence"]) == (5, confidence)


async def test_a_question_has_at_most_a_hundred_pairs_however_they_are_named(stocked: Stocked) -> None:
    for number in range(10):
        await stocked.node(f"dc-{number}")
        await stocked.counted(node=f"dc-{number}", **{f"SKU{sku}": 1 for sku in range(11)})

    whole = await stocked.asked(*({"sku": f"SKU{sku}"} for sku in range(10)))
    more = await stocked.asked(*({"sku": f"SKU{sku}"} for sku in range(11)))

    assert (whole.status_code, more.status_code) == (200, 422)
    assert more.json()["errors"][0]["pointer"] == "#/lines/10"
    assert more.json()["errors"][0]["code"] == "too_many_pairs"


async def test_many_who_ask_at_once_each_get_their_own_answer(stocked: Stocked, gate: Gate) -> None:
    await stocked.counted(**{f"SKU{number}": number for number in range(20)})

    told = await asyncio.gather(*(stocked.ask({"sku": f"SKU{number}"}) for number in range(20)))

    assert [each["items"][0]["available"] for each in told] == list(range(20))

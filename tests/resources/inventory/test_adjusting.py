"""People correct stock: compared with what they saw, applied as a fact, approved by another one, and reversed."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.store import stock
from tests.gate import Gate
from tests.resources.inventory.feeding import Feeding, Json, row


@pytest.fixture
async def feeding(gate: Gate) -> Feeding:
    opened = await Feeding.open(gate)
    await opened.load([row("lamp", 100)], ago=10)
    return opened


async def adjusted(feeding: Feeding, reference: str, status: int = 201, **said: Any) -> Json:
    place = {} if "reverses" in said else {"sku": "lamp", "node_id": "main"}
    answer = await feeding.post("/adjustments", {**place, "reference": reference, "reason": "correction", **said})
    assert answer.status_code == status, answer.text
    told: Json = answer.json()
    return told


async def test_a_correction_is_a_fact_that_the_next_count_contains(feeding: Feeding) -> None:
    made = await adjusted(feeding, "r-1", delta=-3, reason="shrink", expected=100)
    after = await feeding.stock()
    await feeding.load([row("lamp", 90)], ago=-1)

    assert (made["state"], made["delta"], after, await feeding.stock()) == ("applied", -3, {"LAMP": 97}, {"LAMP": 90})
    assert (await feeding.get(f"/adjustments/{made['adjustment_id']}")).json() == made


async def test_who_saw_another_number_corrects_nothing(feeding: Feeding) -> None:
    refused = await adjusted(feeding, "r-1", 412, delta=-3, expected=99)

    assert (refused["code"], refused["there"], await feeding.stock()) == ("precondition_failed", 100, {"LAMP": 100})


async def test_a_count_is_of_what_lies_there_without_what_has_left(feeding: Feeding) -> None:
    async with feeding.gate.database.transaction() as connection:
        await stock.reserve(connection, "ord_1", {"LAMP": 4})
        await stock.ship(connection, "ord_1", feeding.gate.clock() - timedelta(minutes=1))

    made = await adjusted(feeding, "r-1", reason="cycle_count", count=95, expected=100)
    again = await adjusted(feeding, "r-2", reason="cycle_count", count=95)

    assert (made["delta"], again["delta"], await feeding.stock("available")) == (-1, 0, {"LAMP": 95})


async def test_a_reference_names_one_count(feeding: Feeding) -> None:
    first, again = [await adjusted(feeding, "r-1", reason="cycle_count", count=97) for _ in range(2)]

    await adjusted(feeding, "r-1", 409, reason="cycle_count", count=79)

    assert (first, await feeding.stock()) == (again, {"LAMP": 97})


async def test_what_is_told_late_of_before_a_count_is_in_it(feeding: Feeding) -> None:
    await adjusted(feeding, "r-1", reason="cycle_count", count=124, expected=100)

    (late,) = await feeding.tell({"event_id": "1", "sku": "lamp", "delta": 24, "occurred_at": feeding.at(-5)})

    assert (late["outcome"], await feeding.stock()) == ("late", {"LAMP": 124})


async def test_what_is_approved_late_is_of_when_they_looked(feeding: Feeding) -> None:
    waiting = await adjusted(feeding, "r-1", delta=60, reason="found", expected=100)
    await feeding.load([row("lamp", 160)], ago=-1)
    second = await feeding.as_another("controller", "operations")

    approved = await second.post(f"/adjustments/{waiting['adjustment_id']}/decision", {"decision": "approve"})

    assert (approved.json()["state"], await feeding.stock()) == ("applied", {"LAMP": 160})


async def test_a_count_that_is_approved_is_taken_over(feeding: Feeding) -> None:
    waiting = await adjusted(feeding, "r-1", reason="cycle_count", count=31)
    second = await feeding.as_another("controller", "operations")
    before = await feeding.stock()

    await second.post(f"/adjustments/{waiting['adjustment_id']}/decision", {"decision": "approve"})

    assert (before, await feeding.stock()) == ({"LAMP": 100}, {"LAMP": 31})


async def test_what_cannot_be_sold_is_corrected_in_its_bucket(feeding: Feeding) -> None:
    await adjusted(feeding, "r-1", delta=2, bucket="damaged", reason="damage", expected=0)

    assert (await feeding.stock(), await feeding.stock("damaged")) == ({"LAMP": 100}, {"LAMP": 2})


@pytest.mark.parametrize("said", [{"delta": 51}, {"delta": -6, "cost": 10_000, "currency": "GBP"}])
async def test_a_large_one_waits_for_a_second_person(feeding: Feeding, said: Json) -> None:
    waiting = await adjusted(feeding, "r-1", **said)
    before = await feeding.stock()
    address = f"/adjustments/{waiting['adjustment_id']}/decision"
    second = await feeding.as_another("controller", "operations")

    alone = await feeding.post(address, {"decision": "approve"})
    approved = await second.post(address, {"decision": "approve"})
    late = await second.post(address, {"decision": "reject"})

    assert (waiting["state"], before, alone.status_code) == ("pending_approval", {"LAMP": 100}, 403)
    assert (approved.json()["state"], approved.json()["decided_by"]) == ("applied", "controller")
    assert (late.status_code, await feeding.stock()) == (409, {"LAMP": 100 + said["delta"]})
    assert await feeding.exceptions() == [("adjustment_pending", "resolved")]


async def test_one_that_is_rejected_changes_nothing(feeding: Feeding) -> None:
    waiting = await adjusted(feeding, "r-1", delta=51)

    rejected = await feeding.post(f"/adjustments/{waiting['adjustment_id']}/decision", {"decision": "reject"})

    assert (rejected.json()["state"], await feeding.stock()) == ("rejected", {"LAMP": 100})


async def test_what_was_wrong_is_reversed_by_another_one(feeding: Feeding) -> None:
    wrong = await adjusted(feeding, "r-1", delta=-3)

    back = await adjusted(feeding, "r-2", reverses=wrong["adjustment_id"])
    twice = await adjusted(feeding, "r-3", 409, reverses=wrong["adjustment_id"])

    assert (back["delta"], back["state"], twice["code"], await feeding.stock()) == (
        3,
        "applied",
        "conflict",
        {"LAMP": 100},
    )
    assert (await feeding.get(f"/adjustments/{wrong['adjustment_id']}")).json()["state"] == "reversed"


async def test_a_reference_names_one_correction(feeding: Feeding) -> None:
    first, again = await adjusted(feeding, "r-1", delta=-3), await adjusted(feeding, "r-1", delta=-3)
    await adjusted(feeding, "r-1", 409, delta=-4)
    await adjusted(feeding, "r-1", 409, delta=-3, bucket="damaged")
    await adjusted(feeding, "r-2", delta=-1)

    listed = (await feeding.get("/adjustments?page_size=1")).json()
    rest = (await feeding.get(f"/adjustments?page_size=1&page_token={listed['next_page_token']}")).json()

    assert (first, await feeding.stock()) == (again, {"LAMP": 96})
    assert [each["adjustments"][0]["reference"] for each in (listed, rest)] == ["r-2", "r-1"]


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        ({}, ["#/delta"]),
        ({"delta": 0}, ["#/delta"]),
        ({"delta": 1, "count": 2}, ["#/delta"]),
        ({"delta": 1, "reason": "cycle_count"}, ["#/count"]),
        ({"delta": 1, "cost": 100}, ["#/currency"]),
        ({"delta": 1, "node_id": "nowhere"}, ["#/node_id"]),
    ],
)
async def test_a_correction_that_cannot_be_is_refused(feeding: Feeding, said: Json, pointers: list[str]) -> None:
    refused = await adjusted(feeding, "r-1", 422, **said)

    assert [fault["pointer"] for fault in refused["errors"]] == pointers

"""Snapshots: sent in chunks, each taken once, weighed, applied in batches, and reported on line by line."""

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.errors import Unavailable
from gateway.store import applying
from gateway.store.views import Hearing
from tests.gate import Gate
from tests.resources.inventory.feeding import Feeding, row


@pytest.fixture
async def feeding(gate: Gate) -> Feeding:
    return await Feeding.open(gate)


async def test_a_snapshot_in_chunks_becomes_stock(feeding: Feeding) -> None:
    snapshot_id = await feeding.begin(3)
    await feeding.chunk(snapshot_id, 2, [row("vase", 3, unavailable={"damaged": 1})])
    await feeding.chunk(snapshot_id, 1, [row("lamp", 5), row("tray", 0, condition="open_box", gtin="05012345678900")])
    await feeding.finish(snapshot_id)
    await feeding.work()

    told = (await feeding.get(f"/snapshots/{snapshot_id}")).json()

    assert (told["state"], told["staged"], told["applied"], told["changed"]) == ("applied", 3, 3, 3)
    assert await feeding.stock() == {"LAMP": 5, "TRAY": 0, "VASE": 3}
    assert await feeding.stock("available") == {"LAMP": 5, "TRAY": 0, "VASE": 2}


async def test_the_same_chunk_again_is_no_news_and_another_one_is_refused(feeding: Feeding) -> None:
    snapshot_id = await feeding.begin(1)

    first = await feeding.chunk(snapshot_id, 1, [row("lamp", 5)])
    again = await feeding.chunk(snapshot_id, 1, [row("lamp", 5)])
    other = await feeding.chunk(snapshot_id, 1, [row("lamp", 6)])
    await feeding.finish(snapshot_id)
    late = await feeding.chunk(snapshot_id, 2, [row("vase", 6)])

    assert (first.status_code, first.content) == (200, again.content)
    assert (other.status_code, late.status_code) == (409, 409)
    assert (await feeding.finish(snapshot_id)).status_code == 202


async def test_a_line_that_cannot_be_taken_is_told_of_and_costs_no_other(feeding: Feeding) -> None:
    bad = [
        b'{"sku": "lamp"',
        b"[1]",
        row("la mp", 1),
        {**row("lamp", 1), "node_id": "nowhere"},
        {**row("lamp", 1), "colour": "red"},
        row("lamp", True),
        row("lamp", 1, condition="worn"),
        row("lamp", 1, gtin="1"),
        row("lamp", 1, unavailable={"lost": 1}),
        row("lamp", 1, unavailable={"damaged": -1}),
        b'{"sku": "' + b"x" * 5000 + b'"}',
        row("VASE", 9),
    ]

    told = await feeding.load([row("vase", 3), *bad, row("lamp", 5)])

    assert (told["state"], told["staged"], told["faulty"]) == ("applied", 2, 12)
    assert [(fault["line"], fault["code"]) for fault in told["faults"]] == [
        *((2, "json"), (3, "type"), (4, "sku"), (5, "node"), (6, "unknown_field"), (7, "on_hand")),
        *((8, "condition"), (9, "gtin"), (10, "unavailable"), (11, "unavailable"), (12, "too_long"), (13, "repeated")),
    ]
    assert await feeding.stock() == {"LAMP": 5, "VASE": 3}


async def test_what_is_not_all_there_is_not_applied(feeding: Feeding) -> None:
    snapshot_id = await feeding.begin(2)
    await feeding.chunk(snapshot_id, 1, [row("lamp", 5)])

    answer = await feeding.finish(snapshot_id)

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "2 lines were announced, 1 were sent: send the rest, then finish",
    )
    assert (await feeding.work(), await feeding.stock()) == (0, {})


async def test_more_lines_than_were_announced_are_refused(feeding: Feeding) -> None:
    snapshot_id = await feeding.begin(1)

    refused = await feeding.chunk(snapshot_id, 1, [row("lamp", 5), row("vase", 5)])

    assert (refused.status_code, "announce another" in refused.json()["detail"]) == (409, True)


async def test_what_a_full_snapshot_does_not_name_is_not_there(feeding: Feeding) -> None:
    await feeding.load([row(f"sku-{number}", 1) for number in range(30)], ago=10)

    partial = await feeding.load([row("sku-1", 2)], scope="partial", ago=9)
    told = await feeding.load([row(f"sku-{number}", 2) for number in range(29)], ago=8)

    assert (partial["state"], partial["changed"], told["state"], told["changed"]) == ("applied", 1, "applied", 29)
    assert sum((await feeding.stock()).values()) == 58


@pytest.mark.parametrize(("decision", "state", "left"), [("believe", "applied", 2), ("abandon", "abandoned", 30)])
async def test_one_that_would_empty_too_much_is_put_aside_for_a_person(
    feeding: Feeding, decision: str, state: str, left: int
) -> None:
    await feeding.load([row(f"sku-{number}", 1) for number in range(30)], ago=10)

    told = await feeding.load([row("sku-1", 2)], ago=9)
    assert (told["state"], told["reason"]) == ("quarantined", {"code": "too_few_rows", "known": 30, "missing": 29})
    assert sum((await feeding.stock()).values()) == 30
    address = f"/snapshots/{told['snapshot_id']}"
    answer = await feeding.post(f"{address}/decision", {"decision": decision})
    await feeding.work()

    assert answer.status_code == 200
    assert (await feeding.get(address)).json()["state"] == state
    assert sum((await feeding.stock()).values()) == left
    assert await feeding.exceptions() == [("too_few_rows", "resolved")]
    assert (await feeding.post(f"{address}/decision", {"decision": decision})).status_code == 409


async def test_a_line_that_cannot_be_read_is_not_therefore_missing(feeding: Feeding) -> None:
    await feeding.load([row(f"sku-{number}", 1) for number in range(30)], ago=10)

    told = await feeding.load([b"{", *(row(f"sku-{number}", 1) for number in range(29))], ago=9)

    assert (told["state"], told["reason"]) == ("applied", {"code": "faulty_lines"})
    assert sum((await feeding.stock()).values()) == 30


async def test_the_newest_moment_wins_whichever_comes_first(feeding: Feeding) -> None:
    await feeding.load([row("lamp", 7), row("vase", 7)], ago=5)

    older = await feeding.load([row("lamp", 9)], ago=6)
    part = await feeding.load([row("lamp", 9)], scope="partial", ago=6)

    assert (older["state"], part["state"], part["changed"]) == ("superseded", "applied", 0)
    assert await feeding.stock() == {"LAMP": 7, "VASE": 7}


async def test_the_work_of_a_worker_that_dies_is_gone_on_with(feeding: Feeding) -> None:
    snapshot_id = await feeding.begin(5)
    await feeding.chunk(snapshot_id, 1, [row(f"sku-{number}", number) for number in range(5)])
    await feeding.finish(snapshot_id)
    database, hearing = feeding.gate.database, Hearing(feeding.gate.clock(), mint, InventoryPolicy())
    for _ in range(2):
        dead = await applying.turn(database, "dead", seconds=0)
        assert dead is not None
        await applying.go_on(database, dead, hearing, batch=2)

    alive = await applying.turn(database, "alive", seconds=60)
    assert alive is not None
    assert await applying.turn(database, "third", seconds=60) is None
    with pytest.raises(Unavailable):
        await applying.go_on(database, dead, hearing, batch=2)
    await applying.go_on(database, alive, hearing, batch=2)

    assert (await feeding.get(f"/snapshots/{snapshot_id}")).json()["applied"] == 4
    assert await feeding.stock() == {f"SKU-{number}": number for number in range(4)}


async def test_an_announcement_that_is_repeated_leads_to_the_same_snapshot(feeding: Feeding) -> None:
    first = await feeding.begin(1, reference="night", ago=1)

    assert await feeding.begin(1, reference="night", ago=1) == first
    body = {"reference": "night", "scope": "full", "nodes": ["main"], "as_of": feeding.at(-1), "rows": 2}
    assert (await feeding.post("/sources/wms/snapshots", body)).status_code == 409
    faulty = {**body, "nodes": ["nowhere"], "as_of": feeding.at(9)}
    refused = await feeding.post("/sources/wms/snapshots", faulty)
    assert [fault["code"] for fault in refused.json()["errors"]] == ["unknown_node", "in_the_future"]


async def test_another_partner_s_snapshot_is_absent(feeding: Feeding) -> None:
    snapshot_id = await feeding.begin(1)
    supplier = await feeding.as_another("supplier", "inventory:feed")

    answers = [
        await supplier.get(f"/snapshots/{snapshot_id}"),
        await supplier.chunk(snapshot_id, 1, [row("lamp", 1)]),
        await supplier.finish(snapshot_id),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3

"""What waits for a person about stock is decided through its exception, too, by the same rules."""

from dataclasses import replace

import pytest

from tests.gate import Gate
from tests.resources.desk import SEEN, Duty
from tests.resources.inventory.feeding import Feeding, row


@pytest.fixture
async def feeding(gate: Gate) -> Feeding:
    opened = await Feeding.open(gate)
    await opened.load([row(f"sku-{number}", 100) for number in range(10)], ago=10)
    return opened


async def waiting(feeding: Feeding) -> tuple[str, str]:
    """A correction that is large, and its exception."""
    place = {"sku": "sku-0", "node_id": "main", "reference": "r-1", "reason": "correction"}
    answer = await feeding.post("/adjustments", {**place, "delta": 51})
    assert answer.json()["state"] == "pending_approval", answer.text
    return f"/adjustments/{answer.json()['adjustment_id']}", await the_exception(feeding)


async def cut_off(feeding: Feeding) -> tuple[str, str]:
    """A full snapshot that lacks most of what is there, and its exception."""
    told = await feeding.load([row("sku-0", 7)])
    assert told["state"] == "quarantined"
    return f"/snapshots/{told['snapshot_id']}", await the_exception(feeding)


async def the_exception(feeding: Feeding) -> str:
    async with feeding.gate.database.connection() as connection:
        row = await (await connection.execute("select exception_id from exception where state = 'open'")).fetchone()
    assert row is not None
    exception_id: str = row[0]
    return exception_id


@pytest.mark.parametrize(("action", "state", "stock"), [("resolve", "applied", 151), ("abandon", "rejected", 100)])
async def test_a_correction_is_decided(gate: Gate, feeding: Feeding, action: str, state: str, stock: int) -> None:
    address, exception_id = await waiting(feeding)
    carla = await Duty.open(gate, "carla", "inventory_controller")

    done = await carla.act(exception_id, action)

    decided = (await feeding.get(address)).json()
    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    assert (decided["state"], decided["decided_by"]) == (state, "operator:carla")
    assert (await feeding.stock())["SKU-0"] == stock


async def test_nobody_approves_their_own_correction(gate: Gate, feeding: Feeding) -> None:
    carla = await Duty.open(gate, "carla", "inventory_controller")
    address, exception_id = await waiting(replace(feeding, headers=dict(carla.headers)))

    refused = await carla.act(exception_id, "resolve")

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await feeding.get(address)).json()["state"] == "pending_approval"
    assert await feeding.exceptions() == [("adjustment_pending", "open")]


async def test_stock_is_decided_by_those_whose_work_it_is(gate: Gate, feeding: Feeding) -> None:
    address, exception_id = await waiting(feeding)
    olga = await Duty.open(gate, "olga", "support", "finance")

    refused = await olga.act(exception_id, "resolve")

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "inventory_controller" in refused.json()["detail"]
    assert (await feeding.get(address)).json()["state"] == "pending_approval"


@pytest.mark.parametrize(("action", "state", "stock"), [("resolve", "applied", 7), ("abandon", "abandoned", 100)])
async def test_a_snapshot_that_was_put_aside_is_decided(
    gate: Gate, feeding: Feeding, action: str, state: str, stock: int
) -> None:
    address, exception_id = await cut_off(feeding)
    carla = await Duty.open(gate, "carla", "inventory_controller")

    done = await carla.act(exception_id, action)
    await feeding.work()

    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    assert (await feeding.get(address)).json()["state"] == state
    assert (await feeding.stock())["SKU-0"] == stock


async def test_what_was_decided_at_its_own_address_waits_for_nobody(gate: Gate, feeding: Feeding) -> None:
    address, exception_id = await waiting(feeding)
    carla = await Duty.open(gate, "carla", "inventory_controller")
    await feeding.post(f"{address}/decision", {"decision": "reject"})

    late = await carla.act(exception_id, "resolve")

    assert (late.status_code, (await feeding.stock())["SKU-0"]) == (409, 100)


async def test_what_is_withheld_is_sold_again_once_somebody_has_settled_who_is_right(
    gate: Gate, feeding: Feeding
) -> None:
    await feeding.put("/sources/erp", {"semantics": "physical"})
    await feeding.load([row("sku-0", 40)], source="erp", scope="partial", ago=5)
    withheld = (await feeding.stock("available"))["SKU-0"]
    carla = await Duty.open(gate, "carla", "inventory_controller")

    done = await carla.act(await the_exception(feeding), "resolve")

    assert (withheld, done.status_code, (await feeding.stock("available"))["SKU-0"]) == (40, 200, 100)


async def test_evidence_is_kept_with_the_audit(gate: Gate, feeding: Feeding) -> None:
    _, exception_id = await waiting(feeding)
    await (await Duty.open(gate, "carla", "inventory_controller")).act(exception_id, "abandon")

    async with gate.database.connection() as connection:
        cursor = await connection.execute(
            "select facts ->> 'evidence' from audit where action = 'exceptions:write' and resource = %s",
            (exception_id,),
        )
        assert await cursor.fetchall() == [(SEEN,)]

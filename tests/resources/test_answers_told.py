"""What a supplier answers otherwise than was ordered is somebody's work inside, until the order stands otherwise."""

import pytest

from tests.gate import Gate
from tests.resources.supplied import WHY, Buyers, Json, purchase_lines, supplying

SUPPLIER, OLD = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
FEWER: Json = {"line_id": "1", "status": "changed", "quantity": 50}
NOTHING: Json = {"line_id": "1", "status": "rejected"}


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    works = await Buyers.partner(gate, "works")
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    return works


async def answered(bob: Buyers, works: Buyers, *lines: Json) -> tuple[str, str]:
    """An order and the confirmation that says this to it."""
    po_id = await bob.write(SUPPLIER, "PO-1", 100)
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    said = await works.confirm(po_id, "C-1", *lines)
    assert said.status_code == 201, said.text
    return po_id, said.json()["confirmation_id"]


async def open_to(bob: Buyers) -> list[Json]:
    address = "/v1/exceptions?class=suppliers/answered_otherwise&state=open"
    answer = await bob.gate.http.get(address, headers=dict(bob.headers))
    found: list[Json] = answer.json()["exceptions"]
    return found


async def test_a_declined_order_is_told_to_a_buyer(bob: Buyers, works: Buyers) -> None:
    po_id, name = await answered(bob, works, NOTHING)
    await works.confirm(po_id, "C-1", NOTHING)

    [told] = await open_to(bob)

    assert (told["code"], told["subject"], told["owner"], told["occurrences"]) == ("declined", po_id, "buyer", 1)
    about = {"po_number": "PO-1", "supplier_id": SUPPLIER, "revision": 1, "confirmation_id": name}
    assert told["evidence"] == {**about, "lines": ["line 1: rejected"]}
    assert told["allowed_actions"] == ["resolve"]


async def test_a_proposed_change_is_told_to_a_buyer(bob: Buyers, works: Buyers) -> None:
    po_id, _ = await answered(bob, works, FEWER)

    [told] = await open_to(bob)

    assert (told["code"], told["subject"]) == ("change_proposed", po_id)


async def test_what_is_taken_by_policy_is_nobody_s_work(bob: Buyers, works: Buyers) -> None:
    await answered(bob, works, {**FEWER, "quantity": 99})

    assert await open_to(bob) == []


@pytest.mark.parametrize("decision", ["agree", "refuse"])
async def test_a_decision_answers_it(bob: Buyers, works: Buyers, decision: str) -> None:
    po_id, name = await answered(bob, works, FEWER)

    assert (await bob.settle(po_id, name, decision)).is_success

    assert await open_to(bob) == []


@pytest.mark.parametrize("line", [FEWER, NOTHING])
async def test_a_revision_answers_it(bob: Buyers, works: Buyers, line: Json) -> None:
    po_id, _ = await answered(bob, works, line)

    revised = await bob.order(f"/{po_id}/revisions", {"lines": purchase_lines(50), "reason": WHY})

    assert (revised.json()["status"], await open_to(bob)) == ("draft", [])


@pytest.mark.parametrize("line", [FEWER, NOTHING])
async def test_a_cancellation_answers_it(bob: Buyers, works: Buyers, line: Json) -> None:
    po_id, _ = await answered(bob, works, line)

    assert (await bob.order(f"/{po_id}/cancel", {"reason": WHY})).is_success

    assert await open_to(bob) == []


async def test_a_second_proposal_is_told_anew(bob: Buyers, works: Buyers) -> None:
    po_id, name = await answered(bob, works, FEWER)
    await bob.settle(po_id, name, "refuse")

    await works.confirm(po_id, "C-2", NOTHING)

    assert [each["code"] for each in await open_to(bob)] == ["declined"]

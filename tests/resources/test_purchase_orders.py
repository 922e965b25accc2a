"""Purchase orders over HTTP: one writes, others approve, the supplier sees what was issued to it."""

import pytest

from tests.gate import Gate
from tests.resources.supplied import WHY, Buyers, purchase_body, purchase_lines, supplying

SUPPLIER, OTHER = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"
OLD, OLDER = "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    """Acts for an active supplier; another partner acts for another."""
    works = await Buyers.partner(gate, "works")
    await gate.partner("other")
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    await supplying(gate.database, "other", supplier_id=OTHER, po_id=OLDER)
    return works


async def test_a_small_order_is_approved_by_the_policy_and_issued(bob: Buyers, works: Buyers) -> None:
    po_id = await bob.write(SUPPLIER, "PO-1", 10)
    unseen = await works.see(f"/{po_id}")
    early = await bob.order(f"/{po_id}/issue")

    submitted = await bob.order(f"/{po_id}/submit")
    issued = await bob.order(f"/{po_id}/issue", key="issue-0123456789ab")
    again = await bob.order(f"/{po_id}/issue", key="issue-0123456789ab")

    assert (unseen.status_code, early.status_code) == (404, 409)
    assert (submitted.status_code, submitted.json()["status"]) == (200, "approved")
    assert submitted.json()["allowed_actions"] == ["revise", "issue", "cancel"]
    assert (issued.json()["status"], issued.json()["issued_revision"]) == ("issued", 1)
    assert again.content == issued.content
    seen = (await works.see(f"/{po_id}")).json()
    assert (seen["status"], seen["total"], seen["allowed_actions"]) == (
        "issued",
        {"amount": 4500, "currency": "GBP"},
        ["confirm"],
    )
    assert "approval_id" not in seen


async def test_a_large_order_needs_another_ones_yes(gate: Gate, bob: Buyers, ann: Buyers, works: Buyers) -> None:
    cleo = await Buyers.operator(gate, "cleo", "buyer", "approver")
    po_id = await cleo.write(SUPPLIER, "PO-1", 2_000)
    stranger = await bob.order(f"/{po_id}/submit")
    submitted = (await cleo.order(f"/{po_id}/submit")).json()
    early = await cleo.order(f"/{po_id}/issue")

    own = await cleo.decide(submitted["approval_id"])
    approved = await ann.decide(submitted["approval_id"])
    issued = await cleo.order(f"/{po_id}/issue")

    assert (stranger.status_code, stranger.json()["code"]) == (409, "conflict")
    assert submitted["status"] == "pending_approval"
    assert (early.status_code, early.json()["code"]) == (409, "not_approved")
    assert (own.status_code, own.json()["code"]) == (403, "self_approval_forbidden")
    assert (approved.json()["status"], issued.json()["status"]) == ("approved", "issued")


async def test_what_is_changed_is_approved_anew(gate: Gate, bob: Buyers, ann: Buyers, works: Buyers) -> None:
    po_id = await bob.write(SUPPLIER, "PO-1", 2_000)
    approval_id = (await bob.order(f"/{po_id}/submit")).json()["approval_id"]
    await ann.decide(approval_id)
    await bob.order(f"/{po_id}/issue")

    changed = await bob.order(f"/{po_id}/revisions", {"lines": purchase_lines(2_500), "reason": WHY}, match='"3"')
    same = await bob.order(f"/{po_id}/revisions", {"lines": purchase_lines(2_500), "reason": WHY})
    while_changing = (await works.see(f"/{po_id}")).json()
    submitted = (await bob.order(f"/{po_id}/submit")).json()
    refused = await ann.decide(submitted["approval_id"], "reject")
    barred = await bob.order(f"/{po_id}/issue")

    assert (changed.json()["status"], changed.json()["revision"], changed.json()["issued_revision"]) == ("draft", 2, 1)
    assert (same.status_code, same.json()["code"]) == (409, "conflict")
    assert (while_changing["status"], while_changing["revision"], while_changing["lines"][0]["quantity"]) == (
        "being_changed",
        1,
        2_000,
    )
    assert submitted["approval_id"] != approval_id
    assert (refused.json()["status"], barred.json()["code"]) == ("rejected", "not_approved")
    assert (await bob.see(f"/{po_id}")).json()["status"] == "rejected"
    second = await bob.see(f"/{po_id}/revisions/2")
    assert (second.json()["changes"], second.json()["reason"]) == (["#/lines/0/quantity"], WHY)
    first = await works.see(f"/{po_id}/revisions/1")
    assert (first.status_code, "reason" in first.json()) == (200, False)
    assert (await works.see(f"/{po_id}/revisions/2")).status_code == 404
    async with gate.database.connection() as connection:
        cursor = await connection.execute(
            "select facts ->> 'trigger', facts -> 'changes' from audit where resource = %s and facts ? 'changes'",
            (po_id,),
        )
        assert await cursor.fetchall() == [("revise", ["#/lines/0/quantity"])]


async def test_a_supplier_sees_nobody_elses(bob: Buyers, works: Buyers) -> None:
    theirs = await bob.write(OTHER, "PO-2", 1)
    await bob.order(f"/{theirs}/submit")
    await bob.order(f"/{theirs}/issue")

    assert [(await works.see(f"/{each}")).status_code for each in (theirs, OLDER)] == [404, 404]
    assert [each["po_id"] for each in (await works.see()).json()["purchase_orders"]] == [OLD]
    assert [each["po_id"] for each in (await bob.see()).json()["purchase_orders"]] == [theirs, OLDER, OLD]
    one = (await bob.see(f"?supplier_id={OTHER}&page_size=1")).json()
    two = (await bob.see(f"?supplier_id={OTHER}&page_size=1&page_token={one['next_page_token']}")).json()
    assert ([each["po_id"] for each in two["purchase_orders"]], two["next_page_token"]) == ([OLDER], "")


async def test_an_order_is_taken_back(bob: Buyers, ann: Buyers, works: Buyers) -> None:
    po_id = await bob.write(SUPPLIER, "PO-1", 2_000)
    approval_id = (await bob.order(f"/{po_id}/submit")).json()["approval_id"]

    stale = await bob.order(f"/{po_id}/cancel", {"reason": WHY}, match='"1"')
    cancelled = await bob.order(f"/{po_id}/cancel", {"reason": WHY}, match='"2"')
    late = await ann.decide(approval_id)
    revised = await bob.order(f"/{po_id}/revisions", {"lines": purchase_lines(1), "reason": WHY})

    assert (stale.status_code, cancelled.status_code, cancelled.json()["status"]) == (412, 200, "cancelled")
    assert (late.status_code, late.json()["code"]) == (409, "approval_superseded")
    assert (revised.status_code, revised.json()["code"]) == (409, "conflict")
    assert (await works.see(f"/{po_id}")).status_code == 404


async def test_an_order_is_what_it_says(bob: Buyers, works: Buyers) -> None:
    first = await bob.order("", purchase_body(SUPPLIER, "PO-1", 1))
    again = await bob.order("", purchase_body(SUPPLIER, "PO-1", 1))
    other = await bob.order("", purchase_body(SUPPLIER, "PO-1", 2))
    unknown = await bob.order("", purchase_body("sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RZ", "PO-2"))
    euros = await bob.order("", {**purchase_body(SUPPLIER, "PO-3"), "currency": "EUR"})
    lines = [{**purchase_lines(1)[0], "requested_date": "2027-02-30"}] * 2
    odd = await bob.order("", {**purchase_body(SUPPLIER, "PO-4"), "lines": lines})
    huge = await bob.order("", purchase_body(SUPPLIER, "PO-5", *[1_000_000] * 10, price=1_000_000_000))

    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert (other.json()["code"], other.json()["errors"][0]["pointer"]) == (
        "natural_key_conflict",
        "#/lines/0/quantity",
    )
    faults = [answer.json()["errors"][0]["code"] for answer in (unknown, euros, huge)]
    assert faults == ["unknown_supplier", "wrong_currency", "total_too_large"]
    assert odd.status_code == 422


async def test_nothing_is_ordered_of_a_supplier_that_is_suspended(bob: Buyers, works: Buyers) -> None:
    po_id = await bob.write(SUPPLIER, "PO-1", 1)
    await bob.move(SUPPLIER, "suspended")

    refused = await bob.order(f"/{po_id}/submit")

    assert (refused.status_code, refused.json()["code"]) == (409, "supplier_not_active")

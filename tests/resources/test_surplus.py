"""What came beyond an order is decided through its exception, over HTTP: bought as an order is, or given back."""

from typing import Any

import pytest

from tests.gate import Gate
from tests.resources.billed import OLD, SUPPLIER, Payers, billed_line, ordered
from tests.resources.delivered import Dock, came, goods_body
from tests.resources.followed import follower, told
from tests.resources.supplied import WHY, Buyers, Json


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return Payers(await follower(gate, "works", SUPPLIER, OLD))


@pytest.fixture
async def rita(gate: Gate) -> Dock:
    return Dock(await Buyers.operator(gate, "rita", "receiver"))


async def open_one(who: Buyers) -> Json:
    (found,) = await Payers(who).exceptions("over_receipt")
    return found


async def say(who: Buyers, exception_id: str, action: str, **more: str) -> Any:
    return await who.post(f"/{exception_id}/actions", {"action": action, "evidence": WHY}, at="/v1/exceptions", **more)


async def on_hand(gate: Gate) -> int:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select coalesce(sum(on_hand), 0) from stock_position where sku = 'LAMP-1'")
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def status_of(works: Payers, invoice_id: str) -> str:
    status: str = (await works.see(f"/{invoice_id}"))["status"]
    return status


async def test_what_is_bought_besides_counts_as_received_and_is_paid(
    gate: Gate, bob: Buyers, works: Payers, rita: Dock
) -> None:
    po_id = await ordered(bob, works, "PO-1", 19)  # 5 % of it is no piece
    receipt = (await rita.receive(po_id, goods_body("WE-1", came(21)))).json()
    invoice_id = (await works.bill(po_id, "INV-1", billed_line(21))).json()["invoice_id"]
    before, lying = await status_of(works, invoice_id), await on_hand(gate)
    found = await open_one(bob)

    done = await say(bob, found["exception_id"], "accept", key="one-decision-0123")
    copy = await say(bob, found["exception_id"], "accept", key="one-decision-0123")
    again = await say(bob, found["exception_id"], "accept")
    other = await say(bob, found["exception_id"], "refuse")

    assert (before, lying, found["allowed_actions"]) == ("exception", 19, ["accept", "refuse"])
    assert (done.status_code, done.json()["state"], copy.content) == (200, "resolved", done.content)
    assert [(each.status_code, each.json()["code"]) for each in (again, other)] == [(409, "conflict")] * 2
    assert (await on_hand(gate), await status_of(works, invoice_id)) == (21, "approved")
    order, seen = (
        (await works.who.see(f"/{po_id}")).json(),
        await Dock(works.who).see(f"/goods-receipts/{receipt['receipt_id']}"),
    )
    assert (order["status"], order["deliveries"][0]["accepted"]) == ("received", 21)
    assert (seen.json()["over_decision"], seen.json()["lines"]) == ("accepted", receipt["lines"])
    assert (await told(works.who))[-2][1:] == ("surplus_decided", {"receipt_id": receipt["receipt_id"]})


async def test_ordered_48_and_2_bought_besides_is_billed_as_50(
    bob: Buyers, works: Payers, rita: Dock, gate: Gate
) -> None:
    """In three receipts, the last of which is wholly too many."""
    po_id = await ordered(bob, works, "PO-1", 48)
    for number, many in (("WE-1", 47), ("WE-2", 3), ("WE-3", 2)):
        await rita.receive(po_id, goods_body(number, came(many)))
    first = await works.bill(po_id, "INV-1", billed_line(50))
    more = (await works.bill(po_id, "INV-2", billed_line(2))).json()

    await say(bob, (await open_one(bob))["exception_id"], "accept")

    assert (first.json()["status"], more["status"]) == ("approved", "exception")
    assert await status_of(works, more["invoice_id"]) == "approved"
    assert await on_hand(gate) == 52
    third = await works.bill(po_id, "INV-3", billed_line(1))
    assert third.json()["status"] == "exception"


async def test_what_goes_back_is_no_stock_and_never_paid(gate: Gate, bob: Buyers, works: Payers, rita: Dock) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    receipt_id = (await rita.receive(po_id, goods_body("WE-1", came(12)))).json()["receipt_id"]
    invoice_id = (await works.bill(po_id, "INV-1", billed_line(12))).json()["invoice_id"]

    refused = await say(bob, (await open_one(bob))["exception_id"], "refuse")
    seen = (await Dock(works.who).see(f"/goods-receipts/{receipt_id}")).json()
    await rita.receive(po_id, goods_body("WE-2", came(3)))
    later = await open_one(bob)
    await say(bob, later["exception_id"], "accept")

    assert (refused.json()["state"], seen["over_decision"]) == ("resolved", "refused")
    assert later["evidence"]["over"] == {"1": 3}, "what went back is not decided about again"
    assert (await works.who.see(f"/{po_id}")).json()["deliveries"][0]["accepted"] == 13
    assert (await on_hand(gate), await status_of(works, invoice_id)) == (13, "approved")


async def test_nobody_decides_about_what_they_counted(gate: Gate, works: Payers, bob: Buyers) -> None:
    cora = await Buyers.operator(gate, "cora", "buyer", "receiver")
    pam = await Payers.operator(gate, "pam", "accounts_payable", "receiver", "buyer")
    sue = await Buyers.operator(gate, "sue", "support", "approver")
    po_id = await ordered(bob, works, "PO-1", 10)
    await Dock(cora).receive(po_id, goods_body("WE-1", came(12)))
    found = await open_one(bob)

    own = [await say(cora, found["exception_id"], action) for action in ("accept", "refuse")]
    others = await say(sue, found["exception_id"], "accept")
    by_all = await cora.post(
        "/actions",
        {**{"class": "suppliers/over_receipt", "code": "over_receipt"}, "action": "accept", "evidence": WHY},
        at="/v1/exceptions",
    )
    done = await say(pam.who, found["exception_id"], "accept")
    received = await Dock(pam.who).receive(po_id, goods_body("WE-2", came(1)))
    invoice_id = (await works.bill(po_id, "INV-1", billed_line(12, 1_100))).json()["invoice_id"]
    paid = await pam.do(invoice_id, "approve")

    assert [(each.status_code, each.json()["code"]) for each in own] == [(403, "duties_not_separate")] * 2
    assert (others.status_code, others.json()["code"]) == (403, "forbidden")
    assert (by_all.json()["done"], by_all.json()["outcomes"][0]["code"]) == (0, "duties_not_separate")
    assert done.status_code == 200, done.text
    for each in (received, paid):
        assert (each.status_code, each.json()["code"]) == (403, "duties_not_separate")
    assert await on_hand(gate) == 12


async def test_much_needs_the_yes_of_others_to_what_the_order_comes_to(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, rita: Dock
) -> None:
    """4,990.00 was the policy's to allow; 5,489.00 is an approver's."""
    po_id = await ordered(bob, works, "PO-1", 10, price=49_900)
    await rita.receive(po_id, goods_body("WE-1", came(11)))
    exception_id = (await open_one(bob))["exception_id"]

    asked = await say(bob, exception_id, "accept")
    early = await say(bob, exception_id, "accept")
    approval_id = asked.json()["evidence"]["approval_id"]
    own = await bob.decide(approval_id)
    approval = (await gate.http.get(f"/v1/approvals/{approval_id}", headers=ann.headers)).json()
    before = await on_hand(gate)
    await ann.decide(approval_id)
    done = await say(bob, exception_id, "accept")

    assert (asked.status_code, asked.json()["state"], asked.json()["allowed_actions"]) == (
        *(200, "open"),
        ["accept", "refuse"],
    )
    assert (asked.headers["etag"], early.json()) == (f'"{asked.json()["version"]}"', asked.json())
    assert (own.status_code, before) == (403, 10)
    assert (approval["kind"], approval["amount"]) == ("over_receipt", {"amount": 5_489_00, "currency": "GBP"})
    assert (done.json()["state"], await on_hand(gate)) == ("resolved", 11)


async def test_a_no_of_others_leaves_it_to_be_given_back(
    bob: Buyers, ann: Buyers, works: Payers, rita: Dock, gate: Gate
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10, price=49_900)
    await rita.receive(po_id, goods_body("WE-1", came(11)))
    exception_id = (await open_one(bob))["exception_id"]
    asked = await say(bob, exception_id, "accept")
    await ann.decide(asked.json()["evidence"]["approval_id"], "reject")

    barred = await say(bob, exception_id, "accept")
    refused = await say(bob, exception_id, "refuse")

    assert (barred.status_code, barred.json()["code"]) == (409, "not_approved")
    assert (refused.json()["state"], await on_hand(gate)) == ("resolved", 10)


async def test_what_was_approved_is_not_what_came_since(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, rita: Dock
) -> None:
    """Nor is it worth splitting: what is bought already counts."""
    po_id = await ordered(bob, works, "PO-1", 10, price=49_000)
    await rita.receive(po_id, goods_body("WE-1", came(11)))
    exception_id = (await open_one(bob))["exception_id"]
    first = (await say(bob, exception_id, "accept")).json()["evidence"]["approval_id"]
    await ann.decide(first)
    await rita.receive(po_id, goods_body("WE-2", came(1)))

    asked = (await say(bob, exception_id, "accept")).json()
    second = asked["evidence"]["approval_id"]
    approval = (await gate.http.get(f"/v1/approvals/{second}", headers=ann.headers)).json()
    await ann.decide(second)
    done = await say(bob, exception_id, "accept")

    assert (asked["state"], second != first) == ("open", True)
    assert approval["amount"]["amount"] == 12 * 49_000
    assert (done.json()["state"], await on_hand(gate)) == ("resolved", 12)


async def test_nothing_more_is_bought_of_a_supplier_that_is_suspended(bob: Buyers, works: Payers, rita: Dock) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, goods_body("WE-1", came(12)))
    exception_id = (await open_one(bob))["exception_id"]
    await bob.move(SUPPLIER, "suspended")

    barred = await say(bob, exception_id, "accept")
    refused = await say(bob, exception_id, "refuse")

    assert (barred.status_code, barred.json()["code"]) == (409, "supplier_not_active")
    assert refused.json()["state"] == "resolved"


async def test_an_invoice_is_paid_while_others_are_still_asked(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, rita: Dock
) -> None:
    """Whoever says yes to more has a hand in the order; who has not said anything yet, has none."""
    amy = await Payers.operator(gate, "amy", "approver", "accounts_payable")
    pam = await Payers.operator(gate, "pam", "accounts_payable")
    po_id = await ordered(bob, works, "PO-1", 10, price=49_900)
    await rita.receive(po_id, goods_body("WE-1", came(11)))
    invoices = [
        (await works.bill(po_id, number, billed_line(1, 51_000))).json()["invoice_id"] for number in ("A-1", "B-2")
    ]
    exception_id = (await open_one(bob))["exception_id"]
    approval_id = (await say(bob, exception_id, "accept")).json()["evidence"]["approval_id"]

    paid = await pam.do(invoices[0], "approve")
    await amy.who.decide(approval_id)
    await say(bob, exception_id, "accept")
    barred = await amy.do(invoices[1], "approve")

    assert (paid.status_code, paid.json()["status"]) == (200, "approved")
    assert (barred.status_code, barred.json()["code"]) == (403, "duties_not_separate")


async def test_a_yes_of_somebody_who_received_of_the_order_meanwhile_counts_no_more(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, rita: Dock
) -> None:
    uma = await Buyers.operator(gate, "uma", "approver", "receiver")
    po_id = await ordered(bob, works, "PO-1", 10, 5, price=30_000)
    await rita.receive(po_id, goods_body("WE-1", came(12)))
    exception_id = (await open_one(bob))["exception_id"]
    first = (await say(bob, exception_id, "accept")).json()["evidence"]["approval_id"]
    await Dock(uma).receive(po_id, goods_body("WE-2", came(5, line_id="2")))
    await uma.decide(first)

    asked = (await say(bob, exception_id, "accept")).json()
    second = asked["evidence"]["approval_id"]
    own = await uma.decide(second)
    await ann.decide(second)
    done = await say(bob, exception_id, "accept")

    assert (asked["state"], second != first, await on_hand(gate)) == ("open", True, 12)
    assert (own.status_code, own.json()["code"]) == (403, "duties_not_separate")
    assert done.json()["state"] == "resolved"


async def test_what_a_process_of_the_version_before_opened_is_decided_as_any_other(
    gate: Gate, bob: Buyers, works: Payers, rita: Dock
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, goods_body("WE-1", came(12)))
    async with gate.database.transaction() as connection:
        await connection.execute("update exception set actions = array['resolve']")
    found = await open_one(bob)

    done = await say(bob, found["exception_id"], "accept")

    assert found["allowed_actions"] == ["accept", "refuse"]
    assert (done.json()["state"], await on_hand(gate)) == ("resolved", 12)

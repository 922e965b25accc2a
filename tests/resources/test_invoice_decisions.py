"""What accounts payable decide about invoices, over HTTP: none of it is decided by whoever bought or received."""

import pytest

from tests.gate import Gate
from tests.resources.billed import SUPPLIER, Payers, billed_line, ordered, works_of
from tests.resources.delivered import Dock, came, goods_body
from tests.resources.supplied import WHY, Buyers


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return await works_of(gate)


async def dear(bob: Buyers, works: Payers, rita: Payers, price: int = 1_025, quantity: int = 10) -> str:
    """An exception: everything came, and is billed for more than was ordered."""
    po_id = await ordered(bob, works, "PO-1", quantity)
    await rita.receive(po_id, quantity)
    taken = (await works.bill(po_id, "INV-1", billed_line(quantity, price))).json()
    assert taken["status"] == "exception"
    invoice_id: str = taken["invoice_id"]
    return invoice_id


async def test_little_is_approved_by_the_policy(bob: Buyers, works: Payers, pam: Payers, rita: Payers) -> None:
    invoice_id = await dear(bob, works, rita)
    stale = await pam.do(invoice_id, "approve", match='"7"')

    approved = await pam.do(invoice_id, "approve")
    again = await pam.do(invoice_id, "approve")

    assert (stale.status_code, again.status_code) == (412, 409)
    assert (approved.json()["status"], approved.json()["allowed_actions"]) == ("approved", [])
    assert await pam.exceptions("invoice_variance") == []
    assert "reason" not in await works.see(f"/{invoice_id}")


async def test_much_needs_the_yes_of_others(bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers) -> None:
    invoice_id = await dear(bob, works, rita, 2_000)

    asked = await pam.do(invoice_id, "approve")
    early = await pam.do(invoice_id, "approve")
    own = await pam.who.decide(asked.json()["approval_id"])
    await ann.decide(asked.json()["approval_id"])
    approved = await pam.do(invoice_id, "approve")

    assert (asked.json()["status"], early.json()["status"]) == ("exception", "exception")
    assert (asked.headers["etag"], early.headers["etag"]) == ('"2"', '"2"')
    assert own.status_code == 403
    assert approved.json()["status"] == "approved"


async def test_a_no_of_others_leaves_it_to_be_rejected(
    bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    invoice_id = await dear(bob, works, rita, 2_000)
    await ann.decide((await pam.do(invoice_id, "approve")).json()["approval_id"], "reject")

    refused = await pam.do(invoice_id, "approve")
    disputed = await pam.do(invoice_id, "dispute")
    seen = await works.see(f"/{invoice_id}")
    rejected = await pam.do(invoice_id, "reject")

    assert (refused.status_code, refused.json()["code"]) == (409, "not_approved")
    assert (disputed.json()["status"], seen["status"], seen["reason"]) == ("disputed", "disputed", WHY)
    assert rejected.json()["status"] == "rejected"


async def test_whoever_bought_or_received_lets_nothing_pass(
    gate: Gate, ann: Buyers, works: Payers, pam: Payers
) -> None:
    cleo = await Buyers.operator(gate, "cleo", "buyer", "accounts_payable", "approver")
    rex = await Payers.operator(gate, "rex", "receiver", "accounts_payable", "approver")
    invoice_id = await dear(cleo, works, rex, 2_000)

    wrote = await Payers(cleo).do(invoice_id, "approve")
    received = await rex.do(invoice_id, "approve")
    approval_id = (await pam.do(invoice_id, "approve")).json()["approval_id"]
    steps = [await each.decide(approval_id) for each in (cleo, rex.who)]
    rejected = await rex.do(invoice_id, "reject")

    for refused in (wrote, received, *steps):
        assert (refused.status_code, refused.json()["code"]) == (403, "duties_not_separate")
    assert rejected.json()["status"] == "rejected"


async def test_whoever_approved_or_confirmed_the_order_lets_nothing_pass(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    alma = await Payers.operator(gate, "alma", "approver", "accounts_payable")
    cleo = await Payers.operator(gate, "cleo", "buyer", "approver", "accounts_payable")
    po_id = await bob.write(SUPPLIER, "PO-1", 1_000, price=1_000)
    await alma.who.decide((await bob.order(f"/{po_id}/submit")).json()["approval_id"])
    await bob.order(f"/{po_id}/issue")
    await cleo.who.confirm(po_id, "C-1", {"line_id": "1", "status": "accepted"})
    await rita.receive(po_id, 1_000)
    invoice_id = (await works.bill(po_id, "INV-1", billed_line(1_000, 2_000))).json()["invoice_id"]

    refused = [await each.do(invoice_id, "approve") for each in (alma, cleo)]
    approval_id = (await pam.do(invoice_id, "approve")).json()["approval_id"]
    steps = [await each.who.decide(approval_id) for each in (alma, cleo)]

    for answer in (*refused, *steps):
        assert (answer.status_code, answer.json()["code"]) == (403, "duties_not_separate")


async def test_what_is_no_duplicate_is_matched_in_its_place(
    bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 20)
    await rita.receive(po_id, 20)
    await works.bill(po_id, "INV-0042")
    held = (await works.bill(po_id, "INV-0043")).json()["invoice_id"]

    released = await pam.do(held, "release")

    assert (released.json()["status"], released.json()["match"]["cause"]) == ("approved", "release")
    assert released.json()["match"]["lines"][0]["sums"]["invoiced_before"] == 10
    assert await pam.exceptions("duplicate_suspected") == []


async def test_what_is_rejected_leaves_its_goods_to_others(
    bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 20)
    await rita.receive(po_id, 20)
    await works.bill(po_id, "INV-0042")
    held = (await works.bill(po_id, "INV-0043")).json()["invoice_id"]
    over = (await works.bill(po_id, "B-17", billed_line(10))).json()

    rejected = await pam.do(held, "reject")

    assert (over["status"], rejected.json()["status"], rejected.json()["reason"]) == ("exception", "rejected", WHY)
    seen = await pam.see(f"/{over['invoice_id']}")
    assert (seen["status"], seen["match"]["run"], seen["match"]["cause"]) == ("approved", 2, "rejection")
    assert await pam.exceptions("invoice_variance") == []


async def test_what_was_approved_out_of_turn_is_paid_to_no_invoice_before_it(
    bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    first = (await works.bill(po_id, "INV-1")).json()
    second = (await works.bill(po_id, "B-17")).json()
    await ann.decide((await pam.do(second["invoice_id"], "approve")).json()["approval_id"])
    approved = await pam.do(second["invoice_id"], "approve")

    await rita.receive(po_id, 10)

    seen = await pam.see(f"/{first['invoice_id']}")
    assert (first["status"], second["status"], approved.json()["status"]) == ("waiting", "exception", "approved")
    assert (seen["status"], seen["match"]["verdict"]) == ("exception", "over_billed")
    assert seen["match"]["lines"][0]["sums"]["invoiced_before"] == 10


async def test_what_has_been_paid_meanwhile_is_too_much_of_another(
    bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    """It was a little too dear; now nothing of it is due any more. That the other was not due, either, counts too."""
    first = await dear(bob, works, rita)
    po_id = (await pam.see(f"/{first}"))["po_id"]
    second = (await works.bill(po_id, "B-17")).json()["invoice_id"]
    await ann.decide((await pam.do(second, "approve")).json()["approval_id"])
    await pam.do(second, "approve")

    asked = await pam.do(first, "approve")

    assert (asked.status_code, asked.json()["status"]) == (200, "exception")
    assert (await ann.decide(asked.json()["approval_id"])).json()["amount"]["amount"] == 10_250 + 10_000


async def test_who_only_buys_decides_nothing(bob: Buyers, works: Payers, rita: Payers) -> None:
    invoice_id = await dear(bob, works, rita)

    answers = [await Payers(bob).do(invoice_id, word) for word in ("release", "approve", "dispute", "reject")]

    assert {answer.status_code for answer in answers} == {403}


async def test_a_yes_of_somebody_who_received_of_the_order_meanwhile_counts_no_more(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    uma = await Buyers.operator(gate, "uma", "approver", "receiver")
    po_id = await ordered(bob, works, "PO-1", 10, 5)
    await rita.receive(po_id, 10)
    invoice_id = (await works.bill(po_id, "INV-1", billed_line(10, 2_000))).json()["invoice_id"]
    first = (await pam.do(invoice_id, "approve")).json()["approval_id"]
    await Dock(uma).receive(po_id, goods_body("WE-2", came(5, line_id="2")))
    await uma.decide(first)

    asked = (await pam.do(invoice_id, "approve")).json()
    own = await uma.decide(asked["approval_id"])
    await ann.decide(asked["approval_id"])
    approved = await pam.do(invoice_id, "approve")

    assert (asked["status"], asked["approval_id"] != first) == ("exception", True)
    assert (own.status_code, own.json()["code"]) == (403, "duties_not_separate")
    assert approved.json()["status"] == "approved"


async def test_many_small_yeses_are_one_large_one(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 30)
    await rita.receive(po_id, 30)
    invoices = [
        (await works.bill(po_id, number, billed_line(10, price))).json()["invoice_id"]
        for number, price in (("A-17", 1_200), ("B-29", 1_201), ("C-31", 1_202))
    ]

    first, second, third = [(await pam.do(each, "approve")).json() for each in invoices]
    approval = (await gate.http.get(f"/v1/approvals/{third['approval_id']}", headers=ann.headers)).json()
    await ann.decide(third["approval_id"])
    done = await pam.do(invoices[2], "approve")

    assert [each["status"] for each in (first, second, third)] == ["approved", "approved", "exception"]
    assert approval["amount"] == {"amount": 2_000 + 2_010 + 2_020, "currency": "GBP"}
    assert done.json()["status"] == "approved"

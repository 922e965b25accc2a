"""The way out of an order that was agreed to: what has not come is awaited no more, what has stays and is paid."""

import asyncio

import pytest

from tests.gate import Gate
from tests.resources.billed import Payers, billed_line, ordered
from tests.resources.delivered import Dock, came, goods_body, notice_body, pallet, piece
from tests.resources.followed import OLD, SUPPLIER, follower, told
from tests.resources.supplied import WHY, Buyers, Json


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    return await follower(gate, "works", SUPPLIER, OLD)


async def ended(bob: Buyers, po_id: str) -> Json:
    answer = await bob.order(f"/{po_id}/cancel", {"reason": WHY})
    assert answer.status_code == 200, answer.text
    seen: Json = answer.json()
    return seen


async def test_what_never_comes_is_cancelled(bob: Buyers, works: Buyers, rita: Payers) -> None:
    po_id, dock = await ordered(bob, Payers(works), "PO-1", 10, 5), Dock(works)
    sent = (await dock.announce(po_id, notice_body("ASN-1", pallet(1, [piece(10)])))).json()
    before = (await bob.see(f"/{po_id}")).json()

    after = await ended(bob, po_id)
    late = await dock.announce(po_id, notice_body("ASN-2", pallet(5, [piece(1)])))
    brought = await rita.who.order(f"/{po_id}/receipts", goods_body("R-1", came(10)))
    again = await bob.order(f"/{po_id}/cancel", {"reason": WHY})

    assert (before["allowed_actions"], after["status"], after["allowed_actions"]) == (["cancel"], "cancelled", [])
    assert (await dock.see(f"/shipping-notices/{sent['asn_id']}")).json()["status"] == "cancelled"
    assert "deliveries" not in after
    for each in (late, brought):
        told_so = (each.status_code, each.json()["code"], each.json()["detail"])
        assert told_so == (409, "conflict", "the order is cancelled: nothing more of it is delivered")
    assert again.status_code == 409
    heard = [kind for about, kind, _ in await told(works) if about == po_id]
    assert heard == ["issued", "confirmed", "shipping_announced", "shipping_cancelled", "cancelled"]


async def test_an_order_is_closed_at_what_came(bob: Buyers, works: Buyers, rita: Payers, pam: Payers) -> None:
    po_id, biller = await ordered(bob, Payers(works), "PO-1", 10), Payers(works)
    await rita.receive(po_id, 6)
    waits = (await biller.bill(po_id, "INV-1", billed_line(7))).json()

    after = await ended(bob, po_id)
    due = (await biller.bill(po_id, "INV-2", billed_line(6))).json()
    await pam.do(waits["invoice_id"], "reject")
    late = await Dock(works).announce(po_id, notice_body("ASN-2", pallet(5, [piece(1)])))

    assert (waits["status"], after["status"], after["allowed_actions"]) == ("waiting", "closed", [])
    assert due["status"] == "exception", "the pieces are billed already, by one that is not rejected yet"
    assert (await pam.see(f"/{due['invoice_id']}"))["status"] == "approved"
    assert late.json()["detail"] == "the order is closed: nothing more of it is delivered"
    assert (await works.see(f"/{po_id}")).json()["status"] == "closed"
    assert [data for about, kind, data in await told(works) if kind == "closed"] == [
        {"status": "closed", "revision": 1}
    ]


async def test_what_waits_for_goods_is_compared_when_its_order_ends(
    bob: Buyers, works: Buyers, rita: Payers, pam: Payers
) -> None:
    biller = Payers(works)
    po_id = await ordered(bob, biller, "PO-1", 10)
    await rita.receive(po_id, 6)
    invoice_id = (await biller.bill(po_id, "INV-1")).json()["invoice_id"]

    await ended(bob, po_id)

    seen = await pam.see(f"/{invoice_id}")
    assert (seen["status"], seen["match"]["cause"], seen["match"]["verdict"]) == (
        *("exception", "cancellation"),
        "over_billed",
    )
    [opened] = await pam.exceptions("invoice_variance")
    assert (opened["subject"], opened["evidence"]["excess"]) == (invoice_id, 4_000)
    assert "goods_due_on" not in seen


async def test_an_issued_order_that_is_taken_back_keeps_no_invoice_waiting(
    bob: Buyers, works: Buyers, pam: Payers
) -> None:
    po_id = await bob.write(SUPPLIER, "PO-1", 10, price=1_000)
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    invoice_id = (await Payers(works).bill(po_id, "INV-1")).json()["invoice_id"]
    before = (await pam.see(f"/{invoice_id}"))["status"]

    await ended(bob, po_id)

    assert (before, (await pam.see(f"/{invoice_id}"))["status"]) == ("waiting", "exception")


async def test_what_was_let_pass_before_its_goods_stays_payable(bob: Buyers, works: Buyers, pam: Payers) -> None:
    po_id = await ordered(bob, Payers(works), "PO-1", 10)
    dear = (await Payers(works).bill(po_id, "INV-1", billed_line(1, 1_200))).json()["invoice_id"]
    approved = await pam.do(dear, "approve")

    after = await ended(bob, po_id)

    assert (approved.json()["status"], after["status"]) == ("approved", "closed")
    assert (await pam.see(f"/{dear}"))["status"] == "approved"


async def test_of_what_has_come_nothing_is_left_to_end(bob: Buyers, works: Buyers, rita: Payers) -> None:
    po_id = await ordered(bob, Payers(works), "PO-1", 10)
    await rita.receive(po_id, 10)

    answer = await bob.order(f"/{po_id}/cancel", {"reason": WHY})

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "all of it has come; nothing of it is left to cancel",
    )
    assert (await bob.see(f"/{po_id}")).json()["allowed_actions"] == []


async def test_what_was_broken_and_is_not_sent_again_ends_its_order(bob: Buyers, works: Buyers, rita: Payers) -> None:
    po_id = await ordered(bob, Payers(works), "PO-1", 10)
    await rita.receive(po_id, 10, damaged=2)

    after = await ended(bob, po_id)
    paid = await Payers(works).bill(po_id, "INV-1", billed_line(8))

    assert (after["status"], paid.json()["status"]) == ("closed", "approved")


async def test_goods_that_come_at_the_same_moment_are_taken_or_refused(
    bob: Buyers, works: Buyers, rita: Payers
) -> None:
    for number in range(6):
        po_id = await ordered(bob, Payers(works), f"PO-{number}", 10)
        receipt = goods_body(f"R-{number}", came(6))

        taken, after = await asyncio.gather(rita.who.order(f"/{po_id}/receipts", receipt), ended(bob, po_id))

        assert (taken.status_code, after["status"]) in ((201, "closed"), (409, "cancelled"))
        assert (await bob.see(f"/{po_id}")).json()["status"] == after["status"]

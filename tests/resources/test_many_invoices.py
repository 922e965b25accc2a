"""Many invoices of one order: no way to more than one would get, no more than so many, and each has its turn."""

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.supplier_invoices import MOST_INVOICES
from gateway.store.invoice_rematches import AT_ONCE
from gateway.workflows.invoice_round import tend_invoices
from tests.gate import Gate
from tests.resources.billed import SUPPLIER, Payers, billed, billed_line, ordered, works_of
from tests.resources.supplied import Buyers

INVOICE = "inv_01JDB7Z2M4X8Q5T3W9Y6N1"


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return await works_of(gate)


def freight(amount: int) -> list[dict[str, object]]:
    return [{"kind": "freight", "amount": amount}]


async def test_a_charge_has_its_tolerance_once_for_the_order(
    bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, 10)

    taken = [
        (await works.bill(po_id, number, billed_line(pieces), charges=freight(amount))).json()
        for number, pieces, amount in (("A-17", 1, 300), ("B-29", 2, 200), ("C-31", 3, 1))
    ]

    assert [each["status"] for each in taken] == ["approved", "approved", "exception"]
    (finding,) = (await pam.see(f"/{taken[2]['invoice_id']}"))["match"]["findings"]
    assert (finding["verdict"], finding["detail"]) == (
        "charge_variance",
        "a charge of 0.01 after 5.00 before, none was agreed: 5.00 allowed",
    )
    await pam.do(taken[2]["invoice_id"], "reject")
    without = await works.bill(po_id, "D-47", billed_line(4))
    assert without.json()["status"] == "approved"


async def test_an_order_has_so_many_invoices_and_no_more(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    last = (await works.bill(po_id, "LAST-ONE")).json()["invoice_id"]
    about = {"supplier_id": SUPPLIER, "po_id": po_id, "state": "approved"}
    for number in range(MOST_INVOICES - 1):
        await billed(gate.database, f"N-{number}", invoice_id=f"{INVOICE}{number:04d}", **about)

    refused = await works.bill(po_id, "ONE-MORE")
    again = await works.bill(po_id, "LAST-ONE")
    await pam.do(last, "reject")
    taken = await works.bill(po_id, "ONE-MORE")

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert refused.json()["detail"].startswith(f"{MOST_INVOICES} invoices of this order")
    assert (again.status_code, again.json()["invoice_id"]) == (201, last)
    assert taken.status_code == 201, taken.text


async def test_a_receipt_matches_a_few_and_leaves_the_others_to_a_worker(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    many = AT_ONCE + 2
    pieces = sum(range(1, many + 1))
    po_id = await ordered(bob, works, "PO-1", pieces, price=100)
    for number in range(1, many + 1):
        await works.bill(po_id, f"N-{number * 101}", billed_line(number, 100))

    await rita.receive(po_id, pieces)
    at_once = (await pam.see(f"?po_id={po_id}&status=approved"))["supplier_invoices"]
    moved = [await tend_invoices(gate.database, gate.bundle.matching, mint) for _ in range(2)]

    assert [each["lines"][0]["quantity"] for each in at_once] == list(range(AT_ONCE, 0, -1))
    assert moved == [2, 0]
    everything = (await pam.see(f"?po_id={po_id}"))["supplier_invoices"]
    assert {(each["status"], each["match"]["cause"]) for each in everything} == {("approved", "receipt")}

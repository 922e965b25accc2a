"""Suppliers' invoices over HTTP: each taken in once, and compared with what was ordered, came and was billed before."""

import asyncio

import pytest

from gateway.domain.identifiers import mint
from gateway.workflows.invoice_round import tend_invoices
from tests.gate import Gate
from tests.resources.billed import OLD, SUPPLIER, Payers, billed_line, later, ordered, works_of
from tests.resources.supplied import Buyers, purchase_lines, supplying


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return await works_of(gate)


async def test_what_is_a_little_dearer_passes_and_says_why(
    bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, 10)

    taken = await works.bill(po_id, "INV-0042", billed_line(10, 1_019))

    assert (taken.status_code, taken.json()["status"]) == (201, "approved")
    seen = await pam.see(f"/{taken.json()['invoice_id']}")
    match = seen["match"]
    assert (match["verdict"], match["run"], match["cause"]) == ("matched_within_tolerance", 1, "intake")
    assert match["lines"][0]["detail"] == "billed 10 at 10.19, ordered at 10.00: 1.9 % dearer, 2 % allowed"
    assert match["lines"][0]["sums"]["amount_gap"] == 190
    assert seen["allowed_actions"] == []


async def test_what_is_too_dear_is_an_exception(bob: Buyers, works: Payers, pam: Payers, rita: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, 10)

    taken = (await works.bill(po_id, "INV-1", billed_line(10, 1_025))).json()

    assert taken["status"] == "exception"
    seen, told = (
        await pam.see(f"/{taken['invoice_id']}"),
        "billed 10 at 10.25, ordered at 10.00: 2.5 % dearer, 2 % allowed",
    )
    assert [each["detail"] for each in seen["match"]["lines"][0]["findings"]] == [told]
    (opened,) = await pam.exceptions("invoice_variance")
    assert (opened["subject"], opened["owner"], opened["evidence"]["excess"]) == (
        *(taken["invoice_id"], "accounts_payable"),
        250,
    )
    assert opened["evidence"]["findings"] == [f"line 1: {told}"]


async def test_a_supplier_sees_why_but_no_tolerance(bob: Buyers, works: Payers, rita: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, 10)
    invoice_id = (await works.bill(po_id, "INV-1", billed_line(10, 1_025))).json()["invoice_id"]

    seen = await works.see(f"/{invoice_id}")

    assert seen["reason"] == "it is not what was ordered and received; it is being looked at"
    assert {"match", "approval_id", "looks_like", "goods_due_on"} & seen.keys() == set()
    assert seen["allowed_actions"] == []


async def test_an_invoice_before_its_goods_waits(bob: Buyers, works: Payers, pam: Payers, gate: Gate) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)

    taken = (await works.bill(po_id, "INV-1")).json()

    assert taken["status"] == "waiting"
    seen = await pam.see(f"/{taken['invoice_id']}")
    assert seen["goods_due_on"] > gate.clock().date().isoformat()
    told = seen["match"]["lines"][0]["findings"][0]["detail"]
    assert told == "billed 10, accepted 0 of 10; 10 may still come"
    assert (await works.see(f"/{taken['invoice_id']}"))["reason"] == "its goods have not been received yet"


async def test_what_waits_is_matched_when_its_goods_come(bob: Buyers, works: Payers, pam: Payers, rita: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    invoice_id = (await works.bill(po_id, "INV-1")).json()["invoice_id"]

    await rita.receive(po_id, 4)
    some = await pam.see(f"/{invoice_id}")
    await rita.receive(po_id, 6)
    all_of_it = await pam.see(f"/{invoice_id}")

    assert (some["status"], some["match"]["run"], some["match"]["lines"][0]["sums"]["accepted"]) == ("waiting", 2, 4)
    assert (all_of_it["status"], all_of_it["match"]["run"], all_of_it["match"]["cause"]) == ("approved", 3, "receipt")
    assert "goods_due_on" not in all_of_it


async def test_what_did_not_come_in_time_is_an_exception(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, 8)
    invoice_id = (await works.bill(po_id, "INV-1")).json()["invoice_id"]
    early = await tend_invoices(gate.database, gate.bundle.matching, mint)
    await later(gate.database, days=5)

    ended = [await tend_invoices(gate.database, gate.bundle.matching, mint) for _ in range(2)]

    assert (early, ended) == (0, [1, 0])
    seen = await pam.see(f"/{invoice_id}")
    assert (seen["status"], seen["match"]["verdict"], seen["match"]["cause"]) == ("exception", "qty_variance", "grace")
    assert seen["match"]["lines"][0]["findings"][0]["detail"] == "billed 10, accepted 8 of 10"
    await rita.receive(po_id, 2)
    assert (await pam.see(f"/{invoice_id}"))["status"] == "approved"
    assert await pam.exceptions("invoice_variance") == []


async def test_the_same_number_is_one_invoice(bob: Buyers, works: Payers, rita: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await rita.receive(po_id, 10)
    first = await works.bill(po_id, "INV-0042")

    again = await works.bill(po_id, "INV-0042")
    next_year = await works.bill(po_id, "INV-0042", billed_line(1), invoice_date="2027-12-12")

    assert (again.status_code, again.json()) == (201, first.json())
    assert next_year.json()["status"] == "exception"
    assert next_year.json()["invoice_id"] != first.json()["invoice_id"]


async def test_other_content_under_the_number_is_refused(bob: Buyers, works: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    await works.bill(po_id, "INV-0042")

    refused = await works.bill(po_id, "inv.0042", billed_line(9))

    assert (refused.status_code, refused.json()["code"]) == (409, "natural_key_conflict")
    assert refused.json()["title"] == "Something else is known under this number."
    assert "#/lines/0/quantity" in [each["pointer"] for each in refused.json()["errors"]]


@pytest.mark.parametrize(
    ("number", "more", "likeness"),
    [
        ("INV-0043", {}, "near_number"),
        ("2026/77", {"document_hash": "a" * 64, "lines": [billed_line(9)], "total": 9_000}, "same_document"),
    ],
)
async def test_what_looks_like_another_is_held(
    number: str,
    more: dict[str, object],
    likeness: str,
    gate: Gate,
    bob: Buyers,
    works: Payers,
    pam: Payers,
    rita: Payers,
) -> None:
    po_id = await ordered(bob, works, "PO-1", 20)
    await rita.receive(po_id, 20)
    first = (await works.bill(po_id, "INV-0042", document_hash="a" * 64)).json()

    held = (await works.bill(po_id, number, **{"document_hash": "b" * 64, **more})).json()

    assert held["status"] == "held"
    (opened,) = await pam.exceptions("duplicate_suspected")
    assert (opened["subject"], opened["evidence"]["looks_like"]["likeness"]) == (held["invoice_id"], likeness)
    seen = await pam.see(f"/{held['invoice_id']}")
    assert (seen["looks_like"]["invoice_id"], seen["allowed_actions"]) == (first["invoice_id"], ["release", "reject"])
    assert "match" not in seen


async def test_two_invoices_at_once_do_not_use_the_same_goods(bob: Buyers, works: Payers, rita: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 20)
    await rita.receive(po_id, 10)

    both = await asyncio.gather(works.bill(po_id, "A-17"), works.bill(po_id, "B-92"))

    assert sorted(answer.json()["status"] for answer in both) == ["approved", "waiting"]


async def test_nobody_bills_what_is_anothers(gate: Gate, bob: Buyers, works: Payers, pam: Payers) -> None:
    other = Payers(await Buyers.partner(gate, "other"))
    await supplying(gate.database, "other", supplier_id=f"{OLD.replace('po_', 'sup_')[:-1]}D", po_id=f"{OLD[:-1]}D")
    po_id = await ordered(bob, works, "PO-1", 10)

    refused = await other.bill(po_id, "INV-1")
    absent = await other.bill("po_01JDB7Z2M4X8Q5T3W9Y6N1K0RZ", "INV-1")
    invoice_id = (await works.bill(po_id, "INV-1")).json()["invoice_id"]

    assert (refused.status_code, refused.json()["errors"]) == (422, absent.json()["errors"])
    unseen = await gate.http.get(f"/v1/supplier-invoices/{invoice_id}", headers=other.who.headers)
    assert (unseen.status_code, (await other.see())["supplier_invoices"]) == (404, [])
    assert len((await pam.see())["supplier_invoices"]) == 1


async def test_tax_is_what_the_order_says(gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers) -> None:
    lines = [{**line, "tax_points": 2_000} for line in purchase_lines(10, price=1_000)]
    about = {"po_number": "PO-1", "supplier_id": SUPPLIER, "currency": "GBP"}
    po_id = (await bob.order("", {**about, "lines": lines})).json()["po_id"]
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    await works.who.confirm(po_id, "C-1", {"line_id": "1", "status": "accepted"})
    await rita.receive(po_id, 10)

    right = (await works.bill(po_id, "A-17", billed_line(5), tax=1_000)).json()
    wrong = (await works.bill(po_id, "B-92", billed_line(5), tax=1_250)).json()

    assert (right["status"], wrong["status"]) == ("approved", "exception")
    told = (await pam.see(f"/{wrong['invoice_id']}"))["match"]["findings"][0]["detail"]
    assert told == "tax of 12.50, 10.00 due, give or take 0.01"


async def test_what_no_invoice_can_be_is_told(bob: Buyers, works: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)

    answer = await works.bill(po_id, "--", currency="ZZZ", tax=2**53 - 1, total=5)

    no_day = await works.bill(po_id, "INV-1", due_date="2027-02-30")

    assert {each["code"] for each in answer.json()["errors"]} == {"no_number", "unknown_currency", "total_too_large"}
    assert [(each["pointer"], each["code"]) for each in no_day.json()["errors"]] == [("#/due_date", "format")]

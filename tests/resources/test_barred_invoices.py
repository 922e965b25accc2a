"""Invoices of a supplier that is not active: taken in, and posted once it is, or somebody lets them pass."""

import pytest

from gateway.domain.identifiers import mint
from gateway.workflows.invoice_round import tend_invoices
from tests.gate import Gate
from tests.resources.billed import SUPPLIER, Payers, billed_line, ordered
from tests.resources.followed import OLD, follower, told
from tests.resources.supplied import Buyers, Json


@pytest.fixture
async def works(gate: Gate) -> Payers:
    return Payers(await follower(gate, "works", SUPPLIER, OLD))


async def suspended(bob: Buyers, works: Payers, rita: Payers, pieces: int = 10) -> str:
    """Since its goods have come."""
    po_id = await ordered(bob, works, "PO-1", pieces)
    await rita.receive(po_id, pieces)
    await bob.move(SUPPLIER, "suspended")
    return po_id


def stands(seen: Json) -> tuple[str, str | None, list[str]]:
    return seen["status"], seen.get("held_for"), seen["allowed_actions"]


async def test_what_matches_is_held_and_let_pass_by_somebody(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await suspended(bob, works, rita)

    held = (await works.bill(po_id, "INV-1")).json()
    seen, outside = await pam.see(f"/{held['invoice_id']}"), await works.see(f"/{held['invoice_id']}")
    (opened,) = await pam.exceptions("supplier_not_active")
    released = await pam.do(held["invoice_id"], "release")

    assert stands(seen) == ("held", "supplier", ["release", "reject"])
    assert seen["match"]["verdict"] == "matched"
    assert (outside["held_for"], outside["reason"].split(";")[0]) == (
        "supplier",
        "you are not active at the retailer's",
    )
    assert (opened["subject"], opened["owner"], opened["evidence"]["total"]) == (
        *(held["invoice_id"], "accounts_payable"),
        10_000,
    )
    assert (released.json()["status"], released.json()["match"]["cause"]) == ("approved", "release")
    assert await pam.exceptions("supplier_not_active") == []
    assert await tend_invoices(gate.database, gate.bundle.matching, mint) == 0


async def test_it_passes_when_its_supplier_is_active_again(
    gate: Gate, bob: Buyers, ann: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await suspended(bob, works, rita)
    held = (await works.bill(po_id, "INV-1")).json()["invoice_id"]
    early = await tend_invoices(gate.database, gate.bundle.matching, mint)
    await bob.move(SUPPLIER, "certified")
    certified = await tend_invoices(gate.database, gate.bundle.matching, mint)
    await ann.approve(SUPPLIER)

    moved = await tend_invoices(gate.database, gate.bundle.matching, mint)

    seen = await pam.see(f"/{held}")
    assert (early, certified, moved) == (0, 0, 1)
    assert (stands(seen), seen["match"]["cause"]) == (("approved", None, []), "reinstatement")
    assert await pam.exceptions("supplier_not_active") == []


async def test_what_waits_for_its_goods_is_held_when_they_come(
    gate: Gate, bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    invoice_id = (await works.bill(po_id, "INV-1")).json()["invoice_id"]
    await bob.move(SUPPLIER, "suspended")

    await rita.receive(po_id, 10)

    seen, facts = await pam.see(f"/{invoice_id}"), await told(works.who)
    assert (stands(seen)[:2], "goods_due_on" in seen) == (("held", "supplier"), False)
    assert [kind for about, kind, _ in facts if about == invoice_id] == ["received", "held"]


async def test_what_is_too_dear_is_released_before_it_is_approved(
    bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await suspended(bob, works, rita)
    dear = (await works.bill(po_id, "INV-1", billed_line(10, 1_025))).json()["invoice_id"]
    seen = await pam.see(f"/{dear}")

    refused = await pam.do(dear, "approve")
    released = await pam.do(dear, "release", match='"1"')
    approved = await pam.do(dear, "approve")

    assert stands(seen) == ("exception", None, ["release", "dispute", "reject"])
    assert (refused.status_code, refused.json()["code"]) == (409, "supplier_not_active")
    assert stands(released.json()) == ("exception", None, ["approve", "dispute", "reject"])
    assert released.json()["version"] == 2
    assert approved.json()["status"] == "approved"


async def test_what_is_no_duplicate_is_still_of_a_supplier_that_is_suspended(
    bob: Buyers, works: Payers, pam: Payers, rita: Payers
) -> None:
    po_id = await suspended(bob, works, rita, 20)
    await works.bill(po_id, "INV-0042")
    twin = (await works.bill(po_id, "INV-0043")).json()["invoice_id"]
    suspected = await pam.see(f"/{twin}")

    once = await pam.do(twin, "release", match='"1"')
    twice = await pam.do(twin, "release", match='"2"')

    assert stands(suspected) == ("held", "likeness", ["release", "reject"])
    assert stands(once.json()) == ("held", "supplier", ["release", "reject"])
    assert twice.json()["status"] == "approved"
    assert await pam.exceptions("duplicate_suspected") == []


async def test_who_bought_lets_nothing_of_it_pass(gate: Gate, works: Payers, rita: Payers) -> None:
    cleo = await Buyers.operator(gate, "cleo", "buyer", "accounts_payable")
    po_id = await suspended(cleo, works, rita)
    held = (await works.bill(po_id, "INV-1")).json()["invoice_id"]

    refused = await Payers(cleo).do(held, "release")

    assert (refused.status_code, refused.json()["code"]) == (403, "duties_not_separate")


async def test_nobody_is_told_to_release_what_cannot_be(bob: Buyers, works: Payers, pam: Payers) -> None:
    po_id = await ordered(bob, works, "PO-1", 10)
    invoice_id = (await works.bill(po_id, "INV-1")).json()["invoice_id"]
    await bob.move(SUPPLIER, "suspended")

    answers = [await pam.do(invoice_id, word) for word in ("approve", "release")]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "conflict")] * 2

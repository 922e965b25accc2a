"""A supplier's partner follows its invoices: where each stands, and nothing of how it was compared or who approved."""

import pytest

from gateway.domain.identifiers import mint
from gateway.workflows.invoice_round import tend_invoices
from tests.gate import Gate
from tests.resources.billed import Payers, billed_line, later, ordered
from tests.resources.followed import OLD, OLDER, OTHER, SUPPLIER, follower, told
from tests.resources.supplied import Buyers

Told = list[tuple[str, str, dict[str, str]]]


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    return await follower(gate, "works", SUPPLIER, OLD)


async def told_of(partner: Buyers, *invoices: str) -> Told:
    return [each for each in await told(partner) if each[0] in invoices]


def was(invoice_id: str, *facts: str) -> Told:
    """Each fact is named after the status that it leads to, but the first, which says where the invoice stands."""
    first, *more = facts
    return [(invoice_id, "received", {"status": first}), *((invoice_id, each, {"status": each}) for each in more)]


async def test_a_supplier_is_told_where_its_invoices_stand(
    gate: Gate, bob: Buyers, works: Buyers, pam: Payers, rita: Payers
) -> None:
    other = await follower(gate, "other", OTHER, OLDER)
    po_id = await ordered(bob, Payers(works), "PO-1", 40)
    bills = {"INV-0042": 1_000, "INV-0043": 1_000, "77-A": 1_300, "88-B": 1_400}
    taken = [(await Payers(works).bill(po_id, *bill(*each))).json()["invoice_id"] for each in bills.items()]
    waits, twin, dear, dearer = taken
    await rita.receive(po_id, 40)
    await pam.do(twin, "release")
    await pam.do(dear, "approve")
    await pam.do(dearer, "dispute")
    await pam.do(dearer, "reject")

    assert await told_of(works, waits) == was(waits, "waiting", "approved")
    assert await told_of(works, twin) == was(twin, "held", "approved")
    assert await told_of(works, dear) == was(dear, "exception", "approved")
    assert await told_of(works, dearer) == was(dearer, "exception", "disputed", "rejected")
    assert await told(other) == []


def bill(number: str, price: int) -> tuple[str, dict[str, object]]:
    return number, billed_line(10, price)


async def test_nobody_outside_is_told_of_an_approval(
    bob: Buyers, ann: Buyers, works: Buyers, pam: Payers, rita: Payers
) -> None:
    po_id = await ordered(bob, Payers(works), "PO-1", 10)
    await rita.receive(po_id, 10)
    invoice_id = (await Payers(works).bill(po_id, *bill("INV-1", 1_600))).json()["invoice_id"]
    asked = await pam.do(invoice_id, "approve")
    await ann.decide(asked.json()["approval_id"])
    before = await told_of(works, invoice_id)

    await pam.do(invoice_id, "approve")

    assert before == was(invoice_id, "exception")
    assert await told_of(works, invoice_id) == was(invoice_id, "exception", "approved")


async def test_what_is_entered_for_a_supplier_and_what_never_comes_is_told(
    gate: Gate, bob: Buyers, works: Buyers, pam: Payers
) -> None:
    po_id = await ordered(bob, Payers(works), "PO-1", 10)
    invoice_id = (await pam.bill(po_id, "INV-1")).json()["invoice_id"]
    await later(gate.database, days=5)

    await tend_invoices(gate.database, gate.bundle.matching, mint)

    assert await told_of(works, invoice_id) == was(invoice_id, "waiting", "exception")


async def test_the_numbers_of_an_invoice_have_no_gap(gate: Gate, bob: Buyers, works: Buyers, rita: Payers) -> None:
    po_id = await ordered(bob, Payers(works), "PO-1", 10)
    invoice_id = (await Payers(works).bill(po_id, "INV-1")).json()["invoice_id"]
    first = (await gate.http.get("/v1/events", headers=dict(works.headers))).json()
    await Payers(works).bill(po_id, "INV-1")
    for pieces in (4, 6):
        await rita.receive(po_id, pieces)

    after = (await gate.http.get(f"/v1/events?after={first['cursor']}", headers=dict(works.headers))).json()

    numbered = [(each["subject"], each["sequence"]) for each in [*first["events"], *after["events"]]]
    assert [number for about, number in numbered if about == invoice_id] == ["0000000001", "0000000002"]
    assert [each["type"].split(".")[3] for each in after["events"]] == ["goods_received", "goods_received", "approved"]

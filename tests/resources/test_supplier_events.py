"""A supplier's partner follows what is ordered of it: from the issue on, and nothing of what happens in the house."""

from tests.gate import Gate
from tests.resources.delivered import Dock, came, goods_body, notice_body, pallet, piece
from tests.resources.followed import OLD, OLDER, OTHER, SUPPLIER, follower, told
from tests.resources.supplied import Buyers, purchase_lines


async def test_a_supplier_is_told_from_the_issue_on(gate: Gate, bob: Buyers) -> None:
    works, other = await follower(gate, "works", SUPPLIER, OLD), await follower(gate, "other", OTHER, OLDER)
    rita = Dock(await Buyers.operator(gate, "rita", "receiver"))
    unseen = await bob.write(SUPPLIER, "PO-0", 1)
    await bob.order(f"/{unseen}/cancel", {"reason": "not needed"})
    po_id = await bob.write(SUPPLIER, "PO-1", 10)
    await bob.order(f"/{po_id}/submit")
    before = await told(works)
    await bob.order(f"/{po_id}/issue")
    await bob.order(f"/{po_id}/revisions", {"lines": purchase_lines(12), "reason": "two more"})
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    await works.confirm(po_id, "C-1", {"line_id": "1", "status": "accepted"}, revision=2)
    asn = (await Dock(works).announce(po_id, notice_body("ASN-1", pallet(1, [piece(4)])))).json()["asn_id"]
    gone = (await Dock(works).announce(po_id, notice_body("ASN-2", pallet(11, [piece(4)])))).json()["asn_id"]
    await Dock(works).cancel(gone)
    receipt = (await rita.receive(po_id, goods_body("WE-1", came(4), asn_id=asn))).json()["receipt_id"]

    assert before == await told(other) == []
    assert await told(works) == [
        (po_id, "issued", {"status": "issued", "revision": 1}),
        (po_id, "issued", {"status": "issued", "revision": 2}),
        (po_id, "confirmed", {"status": "confirmed", "revision": 2}),
        (po_id, "shipping_announced", {"asn_id": asn}),
        (po_id, "shipping_announced", {"asn_id": gone}),
        (po_id, "shipping_cancelled", {"asn_id": gone}),
        (po_id, "goods_received", {"receipt_id": receipt}),
        (po_id, "shipping_arrived", {"asn_id": asn}),
    ]

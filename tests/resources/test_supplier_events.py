"""A supplier's partner follows what is ordered of it: from the issue on, and nothing of what happens in the house."""

from typing import Any

from tests.gate import Gate
from tests.resources.delivered import Dock, came, goods_body, notice_body, pallet, piece
from tests.resources.supplied import SCOPES, Buyers, purchase_lines, supplying

SUPPLIER, OTHER = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"
OLD, OLDER = "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"


async def follower(gate: Gate, name: str, supplier_id: str, po_id: str) -> Buyers:
    headers = await gate.bearer(await gate.partner(name, scopes=SCOPES | {"events:read"}))
    await supplying(gate.database, name, supplier_id=supplier_id, po_id=po_id)
    return Buyers(gate, headers)


async def told(partner: Buyers) -> list[tuple[str, str, dict[str, Any]]]:
    answer = await partner.gate.http.get("/v1/events", headers=dict(partner.headers))
    assert answer.status_code == 200, answer.text
    return [(each["subject"], each["type"].split(".")[3], each["data"]) for each in answer.json()["events"]]


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

"""Shipping notices over HTTP: announced once against a confirmed order, never more than is open, each SSCC once."""

from typing import Any

import pytest

from tests.gate import Gate
from tests.resources.delivered import Dock, came, confirmed, goods_body, notice_body, pallet, piece, sscc
from tests.resources.supplied import Buyers, Json, supplying

SUPPLIER, OTHER = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"
OLD, OLDER = "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RD"


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    works = await Buyers.partner(gate, "works")
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    return works


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


async def test_what_is_on_its_way_is_told_once(gate: Gate, bob: Buyers, works: Buyers) -> None:
    po_id, dock = await confirmed(bob, works, SUPPLIER, "PO-1", 100, 20), Dock(works)
    body = notice_body("ASN-1", pallet(1, [piece(40, lot="L-7"), piece(5, "2")], [piece(20)]), carrier="DHL")

    first = await dock.announce(po_id, body)
    again = await dock.announce(po_id, body)
    other = await dock.announce(po_id, {**body, "carrier": "UPS"})

    assert (first.status_code, first.json()["status"], again.content) == (201, "in_transit", first.content)
    assert first.headers["location"].endswith(f"/v1/shipping-notices/{first.json()['asn_id']}")
    assert (other.json()["code"], codes(other)) == ("natural_key_conflict", [("#/carrier", "differs")])
    seen = (await dock.see(f"/shipping-notices/{first.json()['asn_id']}")).json()
    assert seen["lines"] == [{"line_id": "1", "quantity": 60}, {"line_id": "2", "quantity": 5}]
    assert (seen["pallets"], seen["supplier_id"], seen["carrier"]) == (body["pallets"], SUPPLIER, "DHL")
    listed = (await Dock(bob).see(f"/shipping-notices?po_id={po_id}&status=in_transit")).json()["shipping_notices"]
    assert [(each["asn_number"], "pallets" in each) for each in listed] == [("ASN-1", False)]
    order = (await works.see(f"/{po_id}")).json()
    assert (order["status"], order["deliveries"][0]) == (
        "confirmed",
        {"line_id": "1", "shipped": 60, "received": 0, "accepted": 0},
    )


async def test_no_more_is_sent_than_is_open(bob: Buyers, works: Buyers) -> None:
    po_id, dock = await confirmed(bob, works, SUPPLIER, "PO-1", 100), Dock(works)
    first = await dock.announce(po_id, notice_body("ASN-1", pallet(1, [piece(60)])))
    body = notice_body("ASN-2", pallet(11, [piece(30)], [piece(10), piece(1)]))

    too_many = await dock.announce(po_id, body)
    cancelled = await dock.cancel(first.json()["asn_id"])
    then = await dock.announce(po_id, body)

    assert (too_many.status_code, codes(too_many)) == (
        422,
        [("#/pallets/0/cartons/1/lines/1/quantity", "qty_exceeds_open")],
    )
    assert (cancelled.json()["status"], cancelled.headers["etag"]) == ("cancelled", '"2"')
    assert (then.status_code, then.json()["status"]) == (201, "in_transit")
    assert (await works.see(f"/{po_id}")).json()["deliveries"][0]["shipped"] == 41


async def test_a_number_of_a_carton_stands_once(bob: Buyers, works: Buyers) -> None:
    po_id, dock = await confirmed(bob, works, SUPPLIER, "PO-1", 100), Dock(works)
    other = await confirmed(bob, works, SUPPLIER, "PO-2", 100)
    first = await dock.announce(po_id, notice_body("ASN-1", pallet(1, [piece(1)])))
    twice = pallet(11, [piece(1)], [piece(1)])
    twice["cartons"][1]["sscc"] = sscc(12)
    wrong = pallet(21, [piece(1)])
    wrong["sscc"] = "340123450000000018"

    used = await dock.announce(other, notice_body("ASN-2", pallet(1, [piece(1)])))
    bad = await dock.announce(other, notice_body("ASN-2", twice, wrong))
    await dock.cancel(first.json()["asn_id"])
    then = await dock.announce(other, notice_body("ASN-2", pallet(1, [piece(1)])))

    assert codes(used) == [("#/pallets/0/sscc", "duplicate_sscc"), ("#/pallets/0/cartons/0/sscc", "duplicate_sscc")]
    assert codes(bad) == [
        ("#/pallets/0/cartons/1/sscc", "duplicate_sscc"),
        ("#/pallets/1/sscc", "sscc_check_digit"),
    ]
    assert then.status_code == 201


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"expected_at": "2026-11-20T07:00:00Z"}, ("#/expected_at", "expected_before_shipped")),
        ({"pallets": [pallet(1, [piece(1, "9")])]}, ("#/pallets/0/cartons/0/lines/0/line_id", "unknown_line")),
        (
            {"pallets": [pallet(1, [piece(1, expires_on="2027-02-30")])]},
            ("#/pallets/0/cartons/0/lines/0/expires_on", "format"),
        ),
        ({"pallets": []}, ("#/pallets", "min_items")),
        ({"pallets": [pallet(1)]}, ("#/pallets/0/cartons", "min_items")),
        ({"pallets": [pallet(1, [])]}, ("#/pallets/0/cartons/0/lines", "min_items")),
    ],
)
async def test_what_cannot_be_is_refused_where_it_stands(
    bob: Buyers, works: Buyers, change: Json, fault: tuple[str, str]
) -> None:
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 100)

    answer = await Dock(works).announce(po_id, {**notice_body("ASN-1", pallet(1, [piece(1)])), **change})

    assert (answer.status_code, codes(answer)) == (422, [fault])


async def test_only_what_is_confirmed_of_an_active_supplier_is_sent(gate: Gate, bob: Buyers, works: Buyers) -> None:
    dock, body = Dock(works), notice_body("ASN-1", pallet(1, [piece(1)]))
    issued = await bob.write(SUPPLIER, "PO-1", 10)
    for word in ("submit", "issue"):
        await bob.order(f"/{issued}/{word}")
    early = await dock.announce(issued, body)
    po_id = await confirmed(bob, works, SUPPLIER, "PO-2", 10)
    await bob.move(SUPPLIER, "suspended")

    barred = await dock.announce(po_id, body)

    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    assert (barred.status_code, barred.json()["code"]) == (409, "supplier_not_active")


async def test_another_supplier_sees_and_changes_nothing(gate: Gate, bob: Buyers, works: Buyers) -> None:
    other = Dock(await Buyers.partner(gate, "other"))
    await supplying(gate.database, "other", supplier_id=OTHER, po_id=OLDER)
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 10)
    asn_id = (await Dock(works).announce(po_id, notice_body("ASN-1", pallet(1, [piece(1)])))).json()["asn_id"]

    answers = [
        await other.announce(po_id, notice_body("ASN-1", pallet(1, [piece(1)]))),
        await other.see(f"/shipping-notices/{asn_id}"),
        await other.cancel(asn_id),
    ]

    assert [each.status_code for each in answers] == [404, 404, 404]
    assert (await other.see("/shipping-notices")).json()["shipping_notices"] == []


async def test_what_has_arrived_is_not_taken_back(gate: Gate, bob: Buyers, works: Buyers) -> None:
    rita, dock = Dock(await Buyers.operator(gate, "rita", "receiver")), Dock(works)
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 10)
    asn_id = (await dock.announce(po_id, notice_body("ASN-1", pallet(1, [piece(4)])))).json()["asn_id"]
    gone = (await dock.announce(po_id, notice_body("ASN-2", pallet(11, [piece(4)])))).json()["asn_id"]
    stale = await dock.cancel(gone, match='"7"')
    await dock.cancel(gone)

    received = await rita.receive(po_id, goods_body("WE-1", came(4), asn_id=asn_id))
    unsent = await rita.receive(po_id, goods_body("WE-2", came(4), asn_id=gone))
    late = await dock.cancel(asn_id)

    assert stale.status_code == 412
    assert (received.status_code, received.json()["asn_id"]) == (201, asn_id)
    assert (unsent.status_code, late.status_code, late.json()["code"]) == (409, 409, "conflict")
    assert (await dock.see(f"/shipping-notices/{asn_id}")).json()["status"] == "arrived"

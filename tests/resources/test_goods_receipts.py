"""Goods receipts over HTTP: counted once, by somebody else than who ordered; what is too many waits for a buyer."""

from typing import Any

import pytest

from tests.gate import Gate
from tests.resources.delivered import Dock, came, confirmed, goods_body, notice_body, pallet, piece
from tests.resources.supplied import Buyers, Json, supplying

SUPPLIER, OLD = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    works = await Buyers.partner(gate, "works")
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    return works


@pytest.fixture
async def rita(gate: Gate) -> Dock:
    return Dock(await Buyers.operator(gate, "rita", "receiver"))


def counted(answer: Any) -> list[int]:
    (line,) = answer.json()["lines"]
    return [line[name] for name in ("ordered", "received_before", "received", "damaged", "accepted", "over", "short")]


async def on_hand(gate: Gate, sku: str) -> int:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select on_hand from stock_position where sku = %s", (sku,))
        row = await cursor.fetchone()
    return row[0] if row else 0


async def test_what_comes_is_counted_once_and_lies_on_the_shelf(
    gate: Gate, bob: Buyers, works: Buyers, rita: Dock
) -> None:
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 100)
    await Dock(works).announce(po_id, notice_body("ASN-1", pallet(1, [piece(60)])))

    first = await rita.receive(po_id, goods_body("WE-1", came(60, 2)))
    again = await rita.receive(po_id, goods_body("WE-1", came(60, 2)))
    other = await rita.receive(po_id, goods_body("WE-1", came(59, 2)))
    half = (await works.see(f"/{po_id}")).json()
    rest = await rita.receive(po_id, goods_body("WE-2", came(42)))

    assert (first.status_code, again.content) == (201, first.content)
    assert (other.status_code, other.json()["code"]) == (409, "natural_key_conflict")
    assert (counted(first), counted(rest)) == ([100, 0, 60, 2, 58, 0, 42], [100, 60, 42, 0, 42, 0, 0])
    assert await on_hand(gate, "LAMP-1") == 100
    whole = (await works.see(f"/{po_id}")).json()
    assert (half["status"], half["deliveries"]) == (
        "partially_received",
        [{"line_id": "1", "shipped": 60, "received": 60, "accepted": 58}],
    )
    assert (whole["status"], whole["deliveries"][0]["accepted"], whole["version"]) == (
        *("received", 100),
        half["version"] + 1,
    )
    seen = (await rita.see(f"/goods-receipts/{first.json()['receipt_id']}")).json()
    assert (seen, seen["received_by"]) == (first.json(), "operator:rita")


async def test_what_is_beyond_the_tolerance_waits_for_a_buyer(
    gate: Gate, bob: Buyers, works: Buyers, rita: Dock
) -> None:
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 100)

    much = await rita.receive(po_id, goods_body("WE-1", came(104)))
    more = await rita.receive(po_id, goods_body("WE-2", came(4, 1)))

    assert (counted(much), counted(more)) == ([100, 0, 104, 0, 104, 0, 0], [100, 104, 4, 1, 1, 2, 0])
    assert await on_hand(gate, "LAMP-1") == 105
    headers = dict(bob.headers)
    (told,) = (await gate.http.get("/v1/exceptions?class=suppliers/over_receipt", headers=headers)).json()["exceptions"]
    assert (told["owner"], told["subject"], told["evidence"]["over"]) == ("buyer", po_id, {"1": 2})
    deed = {"action": "refuse", "evidence": "they go back with the next lorry"}
    by_receiver = await rita.hands.post(f"/{told['exception_id']}/actions", deed, at="/v1/exceptions")
    by_buyer = await bob.post(f"/{told['exception_id']}/actions", deed, at="/v1/exceptions")
    assert (by_receiver.status_code, by_receiver.json()["code"]) == (403, "forbidden")
    assert (by_buyer.status_code, by_buyer.json()["state"]) == (200, "resolved")


async def test_who_wrote_or_approved_it_does_not_receive_it(gate: Gate, ann: Buyers, works: Buyers, rita: Dock) -> None:
    cleo = await Buyers.operator(gate, "cleo", "buyer", "receiver", "admin")
    alma = await Buyers.operator(gate, "alma", "approver", "receiver")
    po_id = await cleo.write(SUPPLIER, "PO-1", 2_000)
    submitted = (await cleo.order(f"/{po_id}/submit")).json()
    approved = await alma.decide(submitted["approval_id"])
    issued = await cleo.order(f"/{po_id}/issue")
    await works.confirm(po_id, "C-1", {"line_id": "1", "status": "accepted"})
    body = goods_body("WE-1", came(1))

    answers = [await Dock(each).receive(po_id, body) for each in (cleo, alma, ann, works)]
    then = await rita.receive(po_id, body)

    assert (approved.status_code, issued.json()["status"]) == (200, "issued")
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        *[(403, "duties_not_separate")] * 2,
        (403, "forbidden"),
        (403, "forbidden"),
    ]
    assert then.status_code == 201, then.text


async def test_who_confirmed_it_for_its_supplier_does_not_receive_it(gate: Gate, bob: Buyers, works: Buyers) -> None:
    cleo = await Buyers.operator(gate, "cleo", "buyer", "receiver")
    po_id = await bob.write(SUPPLIER, "PO-1", 10)
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    confirmed_by_hand = await cleo.confirm(po_id, "C-1", {"line_id": "1", "status": "accepted"})

    refused = await Dock(cleo).receive(po_id, goods_body("WE-1", came(1)))

    assert confirmed_by_hand.json()["outcome"] == "confirmed"
    assert (refused.status_code, refused.json()["code"]) == (403, "duties_not_separate")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"lines": [came(1, line_id="9")]}, ("#/lines/0/line_id", "unknown_line")),
        ({"lines": [came(1), came(2)]}, ("#/lines/1/line_id", "line_id_repeated")),
        ({"lines": [came(1, 2)]}, ("#/lines/0/damaged", "damaged_exceeds_received")),
        ({"node_id": "nowhere"}, ("#/node_id", "unknown_node")),
        ({"received_at": "2096-01-02T09:00:00Z"}, ("#/received_at", "clock_skew")),
        ({"asn_id": "asn_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"}, ("#/asn_id", "unknown_notice")),
    ],
)
async def test_what_cannot_have_come_is_refused_where_it_stands(
    bob: Buyers, works: Buyers, rita: Dock, change: Json, fault: tuple[str, str]
) -> None:
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 100)

    answer = await rita.receive(po_id, {**goods_body("WE-1", came(1)), **change})

    assert answer.status_code == 422, answer.text
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [fault]


async def test_nothing_is_received_of_what_is_not_confirmed(bob: Buyers, works: Buyers, rita: Dock) -> None:
    po_id = await bob.write(SUPPLIER, "PO-1", 10)

    answer = await rita.receive(po_id, goods_body("WE-1", came(1)))

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_a_supplier_sees_what_came_of_its_orders_alone(
    gate: Gate, bob: Buyers, works: Buyers, rita: Dock
) -> None:
    other = Dock(await Buyers.partner(gate, "other"))
    po_id = await confirmed(bob, works, SUPPLIER, "PO-1", 10)
    receipt_id = (await rita.receive(po_id, goods_body("WE-1", came(1)))).json()["receipt_id"]
    await rita.receive(po_id, goods_body("WE-2", came(1)))

    own = (await Dock(works).see(f"/goods-receipts/{receipt_id}")).json()
    foreign = await other.see(f"/goods-receipts/{receipt_id}")
    page = (await Dock(works).see(f"/goods-receipts?po_id={po_id}&page_size=1")).json()
    following = await Dock(works).see(f"/goods-receipts?po_id={po_id}&page_size=1&page_token={page['next_page_token']}")

    assert (own["lines"][0]["accepted"], "received_by" in own, foreign.status_code) == (1, False, 404)
    numbers = [each["receipt_number"] for each in (*page["goods_receipts"], *following.json()["goods_receipts"])]
    assert numbers == ["WE-2", "WE-1"]
    assert (await other.see("/goods-receipts")).json()["goods_receipts"] == []

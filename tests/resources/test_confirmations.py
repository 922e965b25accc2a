"""A supplier's word over HTTP: taken where it is near enough, else decided by a buyer; once, whatever comes twice."""

import pytest

from tests.gate import Gate
from tests.resources.supplied import Buyers, Json, purchase_lines, supplying

SUPPLIER, OLD = "sup_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "po_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
YES: Json = {"line_id": "1", "status": "accepted"}


@pytest.fixture
async def works(gate: Gate) -> Buyers:
    works = await Buyers.partner(gate, "works")
    await supplying(gate.database, "works", supplier_id=SUPPLIER, po_id=OLD)
    return works


async def issued(bob: Buyers, number: str, *quantities: int) -> str:
    po_id = await bob.write(SUPPLIER, number, *quantities)
    for word in ("submit", "issue"):
        answer = await bob.order(f"/{po_id}/{word}")
    assert answer.json()["status"] == "issued", answer.text
    return po_id


def other(line_id: str = "1", word: str = "changed", **what: object) -> Json:
    return {"line_id": line_id, "status": word, **what}


async def test_what_is_accepted_is_confirmed_once(bob: Buyers, works: Buyers) -> None:
    po_id = await issued(bob, "PO-1", 100)
    before = (await works.see(f"/{po_id}")).json()

    first = await works.confirm(po_id, "C-1", YES)
    again = await works.confirm(po_id, "C-1", YES)
    differing = await works.confirm(po_id, "C-1", other(quantity=99))
    second = await works.confirm(po_id, "C-2", YES)
    late = await bob.order(f"/{po_id}/revisions", {"lines": purchase_lines(90), "reason": "too late"})

    assert before["allowed_actions"] == ["confirm"]
    assert (first.status_code, first.json()["outcome"], again.content) == (201, "confirmed", first.content)
    assert differing.json()["code"] == "natural_key_conflict"
    assert [(each.status_code, each.json()["code"]) for each in (second, late)] == [(409, "conflict")] * 2
    seen = (await works.see(f"/{po_id}")).json()
    assert (seen["status"], seen["revision"], seen["confirmation"]["supplier_ref"]) == ("confirmed", 1, "C-1")


async def test_what_is_near_enough_is_taken_as_a_revision(bob: Buyers, works: Buyers) -> None:
    po_id = await issued(bob, "PO-1", 100)

    said = await works.confirm(po_id, "C-1", other(quantity=98, unit_price=459, date="2027-01-12"))

    assert said.json()["outcome"] == "confirmed"
    seen = (await bob.see(f"/{po_id}")).json()
    assert (seen["status"], seen["revision"], seen["issued_revision"], seen["total"]["amount"]) == (
        *("confirmed", 2, 2),
        98 * 459,
    )
    changes = (await works.see(f"/{po_id}/revisions/2")).json()["changes"]
    assert changes == ["#/lines/0/quantity", "#/lines/0/requested_date", "#/lines/0/unit_price"]


@pytest.mark.parametrize(
    "line",
    [
        other(quantity=97),
        other(quantity=101),
        other(unit_price=460),
        other(date="2027-01-13"),
        other(word="backordered", date="2027-01-11"),
    ],
)
async def test_of_the_rest_a_buyer_decides(bob: Buyers, works: Buyers, line: Json) -> None:
    po_id = await issued(bob, "PO-1", 100)

    said = (await works.confirm(po_id, "C-1", line)).json()
    seen = (await bob.see(f"/{po_id}")).json()

    assert (said["outcome"], seen["status"], seen["revision"]) == ("proposed", "change_proposed", 1)
    assert seen["allowed_actions"] == ["revise", "cancel", "decide"]


async def test_a_buyer_agrees_to_fewer_and_refuses_others(gate: Gate, bob: Buyers, works: Buyers) -> None:
    ann = await Buyers.operator(gate, "ann", "approver")
    po_id = await issued(bob, "PO-1", 100, 10)
    first = (await works.confirm(po_id, "C-1", other(quantity=50), other("2", "rejected"))).json()
    name = first["confirmation_id"]
    barred = [await works.settle(po_id, name, "agree"), await ann.settle(po_id, name, "agree")]
    refused = await bob.settle(po_id, name, "refuse")
    turned = await bob.settle(po_id, name, "agree")
    second = (await works.confirm(po_id, "C-2", other(quantity=60), other("2", "rejected"))).json()

    agreed = await bob.settle(po_id, second["confirmation_id"], "agree")
    again = await bob.settle(po_id, second["confirmation_id"], "agree")

    assert [each.status_code for each in barred] == [403, 403]
    assert (refused.json()["status"], turned.json()["code"]) == ("issued", "conflict")
    told = agreed.json()
    assert (told["status"], told["revision"], [each["quantity"] for each in told["lines"]]) == ("confirmed", 2, [60])
    assert (again.json(), told["confirmation"]["decision"]) == (told, "agree")


async def test_what_is_dearer_is_approved_anew(bob: Buyers, works: Buyers) -> None:
    po_id = await issued(bob, "PO-1", 100)
    said = (await works.confirm(po_id, "C-1", other(unit_price=900))).json()

    agreed = (await bob.settle(po_id, said["confirmation_id"], "agree")).json()
    unseen = (await works.see(f"/{po_id}")).json()
    for word in ("submit", "issue"):
        await bob.order(f"/{po_id}/{word}")
    stale = await works.confirm(po_id, "C-2", YES)
    final = await works.confirm(po_id, "C-3", YES, revision=2)

    assert (agreed["status"], agreed["revision"], agreed["issued_revision"]) == ("draft", 2, 1)
    assert (unseen["status"], unseen["lines"][0]["unit_price"]) == ("being_changed", 450)
    assert (stale.status_code, final.json()["outcome"]) == (409, "confirmed")


async def test_what_is_declined_is_revised_or_taken_back(bob: Buyers, works: Buyers) -> None:
    po_id = await issued(bob, "PO-1", 1)

    said = await works.confirm(po_id, "C-1", other(word="rejected"))

    assert said.json()["outcome"] == "declined"
    assert (await bob.see(f"/{po_id}")).json()["allowed_actions"] == ["revise", "cancel"]
    assert (await bob.order(f"/{po_id}/cancel", {"reason": "nobody has it"})).json()["status"] == "cancelled"


async def test_each_line_is_answered_once(gate: Gate, bob: Buyers, works: Buyers) -> None:
    stranger = await Buyers.partner(gate, "stranger")
    po_id = await issued(bob, "PO-1", 1, 2)

    foreign = await stranger.confirm(po_id, "C-1", YES, other("2", "accepted"))
    odd = await works.confirm(po_id, "C-1", YES, YES, other("2", date="2027-02-30"))
    empty = await works.confirm(po_id, "C-1", other(word="changed"))

    assert foreign.status_code == 404
    assert (odd.status_code, empty.status_code) == (422, 422)
    assert [each["code"] for each in empty.json()["errors"]] == ["word_does_not_fit", "line_missing"]

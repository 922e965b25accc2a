"""Suppliers over HTTP: brought in by one, let in by another, and seen by whoever acts for them alone."""

from typing import get_args

from gateway.domain.suppliers import MOVES, SupplierStatus
from gateway.resources.suppliers.schemas import Status
from tests.gate import Gate
from tests.resources.supplied import WHY, Buyers, supplier_body


async def test_a_supplier_is_brought_in_by_one_and_let_in_by_another(gate: Gate, bob: Buyers, ann: Buyers) -> None:
    works = await Buyers.partner(gate, "works")
    supplier_id = await bob.make("V-100", gln="4006381333931")
    early = await ann.approve(supplier_id)
    await bob.move(supplier_id, "onboarding", "certified")
    unlinked = await ann.approve(supplier_id)
    linked = await bob.post(f"/{supplier_id}/partner", {"partner_id": "works"})
    can = await works.post(f"/{supplier_id}/capabilities", {"capabilities": {"api": True, "edi": ["850"]}})

    let_in = await ann.approve(supplier_id)
    again = await ann.approve(supplier_id)

    assert [answer.status_code for answer in (early, unlinked)] == [409, 409]
    assert [answer.status_code for answer in (linked, can, let_in, again)] == [200, 200, 200, 200], linked.text
    assert (let_in.json()["status"], let_in.json()["next_statuses"]) == ("active", ["suspended"])
    assert again.json() == let_in.json()
    seen = await works.get(f"/{supplier_id}")
    assert seen.json() == let_in.json()
    assert (await works.get(f"/{supplier_id}", **{"if-none-match": seen.headers["etag"]})).status_code == 304


async def test_duties_are_apart(gate: Gate, bob: Buyers, ann: Buyers) -> None:
    both = await Buyers.operator(gate, "cleo", "buyer", "approver")
    await gate.partner("works")
    supplier_id = await both.make("V-100", partner_id="works")
    await both.move(supplier_id, "onboarding", "certified")

    refused = [await both.approve(supplier_id), await bob.approve(supplier_id)]
    made = [await ann.post("", supplier_body("V-101")), await ann.move(supplier_id, "offboarded")]

    assert [(answer.status_code, answer.json()["code"]) for answer in refused + made] == [
        (403, "self_approval_forbidden"),
        (403, "forbidden"),
        (403, "forbidden"),
        (403, "forbidden"),
    ]
    assert (await ann.approve(supplier_id)).status_code == 200


async def test_what_is_anothers_looks_like_nothing(gate: Gate, bob: Buyers) -> None:
    works, other = await Buyers.partner(gate, "works"), await Buyers.partner(gate, "other")
    supplier_id = await bob.make("V-100", partner_id="works")
    await bob.make("V-101", partner_id="other")

    foreign = await other.get(f"/{supplier_id}")
    changed = await other.post(f"/{supplier_id}/capabilities", {"capabilities": {}})

    assert (foreign.status_code, changed.status_code) == (404, 404)
    assert [each["code"] for each in (await works.get()).json()["suppliers"]] == ["V-100"]
    assert [each["code"] for each in (await bob.get()).json()["suppliers"]] == ["V-101", "V-100"]
    first = (await bob.get("?page_size=1")).json()
    last = (await bob.get(f"?page_size=1&page_token={first['next_page_token']}")).json()
    assert ([each["code"] for each in last["suppliers"]], last["next_page_token"]) == (["V-100"], "")
    assert (await bob.get("?status=active")).json()["suppliers"] == []


async def test_a_code_names_one_supplier_and_a_partner_acts_for_one(gate: Gate, bob: Buyers) -> None:
    await gate.partner("works")
    first = await bob.post("", supplier_body("V-100", partner_id="works"))
    again = await bob.post("", supplier_body("V-100", partner_id="works"))
    other = await bob.post("", supplier_body("V-100"))
    taken = await bob.post("", supplier_body("V-101", partner_id="works"))
    wrong = await bob.post("", supplier_body("V-102", partner_id="nobody"))
    odd = await bob.post("", supplier_body("V-103", gln="4006381333932", currency="XXQ"))

    assert (first.status_code, again.content, again.headers["idempotent-replayed"]) == (201, first.content, "true")
    assert (other.json()["code"], [each["pointer"] for each in other.json()["errors"]]) == (
        "natural_key_conflict",
        ["#/partner_id"],
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    assert [each["code"] for each in wrong.json()["errors"] + odd.json()["errors"]] == [
        "unknown_partner",
        "unknown_currency",
        "wrong_check_digit",
    ]


async def test_a_change_keeps_to_the_version_that_was_seen(bob: Buyers) -> None:
    supplier_id = await bob.make("V-100")
    body = {"status": "onboarding", "reason": WHY}

    stale = await bob.post(f"/{supplier_id}/status", body, match='"7"')
    first = await bob.post(f"/{supplier_id}/status", body, match='"1"', key="onboard-0123456789")
    replay = await bob.post(f"/{supplier_id}/status", body, match='"1"', key="onboard-0123456789")
    skipped = await bob.move(supplier_id, "suspended")

    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert replay.content == first.content
    assert (skipped.status_code, skipped.json()["code"]) == (409, "conflict")


def test_the_contract_knows_every_status_and_each_can_be_reached() -> None:
    assert set(get_args(Status)) == {each.value for each in SupplierStatus}
    assert {after for _, after, _ in MOVES} == set(SupplierStatus) - {SupplierStatus.PROSPECT}


async def test_nobody_alone_lets_a_suspended_supplier_in_again(gate: Gate, bob: Buyers, ann: Buyers) -> None:
    both = await Buyers.operator(gate, "cleo", "buyer", "approver")
    chief = await Buyers.operator(gate, "chief", "admin")
    await gate.partner("works")
    supplier_id = await bob.make("V-100", partner_id="works")
    await bob.move(supplier_id, "onboarding", "certified")
    await both.approve(supplier_id)

    refused = []
    for alone in (both, chief):
        await bob.move(supplier_id, "suspended")
        await alone.move(supplier_id, "certified")
        refused.append(await alone.approve(supplier_id))
        await ann.approve(supplier_id)

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(403, "self_approval_forbidden")] * 2
    assert (await ann.get(f"/{supplier_id}")).json()["status"] == "active"

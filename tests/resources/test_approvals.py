"""Approvals over HTTP: who sees what waits for them, what they say, and what is refused."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from gateway.domain.approvals import Approval, Asker
from tests.gate import Gate
from tests.resources.desk import Duty
from tests.store.approving import REFUND, WHY, Refunds

Json = dict[str, Any]
PATH = "/v1/approvals"


@pytest.fixture
def refunds(gate: Gate) -> Refunds:
    return Refunds(gate.database)


async def said(duty: Duty, asked: Approval, word: str = "approve", *, seen: str = "", key: str = "") -> Response:
    body = {"reason": WHY, "content_hash": seen or asked.content_hash}
    headers = {**duty.headers, "idempotency-key": key or uuid4().hex}
    return await duty.gate.http.post(f"{PATH}/{asked.approval_id}/{word}", json=body, headers=headers)


async def see(duty: Duty, asked: Approval) -> Json:
    answer = await duty.gate.http.get(f"{PATH}/{asked.approval_id}", headers=duty.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def page(duty: Duty, **filters: Any) -> Json:
    answer = await duty.gate.http.get(PATH, params=filters, headers=duty.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(duty: Duty, **filters: Any) -> list[str]:
    return [each["subject"] for each in (await page(duty, **filters))["approvals"]]


async def test_a_refund_is_seen_and_approved_by_two(gate: Gate, refunds: Refunds) -> None:
    sue, finn = await Duty.open(gate, "sue", "support"), await Duty.open(gate, "finn", "finance")
    asked = await refunds.ask(800, asker=Asker("web", "olga"))

    before = await see(sue, asked)
    first, last = await said(sue, asked), await said(finn, asked)
    after = await see(finn, asked)

    assert {name: before[name] for name in ("kind", "subject", "content", "amount", "asked_by", "operator")} == {
        "kind": "refund",
        "subject": REFUND,
        "content": {"order_id": "ord_1", "reason": "damaged"},
        "amount": {"amount": 80_000, "currency": "GBP"},
        "asked_by": "web",
        "operator": "olga",
    }
    assert (before["status"], before["allowed_actions"], before["by_policy"]) == (
        "pending",
        ["approve", "reject"],
        False,
    )
    assert (first.json()["status"], first.json()["allowed_actions"]) == ("pending", [])
    assert (last.status_code, last.json()) == (200, after)
    assert (after["status"], after["allowed_actions"], "decided_at" in after) == ("approved", [], True)
    decisions = [(step["role"], step["decision"]["by"], step["decision"]["reason"]) for step in after["steps"]]
    assert decisions == [("support", "sue", WHY), ("finance", "finn", WHY)]
    assert await refunds.counts(asked)


async def test_mine_are_those_that_i_may_decide_now(gate: Gate, refunds: Refunds) -> None:
    duties = [await Duty.open(gate, *who) for who in (("sue", "support", "finance"), ("finn", "finance"))]
    first = await refunds.ask(800, subject="first")
    second = await refunds.ask(300, subject="second")
    await refunds.ask(300, subject="own", asker=Asker("sue", "sue"))
    await refunds.ask(100, subject="small")
    ways: list[list[list[str]]] = [[await listed(duty, mine="true") for duty in duties]]
    for asked in (first, second):
        await said(duties[0], asked)
        ways.append([await listed(duty, mine="true") for duty in duties])

    assert ways == [[["second", "first"], []], [["second"], ["first"]], [[], ["first"]]]
    for duty in duties:  # what is listed as mine is what offers me something, and the other way round
        offered = [each["subject"] for each in (await page(duty))["approvals"] if each["allowed_actions"]]
        assert offered == await listed(duty, mine="true")


async def test_a_list_is_narrowed_and_read_page_by_page(gate: Gate, refunds: Refunds) -> None:
    vera = await Duty.open(gate, "vera", "viewer")
    for number in range(5):
        await refunds.ask(300 if number % 2 else 50, subject=f"rfd_{number}")

    first = await page(vera, page_size=2)
    second = await page(vera, page_size=2, page_token=first["next_page_token"])
    last = await page(vera, page_size=2, page_token=second["next_page_token"])

    pages = [[each["subject"] for each in told["approvals"]] for told in (first, second, last)]
    assert pages == [["rfd_4", "rfd_3"], ["rfd_2", "rfd_1"], ["rfd_0"]]
    assert last["next_page_token"] == ""
    assert await listed(vera, status="pending") == ["rfd_3", "rfd_1"]
    assert await listed(vera, status="approved", subject="rfd_2") == ["rfd_2"]
    assert await listed(vera, kind="invoice") == await listed(vera, mine="true") == []
    wrong = {"page_token": first["next_page_token"], "mine": "true"}
    assert (await gate.http.get(PATH, params=wrong, headers=vera.headers)).status_code == 400


@pytest.mark.parametrize(
    ("who", "roles", "word", "seen", "status", "code"),
    [
        ("sue", ("support",), "approve", "f" * 64, 409, "approval_superseded"),
        ("sam", ("support",), "reject", "", 403, "self_approval_forbidden"),
        ("finn", ("finance", "admin"), "approve", "", 403, "not_in_chain"),
        ("vera", ("viewer",), "approve", "", 403, "forbidden"),
    ],
)
async def test_what_is_not_theirs_to_say_is_refused(
    gate: Gate, refunds: Refunds, who: str, roles: tuple[str, ...], word: str, seen: str, status: int, code: str
) -> None:
    duty = await Duty.open(gate, who, *roles)
    asked = await refunds.ask(800, asker=Asker("web", "sam"))

    answer = await said(duty, asked, word, seen=seen)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await see(duty, asked))["status"] == "pending"
    assert await refunds.rows("select 1 from audit where action = 'approvals:write'") == []


async def test_what_has_changed_meanwhile_is_not_approved(gate: Gate, refunds: Refunds) -> None:
    sue = await Duty.open(gate, "sue", "support")
    asked = await refunds.ask(300)
    changed = await refunds.ask(400)

    answers = [await said(sue, asked), await said(sue, changed, seen=asked.content_hash)]

    told = [(answer.status_code, answer.json()["code"], answer.json()["state"]) for answer in answers]
    assert told == [(409, "approval_superseded", "superseded"), (409, "approval_superseded", "pending")]
    assert ((await see(sue, asked))["status"], (await see(sue, asked))["allowed_actions"]) == ("superseded", [])


async def test_what_is_decided_absorbs_the_same_and_refuses_the_rest(gate: Gate, refunds: Refunds) -> None:
    sue, sid = await Duty.open(gate, "sue", "support"), await Duty.open(gate, "sid", "support")
    asked = await refunds.ask(300)

    done, again = await said(sue, asked, "reject"), await said(sue, asked, "reject")
    others = [await said(sue, asked), await said(sid, asked, "reject")]

    assert (done.status_code, done.json()["status"], again.content) == (200, "rejected", done.content)
    assert {(each.status_code, each.json()["code"], each.json()["state"]) for each in others} == {
        (409, "already_decided", "rejected")
    }
    assert await refunds.rows(
        "select subject, resource, facts ->> 'verdict', facts ->> 'reason', (facts ->> 'changed')::boolean,"
        " facts ->> 'content_hash' from audit where action = 'approvals:write' order by audit_id"
    ) == [("sue", asked.approval_id, "rejected", WHY, new, asked.content_hash) for new in (True, False)]


async def test_copies_of_a_request_say_it_once(gate: Gate, refunds: Refunds) -> None:
    sue = await Duty.open(gate, "sue", "support")
    asked = await refunds.ask(800)

    copies = await asyncio.gather(*(said(sue, asked, key="one-yes-0123456789") for _ in range(4)))
    later = await said(sue, asked, key="one-yes-0123456789")
    other = await said(sue, asked, "reject", key="one-yes-0123456789")

    assert {(each.status_code, each.content) for each in (*copies, later)} == {(200, copies[0].content)}
    assert later.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await see(sue, asked))["status"] == "pending"


async def test_what_the_policy_approved_says_so(gate: Gate, refunds: Refunds) -> None:
    sue = await Duty.open(gate, "sue", "support")
    asked = await refunds.ask(100)

    seen, answer = await see(sue, asked), await said(sue, asked)

    assert (seen["status"], seen["by_policy"], seen["steps"], seen["allowed_actions"]) == ("approved", True, [], [])
    assert (answer.status_code, answer.json()["code"]) == (409, "already_decided")


@pytest.mark.parametrize("body", [{}, {"reason": "no"}, {"content_hash": "abc"}, {"by": "eve"}])
async def test_what_is_no_decision_is_refused(gate: Gate, refunds: Refunds, body: Json) -> None:
    sue = await Duty.open(gate, "sue", "support")
    asked = await refunds.ask(300)
    usual = {"reason": WHY, "content_hash": asked.content_hash}
    sent = {**usual, **body} if body else {"reason": WHY}
    headers = {**sue.headers, "idempotency-key": uuid4().hex}

    answer = await gate.http.post(f"{PATH}/{asked.approval_id}/approve", json=sent, headers=headers)

    assert (answer.status_code, (await see(sue, asked))["status"]) == (422, "pending")


async def test_what_is_not_there_cannot_be_decided(gate: Gate, refunds: Refunds) -> None:
    sue = await Duty.open(gate, "sue", "support")
    absent = f"{PATH}/apr_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
    body = {"reason": WHY, "content_hash": "0" * 64}

    answers = [
        await gate.http.get(absent, headers=sue.headers),
        await gate.http.post(f"{absent}/approve", json=body, headers={**sue.headers, "idempotency-key": uuid4().hex}),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}

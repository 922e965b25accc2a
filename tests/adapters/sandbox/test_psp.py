"""The pretend payment provider: what it holds, gives back and takes, and what a key is worth."""

import asyncio
from typing import Any

import pytest

CHARGE = {"amount": {"amount": 3000, "currency": "GBP"}}


async def test_money_is_held_and_then_taken(sandbox: Any) -> None:
    held = (await sandbox.authorise()).json()

    taken = await sandbox.post(f"/psp/authorisations/{held['id']}/captures", CHARGE, key="take")

    balances = (await sandbox.get("/ledger/summary"))["psp"]
    assert held["status"] == "authorised"
    assert held["reference"] == "ord_1"
    assert taken.status_code == 201
    assert taken.json()["authorisation"] == held["id"]
    assert balances["held"] == {"GBP": 0}
    assert balances["captured"] == {"GBP": 3000}


async def test_money_given_back_twice_is_given_back_once(sandbox: Any) -> None:
    held = (await sandbox.authorise()).json()["id"]

    first = await sandbox.post(f"/psp/authorisations/{held}/void", {}, key="void-1")
    second = await sandbox.post(f"/psp/authorisations/{held}/void", {}, key="void-2")

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json() == {"id": held, "status": "voided"}
    assert await sandbox.effects("psp") == ["authorisation", "void"]


@pytest.mark.parametrize(
    ("before", "then", "amount", "expected"),
    [
        ("captures", "void", 3000, (409, "already_captured")),
        ("captures", "captures", 3000, (409, "already_captured")),
        ("void", "captures", 3000, (409, "voided")),
        (None, "captures", 3001, (422, "amount_too_large")),
        (None, "captures", 2999, (201, None)),
    ],
)
async def test_what_contradicts_the_books_is_refused(
    sandbox: Any, before: str | None, then: str, amount: int, expected: tuple[int, str]
) -> None:
    held = (await sandbox.authorise()).json()["id"]
    if before:
        await sandbox.post(f"/psp/authorisations/{held}/{before}", CHARGE)

    answer = await sandbox.post(
        f"/psp/authorisations/{held}/{then}", {"amount": {"amount": amount, "currency": "GBP"}}, key="then"
    )

    assert (answer.status_code, answer.json().get("code")) == expected


async def test_repeating_a_key_repeats_the_answer_and_not_the_effect(sandbox: Any) -> None:
    first = await sandbox.authorise(key="k")
    second = await sandbox.authorise(key="k")

    assert second.content == first.content
    assert await sandbox.effects("psp") == ["authorisation"]


async def test_twenty_copies_at_once_hold_money_once(sandbox: Any) -> None:
    answers = await asyncio.gather(
        *(sandbox.authorise(key="k", sandbox_fault="delay;delay=0.01" if copy % 2 else "delay") for copy in range(20))
    )

    assert len({answer.content for answer in answers}) == 1
    assert await sandbox.effects("psp") == ["authorisation"]


async def test_a_key_used_for_something_else_is_a_conflict(sandbox: Any) -> None:
    await sandbox.authorise(key="k", amount=3000)

    answer = await sandbox.authorise(key="k", amount=3001)

    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert await sandbox.effects("psp") == ["authorisation"]


async def test_a_key_is_forgotten_after_a_day(open_sandbox: Any) -> None:
    now = [1_800_000_000.0]
    async with open_sandbox(clock=lambda: now[0]) as sandbox:
        await sandbox.authorise(key="k")
        now[0] += 24 * 3600 - 1
        await sandbox.authorise(key="k")
        within_the_day = await sandbox.effects("psp")

        now[0] += 2
        await sandbox.authorise(key="k")

        assert within_the_day == ["authorisation"]
        assert await sandbox.effects("psp") == ["authorisation", "authorisation"]
        assert (await sandbox.get("/ledger/summary"))["doubled"] == 1


async def test_the_declining_token_is_declined_and_stays_declined(sandbox: Any) -> None:
    first = await sandbox.authorise(key="k", token="tok_declined")
    second = await sandbox.authorise(key="k", token="tok_declined")

    assert first.status_code == 402
    assert first.json() == {"code": "declined", "detail": "insufficient funds"}
    assert second.content == first.content
    assert await sandbox.effects("psp") == []


async def test_an_effect_is_found_by_its_key(sandbox: Any) -> None:
    held = (await sandbox.authorise(key="hold")).json()["id"]
    await sandbox.post(f"/psp/authorisations/{held}/captures", CHARGE, key="take")

    by_hold = (await sandbox.get("/psp/effects", key="hold"))["effects"]
    by_take = (await sandbox.get("/psp/effects", key="take"))["effects"]
    by_other = (await sandbox.get("/psp/effects", key="other"))["effects"]

    assert [(effect["id"], effect["kind"], effect["status"]) for effect in by_hold] == [
        (held, "authorisation", "captured")
    ]
    assert [(effect["kind"], effect["amount"]["amount"], effect["status"]) for effect in by_take] == [
        ("capture", 3000, "captured")
    ]
    assert by_other == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"reference": 1}', b'{"reference": "r", "token": "t"}'])
async def test_what_cannot_be_read_is_malformed_and_noted(sandbox: Any, body: bytes) -> None:
    answer = await sandbox.http.post("/psp/authorisations", content=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert [attempt["status"] for attempt in await sandbox.attempts("psp")] == [400]
    assert await sandbox.effects("psp") == []

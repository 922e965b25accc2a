"""What a fault does to a call: whether it was applied, and what the caller was told."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import httpx2
import pytest


async def asked(sandbox: Any, fault: str) -> Any:
    """What the caller of an authorisation sees under *fault*: a status, garbage, a cut connection or nothing."""
    try:
        async with asyncio.timeout(0.3):
            answer = await sandbox.authorise(key="k", sandbox_fault=fault)
    except TimeoutError:
        return "silence"
    except httpx2.ReadError:
        return "cut"
    try:
        answer.json()
    except ValueError:
        return "garbage"
    return answer.status_code


@pytest.mark.parametrize(
    ("fault", "seen", "applied", "noted"),
    [
        ("delay;delay=0.01", 201, True, 201),
        ("hang_before", "silence", False, None),
        ("hang_after;delay=0.01", "silence", True, None),
        ("error_before", 500, False, 500),
        ("error_after", 500, True, 500),
        ("reset_after", "cut", True, None),
        ("garbage", "garbage", True, 200),
        ("refuse", 422, False, 422),
        ("decline", 402, False, 402),
    ],
)
async def test_each_fault_applies_or_not_and_answers_or_not(
    sandbox: Any, fault: str, seen: Any, applied: bool, noted: int | None
) -> None:
    kind = fault.partition(";")[0]

    told = await asked(sandbox, fault)

    [attempt] = await sandbox.attempts("psp")
    assert told == seen
    assert await sandbox.effects("psp") == ["authorisation"] * applied
    assert (attempt["fault"], attempt["applied"], attempt["status"]) == (kind, applied, noted)
    assert (await sandbox.get("/faults"))["injected"] == {kind: 1}


@pytest.mark.parametrize("fault", ["error_after", "reset_after", "hang_after;delay=0.01", "garbage"])
async def test_the_same_key_after_a_lost_answer_tells_what_was_done(sandbox: Any, fault: str) -> None:
    await asked(sandbox, fault)

    answer = await sandbox.authorise(key="k")

    assert answer.status_code == 201
    assert await sandbox.effects("psp") == ["authorisation"]


@pytest.mark.parametrize("fault", ["refuse", "decline"])
async def test_a_refusal_is_the_keys_answer_from_then_on(sandbox: Any, fault: str) -> None:
    refused = await sandbox.authorise(key="k", sandbox_fault=fault)

    again = await sandbox.authorise(key="k")

    assert again.content == refused.content
    assert await sandbox.effects("psp") == []


@pytest.mark.parametrize("fault", ["refuse", "decline"])
async def test_what_was_applied_is_never_denied(sandbox: Any, fault: str) -> None:
    applied = await sandbox.authorise(key="k")

    again = await sandbox.authorise(key="k", sandbox_fault=fault)

    assert again.status_code == 201
    assert again.content == applied.content


async def test_nothing_is_applied_after_the_deadline(sandbox: Any) -> None:
    passed = str(int(time.time() * 1000) - 1)

    answer = await sandbox.authorise(request_deadline=passed)

    assert (answer.status_code, answer.json()["code"]) == (503, "deadline_passed")
    assert await sandbox.effects("psp") == []


@pytest.mark.parametrize(("fault", "noted"), [("delay;delay=0.1", 503), ("hang_after;delay=0.1", None)])
async def test_what_is_delayed_past_its_deadline_is_not_applied(sandbox: Any, fault: str, noted: int | None) -> None:
    soon = str(int(time.time() * 1000) + 50)

    with suppress(TimeoutError):
        async with asyncio.timeout(0.4):
            await sandbox.authorise(request_deadline=soon, sandbox_fault=fault)

    assert [attempt["status"] for attempt in await sandbox.attempts("psp")] == [noted]
    assert await sandbox.effects("psp") == []


async def test_a_key_whose_deadline_passed_may_be_used_again(sandbox: Any) -> None:
    await sandbox.authorise(key="k", request_deadline="1")

    answer = await sandbox.authorise(key="k")

    assert answer.status_code == 201


async def test_an_applied_key_is_answered_also_after_the_deadline(sandbox: Any) -> None:
    applied = await sandbox.authorise(key="k")

    again = await sandbox.authorise(key="k", request_deadline="1")

    assert again.content == applied.content


@pytest.mark.parametrize("fault", ["refuse", "decline", "late_callback"])
async def test_a_way_back_is_never_refused(sandbox: Any, fault: str) -> None:
    held = (await sandbox.authorise()).json()["id"]

    answer = await sandbox.post(f"/psp/authorisations/{held}/void", {}, key="v", sandbox_fault=fault)

    assert (answer.status_code, answer.json()["code"]) == (400, "fault_not_possible")
    assert (await sandbox.get("/ledger/summary"))["psp"]["held"] == {"GBP": 3000}


@pytest.mark.parametrize("fault", ["meltdown", "delay;delay=0.9", "delay;delay=soon", "refuse;delay=0.1"])
async def test_a_fault_that_is_not_understood_is_said_so(sandbox: Any, fault: str) -> None:
    answer = await sandbox.authorise(sandbox_fault=fault)

    assert (answer.status_code, answer.json()["code"]) == (400, "fault_not_possible")


async def test_a_look_up_can_fail_too(sandbox: Any) -> None:
    await sandbox.http.post(
        "/faults", json={"rules": [{"system": "psp", "operation": "*reads", "kind": "error_before", "next": 1}]}
    )

    failed = await sandbox.http.get("/psp/effects", params={"key": "k"})
    found = await sandbox.http.get("/psp/effects", params={"key": "k"})

    assert (failed.status_code, found.status_code) == (500, 200)

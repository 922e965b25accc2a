"""Who may be at work at once: partners, operations and classes, each within its bound, and every place given back."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from gateway.governance.admission import load_admission
from gateway.governance.bundle import Bundle
from tests.edge.notes import Turnstile, notes
from tests.gate import Gate, open_gate

KEYED = {"idempotency-key": "0123456789abcdef"}
POLICY = """places: 8
classes:
  health: {share: 125, operations: [report_liveness]}
  orders: {share: 100, operations: [write_note]}
  reads: {share: 75, operations: [read_note]}
  lists: {share: 25, operations: [list_problems]}
default_class: orders
operations: {list_signing_keys: 1}
partners: {trial: 2, internal: 20}
default_partner: 4
resting: {partner: 2, all: 3}
"""


@pytest.fixture
def turnstile() -> Turnstile:
    return Turnstile()


@pytest.fixture
async def gate(database_url: str, tmp_path: Path, bundle: Bundle, turnstile: Turnstile) -> AsyncIterator[Gate]:
    path = tmp_path / "admission.yaml"
    path.write_text(POLICY, encoding="utf-8")
    small = load_admission(path, operations=bundle.contracts.operations, plans=bundle.quotas.plans)
    router = notes(database_url, turnstile)
    async with open_gate(database_url, tmp_path, bundle=replace(bundle, admission=small), router=router) as opened:
        yield opened


@asynccontextmanager
async def under_way(turnstile: Turnstile, *requests: Coroutine[Any, Any, Response]) -> AsyncIterator[None]:
    """Inside, all of them are at work; afterwards they have been answered well."""
    tasks = [asyncio.create_task(request) for request in requests]
    await turnstile.come(len(tasks))
    try:
        yield
    finally:
        turnstile.open.set()
        answers = await asyncio.gather(*tasks)
        turnstile.open.clear()
    assert {answer.status_code for answer in answers} == {200}


def told(answer: Response) -> tuple[int, str]:
    assert answer.headers["retry-after"] == "1"
    assert (answer.json()["retryable"], answer.json()["effect"]) == (True, "none")
    return answer.status_code, answer.json()["code"]


async def test_a_partner_has_so_many_requests_under_way_and_no_more(gate: Gate, turnstile: Turnstile) -> None:
    greedy = await gate.bearer(await gate.partner("web", plan="trial"))
    other = await gate.bearer(await gate.partner("pos", plan="trial"))

    async with under_way(turnstile, *(gate.http.get(f"/v1/notes/held{n}", headers=greedy) for n in range(2))):
        refused = await gate.http.get("/v1/notes/hello", headers=greedy)
        admitted = await gate.http.get("/v1/notes/hello", headers=other)

    assert told(refused) == (429, "concurrency_exceeded")
    assert "'plan trial'" in refused.json()["detail"]
    assert "ratelimit" not in refused.headers  # it was not even counted
    assert admitted.status_code == 200
    assert (await gate.http.get("/v1/notes/hello", headers=greedy)).status_code == 200


async def test_two_tokens_of_a_partner_share_its_bound(gate: Gate, turnstile: Turnstile) -> None:
    partner = await gate.partner("web", plan="trial")
    first, second = await gate.bearer(partner), await gate.bearer(partner)

    async with under_way(turnstile, *(gate.http.get("/v1/notes/held", headers=each) for each in (first, second))):
        assert told(await gate.http.get("/v1/notes/hello", headers=second)) == (429, "concurrency_exceeded")


async def test_reads_leave_room_for_orders_and_orders_for_health(gate: Gate, turnstile: Turnstile) -> None:
    headers = {**await gate.bearer(), "content-type": "application/json"}
    writes = (
        gate.http.post("/v1/notes?mode=held", json={"text": "x"}, headers={**headers, "idempotency-key": f"{n:016}"})
        for n in range(2)
    )

    async with under_way(turnstile, *(gate.http.get("/v1/notes/held", headers=headers) for _ in range(6))):
        assert told(await gate.http.get("/v1/notes/hello", headers=headers)) == (503, "overloaded")
        assert told(await gate.http.get("/problems")) == (503, "overloaded")

        async with under_way(turnstile, *writes):
            more = await gate.http.post("/v1/notes", json={"text": "x"}, headers={**headers, **KEYED})
            assert told(more) == (503, "overloaded")
            assert (await gate.http.get("/healthz")).status_code == 200


async def test_lists_find_room_only_when_little_is_under_way(gate: Gate, turnstile: Turnstile) -> None:
    headers = await gate.bearer()

    async with under_way(turnstile, gate.http.get("/v1/notes/held", headers=headers)):
        assert (await gate.http.get("/problems")).status_code == 200

    async with under_way(turnstile, *(gate.http.get("/v1/notes/held", headers=headers) for _ in range(2))):
        assert told(await gate.http.get("/problems")) == (503, "overloaded")


@pytest.mark.parametrize("path", ["crash", "absent", "away", "broken", "hello"])
async def test_a_place_is_given_back_whatever_the_route_does(gate: Gate, path: str) -> None:
    headers = await gate.bearer(await gate.partner(plan="standard"))

    statuses = [(await gate.http.get(f"/v1/notes/{path}", headers=headers)).status_code for _ in range(10)]

    assert len(set(statuses)) == 1


async def test_a_place_is_given_back_when_the_caller_goes_away(gate: Gate, turnstile: Turnstile) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))
    for _ in range(4):
        request = asyncio.create_task(gate.http.get("/v1/notes/held", headers=headers))
        await turnstile.come(1)

        request.cancel()
        await asyncio.wait([request])

    assert (await gate.http.get("/v1/notes/hello", headers=headers)).status_code == 200


async def test_who_rests_holds_no_place(gate: Gate, turnstile: Turnstile) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))

    resting = (gate.http.get("/v1/notes/resting", headers=headers) for _ in range(2))
    held = (gate.http.get("/v1/notes/held", headers=headers) for _ in range(2))
    async with under_way(turnstile, *resting), under_way(turnstile, *held):
        assert told(await gate.http.get("/v1/notes/hello", headers=headers)) == (429, "concurrency_exceeded")


async def test_how_many_may_rest_is_bounded_for_a_partner_and_for_all(gate: Gate, turnstile: Turnstile) -> None:
    web = await gate.bearer(await gate.partner("web"))
    pos = await gate.bearer(await gate.partner("pos"))

    async with under_way(turnstile, *(gate.http.get("/v1/notes/resting", headers=who) for who in (web, web, pos))):
        for_one = await gate.http.get("/v1/notes/resting", headers=web)
        for_all = await gate.http.get("/v1/notes/resting", headers=pos)

    assert (told(for_one), told(for_all)) == ((429, "concurrency_exceeded"), (503, "overloaded"))
    async with under_way(turnstile, *(gate.http.get("/v1/notes/resting", headers=web) for _ in range(2))):
        pass

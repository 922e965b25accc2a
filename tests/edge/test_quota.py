"""Fair shares for partners, and patience for addresses, each with its own memory."""

import http_sf
import pytest

from tests.gate import Gate

NOTE = "/v1/notes/hello"


async def spend(gate: Gate, headers: dict[str, str], path: str = NOTE, times: int = 5) -> list[int]:
    return [(await gate.http.get(path, headers=headers)).status_code for _ in range(times)]


async def test_every_answer_says_what_is_left(gate: Gate) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))

    answer = await gate.http.get(NOTE, headers=headers)

    policies = dict(http_sf.parse(answer.headers["ratelimit-policy"].encode(), tltype="list"))
    levels = dict(http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list"))
    assert policies == {"burst": {"q": 5, "w": 1}, "daily": {"q": 1000, "w": 86_400}}
    assert {name: level["r"] for name, level in levels.items()} == {"burst": 4, "daily": 999}


async def test_a_spent_budget_is_refused_with_the_time_to_wait(gate: Gate) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))
    assert await spend(gate, headers, times=5) == [200] * 5

    refused = await gate.http.get(NOTE, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert refused.json()["violated_policies"] == ["burst"]
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit"] == '"burst";r=0;t=1'

    gate.clock.pass_by(int(refused.headers["retry-after"]))
    assert (await gate.http.get(NOTE, headers=headers)).status_code == 200


async def test_an_operation_may_have_a_budget_of_its_own(gate: Gate) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))

    answer = await gate.http.get("/v1/orders", headers=headers)

    levels = dict(http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list"))
    assert {name: level["r"] for name, level in levels.items()} == {"burst": 4, "daily": 999, "list_orders": 59}


async def test_one_partner_does_not_spend_the_others_share(gate: Gate) -> None:
    greedy = await gate.bearer(await gate.partner("web", plan="trial"))
    other = await gate.bearer(await gate.partner("pos", plan="trial"))
    await spend(gate, greedy, times=8)

    assert (await gate.http.get(NOTE, headers=other)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/notes/crash", "/v1/notes/broken", "/v1/notes/away"])
async def test_a_fault_of_ours_costs_nothing(gate: Gate, path: str) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))

    answers = await spend(gate, headers, path, times=12)

    assert 429 not in answers


async def test_a_replay_costs_nothing(gate: Gate) -> None:
    headers = {**await gate.bearer(await gate.partner(plan="trial")), "idempotency-key": "0123456789abcdef"}

    answers = [await gate.http.post("/v1/notes", json={"text": "hello"}, headers=headers) for _ in range(12)]

    assert {answer.status_code for answer in answers} == {200}


async def test_a_refusal_of_the_request_itself_does_cost(gate: Gate) -> None:
    headers = await gate.bearer(await gate.partner(plan="trial"))

    assert 429 in await spend(gate, headers, "/v1/notes/absent", times=12)


async def test_operations_for_everybody_are_not_metered(gate: Gate) -> None:
    answer = await gate.http.get("/healthz")

    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize(("path", "status"), [(NOTE, 401), ("/nowhere", 404)])
async def test_an_address_that_keeps_failing_is_refused_before_its_credentials_are_read(
    gate: Gate, path: str, status: int
) -> None:
    good = await gate.bearer()
    for _ in range(gate.bundle.quotas.addresses.quota):
        assert (await gate.http.get(path)).status_code == status

    answer = await gate.http.get(NOTE, headers=good)

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await gate.http.get("/nowhere")).status_code == 404  # cheaper to answer than to refuse


async def test_success_and_faults_of_ours_do_not_count_against_an_address(gate: Gate) -> None:
    headers = await gate.bearer()

    statuses = {
        status
        for path in (NOTE, "/v1/notes/away", "/v1/notes/conflict")
        for status in await spend(gate, headers, path, times=80)
    }

    assert statuses == {200, 503, 409}

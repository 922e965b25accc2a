"""What the edge counts: in at the front door, read at the internal one."""

import asyncio
from uuid import uuid4

import pytest

from tests.gate import Gate
from tests.journeys.shop import order
from tests.observability.conftest import Watched

TOTAL = "omnigate_http_requests_total"
SECONDS = "omnigate_http_request_duration_seconds_count"
LIST = "/v1/orders"
SECRET = "s3cret-9f1c-never-to-be-told"


async def place(gate: Gate, headers: dict[str, str], key: str, reference: str) -> int:
    body = order(reference)
    answer = await gate.http.post("/v1/orders", json=body, headers={**headers, "idempotency-key": key})
    return answer.status_code


async def test_an_answered_request_is_counted_under_its_operation(watched: Watched) -> None:
    headers = await watched.gate.bearer()
    for _ in range(3):
        assert (await watched.gate.http.get(LIST, headers=headers)).status_code == 200

    seen = await watched.scrape()

    assert seen.of(TOTAL, operation="list_orders", status="200", code="none") == 3
    assert seen.of(SECONDS, operation="list_orders") == 3
    assert seen.of(TOTAL, operation="issue_token", status="200") == 1
    assert seen.of("omnigate_http_requests_in_flight") == 0


@pytest.mark.parametrize(
    ("method", "path", "operation", "status", "code"),
    [
        ("GET", "/nowhere", "none", "404", "not_found"),
        ("DELETE", LIST, "none", "405", "method_not_allowed"),
        ("GET", LIST, "list_orders", "401", "unauthenticated"),
        ("POST", LIST, "place_order", "401", "unauthenticated"),
    ],
)
async def test_a_refusal_is_counted_with_its_code(
    watched: Watched, method: str, path: str, operation: str, status: str, code: str
) -> None:
    await watched.gate.http.request(method, path)

    seen = await watched.scrape()

    assert seen.of(TOTAL, operation=operation, status=status, code=code) == 1
    assert seen.of(TOTAL) == 1


async def test_what_the_caller_may_not_or_says_wrongly_is_counted_with_its_code(watched: Watched) -> None:
    reader = await watched.gate.bearer(await watched.gate.partner("reader", scopes=frozenset({"orders:read"})))
    writer = {**await watched.gate.bearer(), "idempotency-key": uuid4().hex}
    await watched.gate.http.post(LIST, json=order(), headers={**reader, "idempotency-key": uuid4().hex})
    await watched.gate.http.post(LIST, json={}, headers=writer)
    await watched.gate.http.post(LIST, content=b"a=1", headers={**writer, "content-type": "text/plain"})

    seen = await watched.scrape()

    for status, code in (("403", "insufficient_scope"), ("422", "invalid"), ("415", "unsupported_media_type")):
        assert seen.of(TOTAL, operation="place_order", status=status, code=code) == 1, code


async def test_a_replay_is_counted_as_such(watched: Watched) -> None:
    headers, key, reference = await watched.gate.bearer(), uuid4().hex, uuid4().hex
    body = order(reference)
    for _ in range(3):
        answer = await watched.gate.http.post(LIST, json=body, headers={**headers, "idempotency-key": key})
        assert answer.status_code == 202

    seen = await watched.scrape()

    assert seen.of("omnigate_idempotent_replays_total", operation="place_order") == 2
    assert seen.of(TOTAL, operation="place_order", status="202") == 3


async def test_a_spent_budget_is_counted_by_plan_and_name(watched: Watched) -> None:
    headers = await watched.gate.bearer(await watched.gate.partner(plan="trial"))
    before = await watched.scrape()
    statuses = [(await watched.gate.http.get(LIST, headers=headers)).status_code for _ in range(7)]

    seen = await watched.scrape()

    assert statuses.count(429) == 2
    assert before.has("omnigate_quota_refusals_total"), "a series that begins at nought shows its first step"
    assert seen.of("omnigate_quota_refusals_total", plan="trial", budget="burst") == 2
    assert seen.of("omnigate_quota_refusals_total") == 2
    assert seen.of(TOTAL, operation="list_orders", code="quota_exceeded") == 2


async def test_an_address_that_is_refused_is_counted(watched: Watched) -> None:
    limit = watched.gate.bundle.quotas.addresses.quota
    for _ in range(limit + 2):
        await watched.gate.http.get(LIST)

    seen = await watched.scrape()

    assert seen.of("omnigate_address_guard_refusals_total") == 2
    assert seen.of(TOTAL, status="401") == limit


async def test_requests_under_way_are_seen(watched: Watched) -> None:
    async with watched.gate.database.transaction() as connection:
        await connection.execute("lock table orders in access exclusive mode")
        headers = await watched.gate.bearer()
        asking = asyncio.create_task(watched.gate.http.get(LIST, headers=headers))
        while (await watched.scrape()).of("omnigate_http_requests_in_flight") < 1:
            await asyncio.sleep(0)

    assert (await asking).status_code == 200
    assert (await watched.scrape()).of("omnigate_http_requests_in_flight") == 0


async def test_nothing_that_a_caller_chose_is_told(watched: Watched) -> None:
    credentials = await watched.gate.partner("web")
    headers = {**await watched.gate.bearer(credentials), "x-note": SECRET, "idempotency-key": SECRET}
    await watched.gate.http.get(f"/{SECRET}", headers=headers)
    await watched.gate.http.request("BREW", f"/v1/orders/{SECRET}?{SECRET}={SECRET}", headers=headers)
    await watched.gate.http.get(f"/v1/orders/{SECRET}", headers=headers)
    await watched.gate.http.post(LIST, json={SECRET: SECRET}, headers=headers)
    await watched.gate.ask_token(credentials, scope=SECRET)

    told = (await watched.scrape()).text

    assert SECRET not in told
    assert credentials.client_secret not in told
    assert credentials.client_id not in told
    assert headers["authorization"].removeprefix("Bearer ") not in told

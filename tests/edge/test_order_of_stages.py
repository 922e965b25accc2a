"""When two things are wrong, the stage further out answers: each line breaks when two stages change places."""

from dataclasses import dataclass, field
from io import BytesIO

import orjson
import pytest

from tests.gate import Gate

KEY = {"idempotency-key": "0123456789abcdef"}
JSON = {"content-type": "application/json"}
LARGE_HEADERS = {"x-long": "x" * 33_000}


@dataclass(frozen=True)
class Wrong:
    """A request with two things wrong, and the code of the one that is answered."""

    code: str
    path: str = "/v1/notes"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"text":"hello"}'
    scope: str | None = "orders:write"  # of the token; None: no token


CASES = {
    "operation before limits": Wrong("not_found", path="/nowhere", headers=LARGE_HEADERS),
    "operation before authentication": Wrong("not_found", path="/nowhere", scope=None),
    "limits before authentication": Wrong("headers_too_large", headers=LARGE_HEADERS, scope=None),
    "body limit before authentication": Wrong("body_too_large", body=b"x" * 2000, scope=None),
    "authentication before authorization and contract": Wrong("unauthenticated", body=b"{", scope=None),
    "authorization before contract": Wrong("insufficient_scope", body=b"{", scope="orders:read"),
    "authorization before idempotency": Wrong("insufficient_scope", scope="orders:read"),
    "contract before idempotency": Wrong("invalid", body=b'{"txt":"hello"}'),
    "reading before idempotency": Wrong("malformed", body=b'{"text":1,"text":2}'),
    "idempotency before the route": Wrong("idempotency_key_missing"),
}


@pytest.mark.parametrize("name", CASES)
async def test_the_outer_stage_answers(gate: Gate, name: str) -> None:
    case = CASES[name]
    token = {} if case.scope is None else await gate.bearer(scope=case.scope)

    answer = await gate.http.post(case.path, content=case.body, headers={**JSON, **token, **case.headers})

    assert answer.json()["code"] == case.code


async def test_the_address_guard_stands_before_authentication(gate: Gate) -> None:
    for _ in range(gate.bundle.quotas.addresses.quota):
        await gate.http.get("/nowhere")

    answer = await gate.http.get("/v1/notes/hello", headers={"authorization": "Bearer forged"})

    assert answer.status_code == 429


async def test_authentication_stands_before_quota(gate: Gate) -> None:
    answer = await gate.http.get("/v1/notes/hello", headers={"authorization": "Bearer forged"})

    assert "ratelimit" not in answer.headers


async def test_quota_stands_before_authorization(gate: Gate) -> None:
    partner = await gate.partner(plan="trial")
    headers = await gate.bearer(partner, scope="orders:write")
    answers = [await gate.http.get("/v1/notes/hello", headers=headers) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]


async def test_telemetry_stands_before_everything_that_refuses(gate: Gate, lines: BytesIO) -> None:
    answers = [
        await gate.http.get("/nowhere?secret=canary", headers=LARGE_HEADERS),
        await gate.http.get("/v1/notes/hello", headers=LARGE_HEADERS),
        await gate.http.delete("/v1/notes"),
    ]

    logged = [orjson.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["request_id"] for line in logged] == [answer.headers["x-request-id"] for answer in answers]
    assert [(line["route"], line["status"], line["code"]) for line in logged] == [
        (None, 404, "not_found"),
        ("/v1/notes/{note_id}", 431, "headers_too_large"),
        (None, 405, "method_not_allowed"),
    ]
    assert b"canary" not in lines.getvalue()

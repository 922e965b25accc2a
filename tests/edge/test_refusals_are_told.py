"""Whoever is refused is written down: who, what and why; and nothing of what it tried with."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import orjson
import pytest
from httpx2 import Response

from tests.gate import FORM, Gate

NOTE = "/v1/notes/hello"
PAN, MAIL = "4111111111111111", "ada@example.com"


def last_line(lines: BytesIO) -> Mapping[str, Any]:
    written = [orjson.loads(line) for line in lines.getvalue().splitlines()]
    return next(line for line in reversed(written) if line["event"] == "request")


def told(lines: BytesIO, answer: Response) -> tuple[Any, ...]:
    line = last_line(lines)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["status"], line["address"]) == (answer.status_code, "127.0.0.1")
    assert line["level"] == "info"
    assert line["timestamp"]
    return line["method"], line["route"], line["code"], line["partner"], line["client"], line["why"]


async def test_a_call_without_a_token_is_told(gate: Gate, lines: BytesIO) -> None:
    answer = await gate.http.get(NOTE)

    why = "a bearer token is needed"
    assert told(lines, answer) == ("GET", "/v1/notes/{note_id}", "unauthenticated", None, None, why)


async def test_a_forged_token_is_told_without_its_text(gate: Gate, lines: BytesIO) -> None:
    token = await gate.token(await gate.partner())

    answer = await gate.http.get(NOTE, headers={"authorization": f"Bearer {token[:-6]}AAAAAA"})

    why = "the token's signature is not valid"
    assert told(lines, answer) == ("GET", "/v1/notes/{note_id}", "invalid_token", None, None, why)
    assert token[:40].encode() not in lines.getvalue()


async def test_a_suspended_partner_is_told_by_its_client(gate: Gate, lines: BytesIO) -> None:
    partner = await gate.partner("web")
    headers = await gate.bearer(partner)
    await gate.registry.suspend("web", operator="tess")

    answer = await gate.http.get(NOTE, headers=headers)

    why = "the client of this token is unknown or suspended"
    assert told(lines, answer) == ("GET", "/v1/notes/{note_id}", "invalid_token", None, partner.client_id, why)


async def test_a_missing_scope_is_told_with_the_rule(gate: Gate, lines: BytesIO) -> None:
    partner = await gate.partner("web")

    answer = await gate.http.get(NOTE, headers=await gate.bearer(partner, scope="orders:write"))

    method, route, code, who, client, why = told(lines, answer)
    assert (method, route, code) == ("GET", "/v1/notes/{note_id}", "insufficient_scope")
    assert (who, client) == ("web", partner.client_id)
    assert why == "the rule 'partners-read-their-orders' denies it: orders:read needs the scope orders:read"


async def test_a_bad_signature_is_told_by_its_system(gate: Gate, lines: BytesIO) -> None:
    signature = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(gate.clock.ticks())),
        "webhook-signature": "v1,AA==",
    }

    answer = await gate.http.post("/v1/callbacks/wms", json={"mail": MAIL, "card": PAN}, headers=signature)

    told_of = ("POST", "/v1/callbacks/{system}", "invalid_signature", None, "wms", "no signature matches")
    assert told(lines, answer) == told_of


@pytest.mark.parametrize(
    ("who", "why"),
    [("unknown", "there is no such client"), ("wrong", "the secret is wrong"), ("gone", "the client is suspended")],
)
async def test_a_refused_token_is_told_by_its_client_and_the_true_reason(
    gate: Gate, lines: BytesIO, who: str, why: str
) -> None:
    partner = await gate.partner("web")
    if who == "gone":
        await gate.registry.suspend("web", operator="tess")
    client = partner.client_id if who != "unknown" else f"{MAIL}{PAN}"
    secret = partner.client_secret if who == "gone" else "canary-secret"

    answer = await gate.http.post(
        "/oauth/token", content="grant_type=client_credentials", headers=FORM, auth=(client, secret)
    )

    named = partner.client_id if who != "unknown" else None
    assert told(lines, answer) == ("POST", "/oauth/token", None, None, named, why)
    for canary in (secret, MAIL, PAN):
        assert canary not in answer.text
        assert canary.encode() not in lines.getvalue()


async def test_an_address_that_may_not_try_again_is_told(gate: Gate, lines: BytesIO) -> None:
    for _ in range(gate.bundle.quotas.addresses.quota + 1):
        answer = await gate.http.get(NOTE)

    why = "too many requests from this address have failed"
    assert told(lines, answer) == ("GET", "/v1/notes/{note_id}", "too_many_requests", None, None, why)

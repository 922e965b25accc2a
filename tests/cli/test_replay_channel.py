"""A channel's client repeats until it is answered, under the same key, and does what it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import ASGITransport, ReadError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.cli.channel import Ack, Channel, Refusal, order_key
from gateway.errors import Misconfigured, Unavailable
from tests.gate import PUBLIC, Gate
from tests.journeys.shop import order

RECEIPT = JSONResponse({"order_id": "ord_1"}, 202)
Answer = Response | Exception


@dataclass
class MoodyEdge:
    """Answers orders as it was told to, one answer after the other, and remembers the keys and tokens it saw."""

    answers: list[Answer]
    keys: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    issued: int = 0
    lifetime: int = 900

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/oauth/token", self.issue, methods=["POST"]),
                Route("/v1/orders", self.take, methods=["POST"]),
            ]
        )

    async def issue(self, request: Request) -> Response:
        self.issued += 1
        return JSONResponse({"access_token": f"token-{self.issued}", "expires_in": self.lifetime})

    async def take(self, request: Request) -> Response:
        self.keys.append(request.headers["idempotency-key"])
        self.tokens.append(request.headers["authorization"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def problem(status: int, code: str, *, retryable: bool = False, wait: str | None = None) -> Response:
    headers = {"retry-after": wait} if wait is not None else {}
    return JSONResponse({"code": code, "detail": "said so", "retryable": retryable}, status, headers)


def channel(edge: MoodyEdge, *, patience: float = 20.0) -> Channel:
    return Channel(
        "http://edge", client_id="c", client_secret="s", patience=patience, transport=ASGITransport(edge.app())
    )


@pytest.mark.parametrize(
    "first",
    [
        lambda: problem(429, "quota_exceeded", retryable=True, wait="0"),
        lambda: problem(503, "unavailable", retryable=True, wait="0"),
        lambda: problem(409, "idempotency_in_flight", retryable=True, wait="0"),
        lambda: ReadError("the connection was cut"),
    ],
)
async def test_what_may_be_repeated_is_repeated_under_the_same_key(first: Callable[[], Answer]) -> None:
    edge = MoodyEdge([first(), RECEIPT])

    async with channel(edge) as client:
        ack = await client.place(order("536365"))

    assert isinstance(ack, Ack)
    assert edge.keys == [f'"{order_key("web-uk", "536365")}"'] * 2


async def test_a_no_is_final() -> None:
    edge = MoodyEdge([problem(422, "totals_mismatch")])

    async with channel(edge) as client:
        answer = await client.place(order("536365"))

    assert answer == Refusal("536365", 422, "totals_mismatch", "said so")


async def test_patience_ends() -> None:
    edge = MoodyEdge([problem(503, "unavailable", retryable=True, wait="1")] * 2)

    async with channel(edge, patience=0.1) as client:
        with pytest.raises(Unavailable, match="503 unavailable"):
            await client.place(order())


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    edge = MoodyEdge([problem(401, "invalid_token"), RECEIPT, problem(401, "x"), problem(401, "invalid_token")])

    async with channel(edge) as client:
        answers = [await client.place(order()) for _ in range(2)]

    assert edge.tokens[:2] == ["Bearer token-1", "Bearer token-2"]
    assert isinstance(answers[0], Ack)
    assert isinstance(answers[1], Refusal)


async def test_a_token_is_kept_until_shortly_before_it_ends() -> None:
    keeping, renewing = MoodyEdge([RECEIPT, RECEIPT]), MoodyEdge([RECEIPT, RECEIPT], lifetime=30)

    for edge in (keeping, renewing):
        async with channel(edge) as client:
            await client.place(order())
            await client.place(order())

    assert (keeping.issued, renewing.issued) == (1, 2)


def test_keys_are_the_same_in_every_run() -> None:
    assert order_key("web", "536365") == "03d1cb34-456e-5a7a-b06b-29342fc22028"
    assert order_key("web", "536365") != order_key("pos", "536365")


def caller(gate: Gate, credentials: Any) -> Channel:
    return Channel(
        PUBLIC,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        transport=ASGITransport(gate.app),
    )


async def test_a_second_run_is_answered_alike_and_places_nothing(gate: Gate) -> None:
    credentials, body = await gate.partner(), order("536365")

    async with caller(gate, credentials) as first, caller(gate, credentials) as second:
        acks = [await client.place(body) for client in (first, second)]
        listed = [each["order_id"] async for each in second.orders()]

    assert isinstance(acks[0], Ack)
    assert isinstance(acks[1], Ack)
    assert (acks[0].digest, acks[0].order_id) == (acks[1].digest, acks[1].order_id)
    assert (acks[0].replayed, acks[1].replayed) == (False, True)
    assert listed == [acks[0].order_id]


async def test_a_cancel_is_taken_up_once_and_a_refusal_names_the_fault(gate: Gate) -> None:
    async with caller(gate, await gate.partner()) as client:
        ack = await client.place(order("1"))
        refusal = await client.place({**order("2"), "tax_mode": "none"})
        assert isinstance(ack, Ack)
        cancelled = [await client.cancel(ack.order_id, "twice") for _ in range(2)]
        status = (await client.order(ack.order_id))["status"]

    assert isinstance(refusal, Refusal)
    assert (refusal.status, "#/tax_mode" in refusal.detail) == (422, True)
    assert (cancelled, status) == ([None, None], "cancel_requested")


async def test_a_wrong_secret_is_said_at_once(gate: Gate) -> None:
    credentials = await gate.partner()
    client = Channel(
        PUBLIC, client_id=credentials.client_id, client_secret="guessed", transport=ASGITransport(gate.app)
    )

    async with client:
        with pytest.raises(Misconfigured, match="no token for that client id and secret: invalid_client"):
            await client.token()


async def test_anything_else_is_asked_for_without_a_key_or_under_one(gate: Gate) -> None:
    lines = {"lines": [{"sku": "LAMP-7"}]}
    async with caller(gate, await gate.partner()) as client:
        there = await client.post("/v1/inventory/availability:query", lines)
        refused = await client.post("/v1/orders/ord_01JD00000000000000000000ZZ/cancel", {}, key="0f8fad5b-d9cb-469f")

    assert not isinstance(there, Refusal)
    assert [item["sku"] for item in there["items"]] == ["LAMP-7"]
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (404, "not_found")

"""What is too large or too slow is refused before it costs anything."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Scope

from gateway.context import KEY, Call
from gateway.edge.limits import Body, Limits
from gateway.errors import DeadlineExceeded, Effect
from gateway.refusals import RequestTimeout
from tests.gate import Gate

KEYED = {"idempotency-key": "0123456789abcdef", "content-type": "application/json"}


async def post(gate: Gate, body: object, **headers: str) -> tuple[int, str | None]:
    answer = await gate.http.post(
        "/v1/notes",
        content=body,
        headers={**KEYED, **await gate.bearer(), **headers},  # type: ignore[arg-type]
    )
    return answer.status_code, answer.json().get("code")


async def test_a_body_is_refused_by_its_declared_length(gate: Gate) -> None:
    assert await post(gate, b"x" * 1025) == (413, "body_too_large")


async def test_a_streamed_body_is_counted_and_not_read_further(gate: Gate) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 512
            yield b"x" * 512

    assert await post(gate, endless()) == (413, "body_too_large")
    assert read <= 2048


@pytest.mark.parametrize("length", ["-1", "1e3", "abc", "١"])
async def test_a_length_that_is_no_number_is_refused(gate: Gate, length: str) -> None:
    headers = [(b"content-length", length.encode()), *((k.encode(), v.encode()) for k, v in KEYED.items())]

    answer = await gate.http.post("/v1/notes", content=b"", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
async def test_a_coded_body_is_not_taken(gate: Gate, coding: str) -> None:
    status = await post(gate, b"{}", **{"content-encoding": coding})

    assert status == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({f"x-{number}": "1" for number in range(60)}, 431),
        ({"x-long": "x" * 33_000}, 431),
        ({f"x-{number}": "1" for number in range(40)}, 401),
        ({"x-long": "x" * 30_000}, 401),
    ],
)
async def test_headers_are_counted(gate: Gate, headers: dict[str, str], status: int) -> None:
    answer = await gate.http.get("/v1/notes/hello", headers=headers)

    assert answer.status_code == status


def the_scope(gate: Gate) -> tuple[Scope, Call]:
    call = Call("req_1", gate.clock())
    call.operation = gate.bundle.contracts.operations["write_note"]
    return {"type": "http", "method": "POST", "path": "/v1/notes", "headers": [], KEY: call}, call


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def ignored(message: Message) -> None:
    """Nobody listens."""


async def test_a_body_that_dribbles_in_for_too_long_is_given_up(gate: Gate) -> None:
    scope, call = the_scope(gate)

    async def reads(scope: Scope, receive: object, send: object) -> None:
        assert call.read_body is not None
        await call.read_body()

    with pytest.raises(RequestTimeout):
        await Limits(reads, patience=0.01)(scope, never, ignored)


@pytest.mark.parametrize("effect", ["none", "unknown", "applied"])
async def test_a_request_that_takes_too_long_says_what_is_known(gate: Gate, effect: Effect) -> None:
    scope, call = the_scope(gate)

    async def hangs(scope: Scope, receive: object, send: object) -> None:
        call.effect = effect
        await asyncio.Event().wait()

    with pytest.raises(DeadlineExceeded) as refused:
        await Limits(hangs, patience=0.01)(scope, never, ignored)

    assert refused.value.effect == effect


async def test_somebody_elses_timeout_is_not_taken_for_ours(gate: Gate) -> None:
    scope, _ = the_scope(gate)

    async def times_out(scope: Scope, receive: object, send: object) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Limits(times_out)(scope, never, ignored)


async def test_the_app_behind_can_read_the_body_again(gate: Gate) -> None:
    scope, call = the_scope(gate)
    messages = iter(
        [{"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.request", "body": b"c"}]
    )
    seen: list[bytes] = []

    async def receive() -> Message:
        return next(messages)

    async def reads_twice(scope: Scope, receive: object, send: object) -> None:
        assert call.read_body is not None
        seen.extend([await call.read_body(), (await receive())["body"], await call.read_body()])  # type: ignore[operator]

    await Limits(reads_twice)(scope, receive, ignored)

    assert seen == [b"abc"] * 3


async def test_a_body_in_tiny_pieces_takes_no_more_memory_than_its_bytes() -> None:
    pieces = 100_000

    async def receive() -> Message:
        nonlocal pieces
        pieces -= 1
        return {"type": "http.request", "body": bytes(bytearray(b"ab")), "more_body": pieces > 0}

    tracemalloc.start()
    try:
        body = await Body([], receive, limit=1_048_576).read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(body) == 200_000
    assert peak < 1_000_000

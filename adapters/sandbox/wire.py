"""The HTTP side of a call: how it is read and answered, and how an answer is withheld."""

import asyncio
from dataclasses import dataclass

import httpx2
import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.sandbox.answers import Call, Refusal
from adapters.sandbox.operations import Operation

HANG = 30.0


@dataclass(frozen=True, slots=True)
class Settled:
    """What a call has come to."""

    status: int
    body: bytes
    replayed: bool = False
    subject: str | None = None


async def read_call(operation: Operation, request: Request, now: float) -> Call:
    headers, dialect = request.headers, operation.dialect
    body = {} if operation.reads else dialect.read(await request.body())
    deadline = headers.get("request-deadline") if dialect.deadlines else None
    if deadline is not None and not (deadline.isascii() and deadline.isdigit()):
        raise Refusal(400, "malformed", "'Request-Deadline' must be a unix time in milliseconds")
    return Call(
        system=operation.system,
        operation=operation.name,
        path=request.scope["path"],
        subject=str(request.path_params.get("id", "")),
        body=body,
        query=request.query_params if operation.reads else {},
        key=headers.get("idempotency-key"),
        traceparent=headers.get("traceparent"),
        request_id=headers.get("x-request-id"),
        deadline=int(deadline) / 1000 if deadline is not None else None,
        received_at=now,
        address=str(request.base_url),
    )


def json_response(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def respond(settled: Settled) -> Response:
    headers = {"idempotent-replayed": "true"} if settled.replayed else None
    return Response(settled.body, settled.status, headers, "application/json")


async def hang(request: Request) -> Response:
    """Say nothing until the caller leaves; then, or when it is too patient, close the connection."""
    try:
        async with asyncio.timeout(HANG):
            await _departure(request)
    except TimeoutError:
        return await cut(request)
    return Response()  # nobody is there to read it


async def cut(request: Request) -> Response:
    """Reset the connection without a byte of an answer."""
    reset = request.scope.get("extensions", {}).get("sandbox.reset")
    if reset is None:  # reached without a network: the caller's own transport fails, as a cut one would
        raise httpx2.ReadError("the sandbox cut the connection")
    reset()
    await _departure(request)
    return Response()  # nobody is there to read it


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

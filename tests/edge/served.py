"""The edge's server on a real socket, for one test, in front of an app of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.served import BUNDLE, Streams, connected, listening

__all__ = ["BUNDLE", "PUBLIC", "Streams", "asked", "echo", "served", "told"]

PUBLIC = "https://gateway.example"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of bytes of the body, or begins to answer and does not come to an end."""
    if scope["path"] == "/endless":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.Event().wait()
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(
    app: ASGIApp = echo, **bounds: Any
) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[Streams]]]:
    """uvicorn as the edge runs it; yields a way to connect."""
    async with listening(app, public=PUBLIC, **bounds) as port:
        yield lambda: connected(port)


async def asked(streams: Streams, request: bytes) -> bytes:
    streams[1].write(request)
    async with asyncio.timeout(20):
        return await streams[0].read()


def told(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = orjson.loads(body)
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert problem["request_id"].encode() in head
    assert problem["type"] == f"{PUBLIC}/problems/{problem['code']}"
    return problem["status"], problem["code"]

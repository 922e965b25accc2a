"""Connections are bounded: of one address, in all, and in how long they may leave our answers unread."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.served import HOST, Streams, connected, listening

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
ELSEWHERE = "127.0.0.2"
LARGE = b"x" * 100_000


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers when the body is complete; at length if asked to."""
    while (await receive()).get("more_body"):
        pass
    body = LARGE if scope["path"] == "/large" else b""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def door(**bounds: Any) -> AsyncIterator[int]:
    async with listening(app, public="https://gateway.example", **bounds) as port:
        yield port


async def status(streams: Streams, request: bytes = GET) -> int:
    reader, writer = streams
    writer.write(request)
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n\r\n")
    return int(answer[9:12])


async def ended(streams: Streams) -> bytes:
    """What is read until the other side goes."""
    async with asyncio.timeout(20):
        try:
            return await streams[0].read()
        except ConnectionError:
            return b""


async def test_one_address_may_have_so_many_connections_and_others_do_not_notice() -> None:
    async with door(from_one=2) as port, connected(port) as first, connected(port) as second:
        assert [await status(first), await status(second)] == [200, 200]

        async with connected(port) as third:
            refused = await ended(third)
        async with connected(port, local_addr=(ELSEWHERE, 0)) as other:
            elsewhere = await status(other)

    assert refused.startswith(b"HTTP/1.1 429 ")
    assert b'"too_many_requests"' in refused
    assert elsewhere == 200


async def test_whoever_leaves_is_no_longer_counted() -> None:
    async with door(from_one=1) as port:
        answers = []
        for _ in range(3):
            async with connected(port) as streams:
                answers.append(await status(streams, GET.replace(b"x\r\n", b"x\r\nconnection: close\r\n")))
                await ended(streams)

    assert answers == [200] * 3


async def test_a_proxy_that_we_trust_brings_the_connections_of_many() -> None:
    async with (
        door(from_one=1, trusted=(ip_network(f"{HOST}/32"),)) as port,
        connected(port) as first,
        connected(port) as second,
    ):
        answers = [await status(first), await status(second)]

    assert answers == [200, 200]


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HTTP/1.1\r\nx-slow: ", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx"],
    ids=["silent", "slow head", "slow body"],
)
async def test_when_the_edge_is_full_whoever_has_owed_it_something_for_longest_makes_room(begun: bytes) -> None:
    async with door(connections=2, youth=0) as port, connected(port) as slow, connected(port) as idle:
        slow[1].write(begun)
        assert await status(idle) == 200  # behind the slow one in the order of debts: its own is newer

        async with connected(port) as newcomer:
            answered = await status(newcomer)
            gone = await ended(slow)
            still_there = await status(idle)

    assert (answered, gone, still_there) == (200, b"", 200)


async def test_a_rush_does_not_sweep_away_who_has_just_come() -> None:
    async with door(connections=2, youth=60) as port, AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(connected(port)) for _ in range(4)]
        answers = [await status(caller) for caller in callers]

    assert answers == [200] * 4


async def test_a_rush_has_an_end() -> None:
    async with door(connections=2, beyond=2, youth=60) as port, AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(connected(port)) for _ in range(5)]
        gone = await ended(callers[0])
        answers = [await status(caller) for caller in callers[1:]]

    assert (gone, answers) == (b"", [200] * 4)


async def test_an_answer_that_nobody_takes_is_not_kept_for_ever() -> None:
    async with door(taking=0.1) as port:
        with socket.create_connection((HOST, port)) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            gone = await asyncio.wait_for(cut_off(deaf, b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n"), 20)

    assert gone


async def cut_off(deaf: socket.socket, request: bytes) -> bool:
    """Ask until the other side has gone, and never read."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            await loop.sock_sendall(deaf, request)
        except ConnectionError:
            return True


async def test_requests_are_not_queued_without_end() -> None:
    async with door() as port, connected(port) as streams:
        streams[1].write(GET * 500)

        answered = (await ended(streams)).count(b"HTTP/1.1 200")

    assert answered < 500

"""The client of a back end, against a server that says and does whatever a test wants, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider

from adapters.outbound import Answer, Bounds, Call, Outbound
from gateway.errors import Failed, Unknown
from gateway.ports import Promise, RetryClass, sending
from observability import tracing

Say = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PROMISE = Promise(RetryClass.KEYED)
HURRIED = Promise(RetryClass.KEYED, attempt=0.1)
EFFECT = Call(method="POST", path="/things", promise=PROMISE, body=b'{"a":1}', key="k")
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


def soon(seconds: float = 30) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@dataclass(slots=True)
class Server:
    """Keeps what it heard; says what the test gave it to say."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    def headers(self) -> dict[str, str]:
        lines = self.heard[-1].decode().split("\r\n\r\n")[0].split("\r\n")[1:]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


@asynccontextmanager
async def serving(say: Say) -> AsyncIterator[Server]:
    server, writers = Server(), []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        server.connections += 1
        while head := await _request(reader):
            server.heard.append(head)
            await say(reader, writer)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await connected(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()

    listener = await asyncio.start_server(take, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


def answering(*parts: bytes) -> Say:
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.writelines(parts)
        await writer.drain()

    return say


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("status", [200, 201, 302, 404, 500])
async def test_every_answer_is_handed_on_as_it_came(status: int) -> None:
    answer = b"HTTP/1.1 %d x\r\nlocation: /elsewhere\r\ncontent-length: 4\r\n\r\nbody" % status

    async with serving(answering(answer)) as server, Outbound("erp", url=server.url) as outbound:
        with sending(soon()):
            assert await outbound.send(EFFECT) == Answer(status, b"body")

    assert len(server.heard) == 1


async def test_a_call_carries_its_key_its_deadline_and_its_trace() -> None:
    until = soon()
    tracer = TracerProvider()

    async with serving(answering(OK)) as server, Outbound("erp", url=f"{server.url}/erp/") as outbound:
        with sending(until), tracing.span("step", provider=tracer):
            expected = tracing.traceparent()
            await outbound.send(EFFECT)

    headers = server.headers()
    assert server.heard[0].startswith(b"POST /erp/things HTTP/1.1\r\n")
    assert server.heard[0].endswith(b'\r\n\r\n{"a":1}')
    assert headers["idempotency-key"] == "k"
    assert headers["request-deadline"] == str(int((until.timestamp() + PROMISE.settle) * 1000))
    assert headers["content-type"] == "application/json"
    assert headers["traceparent"] == expected


async def test_a_look_up_needs_no_window_and_has_no_deadline() -> None:
    look_up = Call(method="GET", path="/things?key=k", promise=PROMISE)

    async with serving(answering(OK)) as server, Outbound("erp", url=server.url) as outbound:
        await outbound.send(look_up)

    assert server.headers().keys() & {"request-deadline", "idempotency-key", "content-type"} == set()


async def test_connections_are_used_again() -> None:
    async with serving(answering(OK)) as server, Outbound("erp", url=server.url) as outbound:
        with sending(soon()):
            for _ in range(3):
                await outbound.send(EFFECT)

    assert (len(server.heard), server.connections) == (3, 1)


@pytest.mark.parametrize(
    "say",
    [
        silence,
        cut,
        hang_up,
        answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"),
        answering(b"SMTP 220 welcome\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
    ],
    ids=["silence", "cut", "hung up", "half an answer", "another protocol", "broken chunks"],
)
async def test_without_a_whole_answer_nothing_is_known(say: Say) -> None:
    call = Call(method="POST", path="/things", promise=HURRIED)

    async with serving(say) as server, Outbound("erp", url=server.url) as outbound:
        with sending(soon()), pytest.raises(Unknown):
            await outbound.send(call)

    assert len(server.heard) == 1


async def test_an_attempt_ends_also_when_the_answer_drips() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(drip) as server, Outbound("erp", url=server.url) as outbound:
        with sending(soon()), pytest.raises(Unknown):
            await outbound.send(Call(method="POST", path="/things", promise=HURRIED))


@pytest.mark.parametrize("size", [1_000, 1_001])
async def test_an_answer_is_not_read_beyond_its_bound(size: int) -> None:
    call = Call(method="GET", path="/things", promise=PROMISE, most=1_000)
    said = answering(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size, b" " * size)

    async with serving(said) as server, Outbound("erp", url=server.url) as outbound:
        if size > call.most:
            with pytest.raises(Unknown):
                await outbound.send(call)
        else:
            assert len((await outbound.send(call)).content) == size


async def test_compressed_answers_are_neither_asked_for_nor_unpacked() -> None:
    packed = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"

    async with serving(answering(packed)) as server, Outbound("erp", url=server.url) as outbound:
        answer = await outbound.send(Call(method="GET", path="/", promise=PROMISE))

    assert answer.content == b"abc"
    assert server.headers()["accept-encoding"] == "identity"


async def test_a_closed_port_has_done_nothing() -> None:
    async with serving(silence) as server:
        url = server.url

    async with Outbound("erp", url=url) as outbound:
        with sending(soon()), pytest.raises(Failed):
            await outbound.send(EFFECT)


async def test_no_byte_is_sent_when_connecting_took_too_long() -> None:
    times = iter([0.0, 0.0, 1.0])  # waiting for a connection, building the request, the connection stands

    async with serving(answering(OK)) as server, Outbound("erp", url=server.url, clock=lambda: next(times)) as outbound:
        with sending(datetime.fromtimestamp(0.5, UTC)), pytest.raises(Failed):
            await outbound.send(EFFECT)

    assert server.heard == []


async def test_no_more_calls_are_under_way_than_allowed() -> None:
    let_go, under_way = asyncio.Event(), []

    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.append(writer)
        await let_go.wait()
        writer.write(OK)

    bounds = Bounds(connections=2, wait=0.05)
    async with serving(say) as server, Outbound("erp", url=server.url, bounds=bounds) as outbound:
        with sending(soon()):
            two = [asyncio.create_task(outbound.send(EFFECT)) for _ in range(2)]
            async with asyncio.timeout(5):
                while len(under_way) < 2:
                    await asyncio.sleep(0)
            with pytest.raises(Failed):
                await outbound.send(EFFECT)
            let_go.set()
            await asyncio.gather(*two)
            assert (await outbound.send(EFFECT)).status == 200

    assert len(server.heard) == 3


async def test_waiting_for_a_connection_ends_with_the_window() -> None:
    bounds = Bounds(connections=1, wait=60)
    async with serving(silence) as server, Outbound("erp", url=server.url, bounds=bounds) as outbound:
        with sending(soon()):
            first = asyncio.create_task(outbound.send(EFFECT))
            async with asyncio.timeout(5):
                while not server.heard:
                    await asyncio.sleep(0)

        with sending(soon(0.05)), pytest.raises(Failed):
            await outbound.send(EFFECT)
        first.cancel()

    assert len(server.heard) == 1


async def test_a_cancelled_call_gives_its_place_back() -> None:
    bounds = Bounds(connections=1, wait=60)
    async with serving(silence) as server, Outbound("erp", url=server.url, bounds=bounds) as outbound:
        with sending(soon()):
            first = asyncio.create_task(outbound.send(EFFECT))
            async with asyncio.timeout(5):
                while not server.heard:
                    await asyncio.sleep(0)
            first.cancel()
            with pytest.raises(Unknown):
                await outbound.send(Call(method="POST", path="/things", promise=HURRIED))

    assert len(server.heard) == 2

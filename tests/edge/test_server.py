"""What never becomes a request is bounded too: bytes, fields, time and connections, over a real socket."""

import asyncio
import subprocess
import sys
from contextlib import suppress

import pytest
from prometheus_client import generate_latest

from observability.metrics import EdgeMetrics
from tests.edge.served import Streams, asked, served, told
from tests.scrape import read

GET = b"GET / HTTP/1.1\r\nhost: x\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\n"


async def poured(streams: Streams, piece: bytes, *, most: int) -> tuple[bytes, int]:
    """Sends the piece again and again until it is answered: the answer, and how many bytes that took."""
    reader, writer = streams
    answer, sent = asyncio.create_task(reader.read()), 0
    while not answer.done() and sent < most:
        writer.write(piece)
        sent += len(piece)
        await asyncio.wait([answer], timeout=0.002)
    if sent >= most:
        answer.cancel()
        raise AssertionError(f"{sent} bytes were swallowed")
    return await answer, sent


async def test_what_is_refused_here_is_counted_by_its_code() -> None:
    metrics = EdgeMetrics()
    async with served(not_taken=metrics.not_taken) as connect:
        for _ in range(2):
            async with connect() as streams:
                await asked(streams, b"nonsense\r\n\r\n")

    seen = read(generate_latest(metrics.process.registry).decode())

    assert seen.of("omnigate_http_requests_not_taken_total", code="malformed") == 2


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (GET + b"x-long: ", b"x" * 4096),
        (b"GET /", b"x" * 4096),
        (GET, b"x-many: 1\r\n"),
    ],
)
async def test_a_head_without_end_is_refused_before_it_is_kept(begun: bytes, piece: bytes) -> None:
    async with served() as connect, connect() as streams:
        streams[1].write(begun)

        answer, sent = await poured(streams, piece, most=2_000_000)

    assert told(answer) == (431, "headers_too_large")
    assert sent < 400_000


async def test_trailers_without_end_are_cut_off() -> None:
    async with served() as connect, connect() as streams:
        streams[1].write(POST + b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        answer = b""
        with suppress(ConnectionError):  # whether the end or a reset arrives first is the network's affair
            answer, _ = await poured(streams, b"x" * 4096, most=2_000_000)

    assert answer == b"" or told(answer) == (431, "headers_too_large")


async def test_a_head_that_dribbles_in_is_given_up() -> None:
    async with served(patience=0.2) as connect, connect() as streams:
        answer = await asked(streams, GET + b"x-slow: ")

    assert told(answer) == (408, "request_timeout")


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with served(patience=0.2) as connect, connect() as streams:
        assert await asked(streams, b"") == b""


async def test_what_is_not_http_is_told_so_in_our_voice() -> None:
    async with served() as connect, connect() as streams:
        assert told(await asked(streams, b"EHLO example\r\n\r\n")) == (400, "malformed")


async def test_one_connection_too_many_is_told_to_come_again() -> None:
    async with served(connections=1) as connect, connect() as busy:
        busy[1].write(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        await busy[0].readuntil(b"\r\nx")
        async with connect() as streams:
            answer = await asked(streams, GET + b"\r\n")

    assert told(answer) == (503, "overloaded")
    assert b"retry-after: 1" in answer


@pytest.mark.parametrize("size", [100, 300_000])
async def test_large_bodies_and_pipelined_requests_are_no_matter_for_the_bounds(size: int) -> None:
    one = POST + b"content-length: %d\r\n\r\n" % size + b"x" * size
    chunked = POST + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" + b"1\r\nx\r\n" * size + b"0\r\n\r\n"
    async with served(patience=20.0) as connect, connect() as streams:
        answer = await asked(streams, one * 3 + chunked)

    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.count(b"\r\n\r\n%d" % size) == 4


def test_a_process_asks_for_as_many_open_files_as_it_may_need() -> None:
    program = """
import resource
from gateway.server import allow_open_files
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
allow_open_files(80)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    told_of = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert told_of.stdout.split() == ["80"]

"""The proxy between Omnigate and its back ends: what it does to a call, and that a seed says to which."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from httpx2 import AsyncClient, HTTPError, ReadTimeout, Response

from tests.chaos.proxy import Fault, FaultProxy, open_proxy

BODY = b'{"done": true}' * 40
PATIENCE = 1.0  # of the caller, where a call is never answered


class BackEnd:
    """Answers whatever it is asked, and counts."""

    def __init__(self) -> None:
        self.done = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            self.done += 1
            writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY))
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return b""


@asynccontextmanager
async def behind(fault: Fault | None) -> AsyncIterator[tuple[BackEnd, FaultProxy, AsyncClient]]:
    back_end = BackEnd()
    server = await asyncio.start_server(back_end.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        open_proxy(port, seed=1, chances={fault: 1.0} if fault else {}) as proxy,
        AsyncClient(base_url=f"http://127.0.0.1:{proxy.port}", timeout=PATIENCE) as http,
    ):
        yield back_end, proxy, http
    server.close()


async def asked(http: AsyncClient) -> Response | HTTPError:
    try:
        return await http.post("/", json={"do": "it"})
    except HTTPError as error:
        return error


@pytest.mark.parametrize("fault", [None, "delay", "slow_drip"])
async def test_what_is_only_slow_arrives_whole(fault: Fault | None) -> None:
    async with behind(fault) as (back_end, _, http):
        answers = [await asked(http) for _ in range(3)]

    assert [answer.content for answer in answers if isinstance(answer, Response)] == [BODY] * 3
    assert back_end.done == 3


@pytest.mark.parametrize("fault", ["reset_after", "cut_answer", "timeout_after"])
async def test_an_answer_is_lost_and_its_effect_is_not(fault: Fault) -> None:
    async with behind(fault) as (back_end, proxy, http):
        answer = await asked(http)

    assert isinstance(answer, HTTPError)
    assert isinstance(answer, ReadTimeout) == (fault == "timeout_after")
    assert (back_end.done, proxy.counts()) == (1, {fault: 1})


async def test_an_effect_may_be_told_as_an_error() -> None:
    async with behind("error_after") as (back_end, _, http):
        answer = await asked(http)

    assert isinstance(answer, Response)
    assert (answer.status_code, back_end.done) == (500, 1)


@pytest.mark.parametrize("fault", ["reset_before", "black_hole"])
async def test_a_call_is_lost_before_it_arrives(fault: Fault) -> None:
    async with behind(fault) as (back_end, _, http):
        answer = await asked(http)

    assert isinstance(answer, HTTPError)
    assert back_end.done == 0


def test_a_seed_says_what_happens_to_which_call() -> None:
    chances: dict[Fault, float] = {"delay": 0.1, "reset_after": 0.1}
    one, same, other = (FaultProxy("127.0.0.1", 1, seed, chances) for seed in (7, 7, 8))

    plans = [[proxy.fault_of(number) for number in range(1, 1001)] for proxy in (one, same, other)]

    assert plans[0] == plans[1] != plans[2]
    assert 150 < sum(fault is not None for fault in plans[0]) < 250

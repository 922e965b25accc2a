"""Attempts to connect: one that is given up is hung up, and whoever starts makes more of them than the pool does."""

import asyncio
import gc
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from gateway.errors import Unavailable
from gateway.store.pool import Database


@dataclass
class Silence:
    """A server that takes connections and never says a word."""

    address: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.came.set()
        while await reader.read(4096):
            pass
        self.left.set()
        writer.close()


@pytest.fixture
async def silence() -> AsyncIterator[Silence]:
    silent = Silence()
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        silent.address = f"postgresql://nobody@{host}:{port}/none"
        yield silent


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
async def test_an_attempt_that_takes_too_long_is_hung_up(silence: Silence) -> None:
    database = Database(silence.address, connections=2, name="test", reach=2)
    try:
        with pytest.raises(Unavailable):
            await database.open(within=0.1)
        async with asyncio.timeout(60):
            await silence.came.wait()
            await silence.left.wait()
    finally:
        await database.close()


@dataclass
class Late:
    """A server's door that is shut to so many, and then open."""

    url: str
    shut: int

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self.shut:
            self.shut -= 1
            writer.close()
            return
        there = urlsplit(self.url)
        behind, on = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(pass_on(reader, on), pass_on(behind, writer))


async def pass_on(reader: StreamReader, writer: StreamWriter) -> None:
    while some := await reader.read(65_536):
        writer.write(some)
        await writer.drain()
    writer.close()


@pytest.mark.proof
async def test_who_starts_goes_on_trying_when_the_pool_has_given_up(database_url: str) -> None:
    late = Late(database_url, shut=8)  # the pool's own attempts of five seconds are six
    async with await asyncio.start_server(late, "127.0.0.1", 0) as server:
        there = urlsplit(database_url)
        port = server.sockets[0].getsockname()[1]
        url = there._replace(netloc=f"{there.username}:{there.password}@127.0.0.1:{port}").geturl()
        database = Database(url, connections=2, name="test")
        try:
            await database.open(within=60)
            await database.answers()
        finally:
            await database.close()

    assert late.shut == 0

"""Who gives up connecting hangs up: a server must not be left waiting for the rest of a greeting."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from gateway.errors import Unavailable
from gateway.store.pool import Database


@dataclass
class Silence:
    """A server that takes connections and never says a word."""

    address: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
    database = Database(silence.address, connections=2, name="test")
    try:
        with pytest.raises(Unavailable):
            await database.open(within=0.1)
        async with asyncio.timeout(60):
            await silence.came.wait()
            await silence.left.wait()
    finally:
        await database.close()

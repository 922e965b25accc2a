"""Slow clients, many at once, and healthy ones beside them: attackers dribble, or do not listen, until shut out."""

import asyncio
import resource
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter

from tests.proxies import Door

PACE = 1.0  # seconds between two pieces
ADDRESSES = 25
GET = b"GET /.well-known/jwks.json HTTP/1.1\r\nhost: x\r\n\r\n"
FORM = b"POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"

Gone = (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)


async def slow_head(door: Door, local: str) -> str:
    return await _dribble(door, local, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")


async def slow_body(door: Door, local: str) -> str:
    return await _dribble(door, local, FORM + b"content-length: 8000\r\n\r\n")


async def slow_read(door: Door, local: str) -> str:
    """Asks now and then, and takes nothing."""
    return await _ask_deaf(door, local, GET, pace=5 * PACE)


async def greedy_read(door: Door, local: str) -> str:
    """Asks for as much as fits into anybody's buffers, and takes nothing."""
    return await _ask_deaf(door, local, GET * 32, pace=PACE / 10)


async def _ask_deaf(door: Door, local: str, request: bytes, *, pace: float) -> str:
    pause = asyncio.get_running_loop().create_future()
    with await asyncio.to_thread(door.open_deaf, local=local) as deaf:
        while True:
            with suppress(BlockingIOError, ssl.SSLWantWriteError):
                deaf.send(request)
            await asyncio.wait([pause], timeout=pace)


async def _dribble(door: Door, local: str, begun: bytes) -> str:
    reader, writer = await door.open(local=local)
    answer = asyncio.create_task(reader.read())
    try:
        writer.write(begun)
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait([answer], timeout=PACE)
        return (await answer)[9:12].decode() or "closed"
    finally:
        answer.cancel()
        writer.transport.abort()


KINDS: dict[str, Callable[[Door, str], Awaitable[str]]] = {
    "slow head": slow_head,
    "slow body": slow_body,
    "slow read": slow_read,
    "greedy read": greedy_read,
}


@dataclass(slots=True)
class Fates:
    """How each attacker was got rid of, by kind, and after how many seconds the last of them."""

    ends: dict[str, Counter[str]] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)


async def attack(door: Door, numbers: dict[str, int], *, within: float) -> Fates:
    """All at once, from many addresses of this machine; whoever is left after *within* seconds was not got rid of."""
    fates, begun = Fates(), perf_counter()

    async def one(kind: str, number: int) -> None:
        try:
            async with asyncio.timeout(within):
                end = await KINDS[kind](door, f"127.0.1.{1 + number % ADDRESSES}")
        except TimeoutError:
            end = "still there"
        except Gone:
            end = "closed"
        fates.ends.setdefault(kind, Counter())[end] += 1
        fates.last[kind] = perf_counter() - begun

    async with asyncio.TaskGroup() as group:
        for kind, count in numbers.items():
            for number in range(count):
                group.create_task(one(kind, number))
    return fates


@dataclass(slots=True)
class Health:
    """What the others noticed."""

    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


async def healthy(door: Door, request: bytes, *, until: asyncio.Future[object], callers: int = 4) -> Health:
    """Callers who each connect, ask a few times, and come again, as long as the attack lasts."""
    health = Health()

    async def one(number: int) -> None:
        while not until.done():
            began = perf_counter()
            try:
                async with asyncio.timeout(10):
                    status = await _visit(door, request, f"127.0.2.{1 + number}")
            except (*Gone, TimeoutError) as error:
                status = type(error).__name__
            if status == "200":
                health.answered += 1
                health.seconds.append(perf_counter() - began)
            else:
                health.failed[status] += 1
            await asyncio.wait([until], timeout=0.02)

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(one(number))
    return health


async def _visit(door: Door, request: bytes, local: str) -> str:
    """A connection, and one answer read whole."""
    reader, writer = await door.open(local=local)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        return head[9:12].decode()
    finally:
        writer.transport.abort()


def allow_files() -> None:
    """As many connections as this process may ever have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

"""
A back end's bad network: a proxy between Omnigate and what is behind it, which spoils calls by their number.

What happens to call *n* depends on the seed and on *n* alone. Whatever it does ends within `LONGEST` seconds.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "delay", "reset_before", "black_hole", "reset_after", "error_after", "timeout_after", "cut_answer", "slow_drip"
]
BEFORE: tuple[Fault, ...] = ("reset_before", "black_hole")  # the call never gets through
AMBIGUOUS: tuple[Fault, ...] = ("reset_after", "error_after", "timeout_after", "cut_answer")  # done, and nobody is told
SLOW: tuple[Fault, ...] = ("delay", "slow_drip")
LONGEST = 30.0  # seconds: of waiting for a caller to give up
DELAY, DRIP = 0.4, 0.01  # seconds: before a late call is passed on, and between the pieces of a slow answer
MOST = 4 * 1024 * 1024  # bytes of one message
ERROR = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"


@dataclass(slots=True)
class FaultProxy:
    """Passes HTTP/1.1 on to one address. `chances`: how likely each fault is; `struck`: what each call met."""

    host: str
    to_port: int
    seed: int
    chances: Mapping[Fault, float] = field(default_factory=dict)
    calls: int = 0
    struck: list[tuple[int, Fault]] = field(default_factory=list)
    port: int = 0

    def fault_of(self, number: int) -> Fault | None:
        dice = random.Random(f"{self.seed}/{number}").random()
        for fault, chance in self.chances.items():
            dice -= chance
            if dice < 0:
                return fault
        return None

    def counts(self) -> Counter[str]:
        return Counter(fault for _, fault in self.struck)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a caller, and one of its own behind it."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            behind = await asyncio.open_connection(self.host, self.to_port, limit=MOST)
            try:
                while await self._passed_on(reader, writer, behind):
                    pass
            finally:
                behind[1].close()
        writer.close()

    async def _passed_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        behind: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> bool:
        """One call. False: the connection is of no more use."""
        request = await _message(reader)
        self.calls += 1
        fault = self.fault_of(self.calls)
        if fault is not None:
            self.struck.append((self.calls, fault))
        if fault in BEFORE:
            return await _leave(reader, writer, at_once=fault == "reset_before")
        if fault == "delay":
            await asyncio.sleep(DELAY)
        behind[1].write(request)
        await behind[1].drain()
        answer = await _message(behind[0])
        return await _answer(reader, writer, answer, fault)


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes, fault: Fault | None
) -> bool:
    match fault:
        case "reset_after" | "timeout_after":
            return await _leave(reader, writer, at_once=fault == "reset_after")
        case "cut_answer":
            writer.write(answer[: len(answer) // 2])
            await writer.drain()
            return False
        case "slow_drip":
            piece = max(1, len(answer) // 50)
            for at in range(0, len(answer), piece):
                writer.write(answer[at : at + piece])
                await writer.drain()
                await asyncio.sleep(DRIP)
        case _:
            writer.write(ERROR if fault == "error_after" else answer)
            await writer.drain()
    return True


async def _leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, at_once: bool) -> bool:
    """Say nothing any more: at once by a reset, or until the caller has had enough."""
    if at_once:
        writer.transport.abort()
    else:
        async with asyncio.timeout(LONGEST):
            await reader.read(1)
    return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A head and the body of the length it tells of; neither side of ours sends chunks."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        assert not line.startswith(b"transfer-encoding:"), "chunks are not passed on"
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + await reader.readexactly(length)


@asynccontextmanager
async def open_proxy(
    to_port: int, *, seed: int, chances: Mapping[Fault, float], host: str = "127.0.0.1"
) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(host, to_port, seed, chances)
    server = await asyncio.start_server(proxy.serve, host, 0, limit=MOST)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()

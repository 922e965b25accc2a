"""R2: PostgreSQL dies as it enters its K-th sync of the log: before a commit is on the disk, and anybody is told."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.chaos.floor import Floor, open_floor
from tests.chaos.room import PATIENT, Room
from tests.proof.client import order
from tests.proof.processes import until
from tests.proof.server import Server, family
from tests.tools import tool

SYNCS = ("fdatasync", "fsync")
ORDERS = 3
DEEPEST = 4  # a process of PostgreSQL has few more syncs than these while so many orders are placed


async def killed_at_syncs(room: Room) -> None:
    """One of its processes by SIGKILL; the others end with it, and all of it recovers by itself."""
    server = Server(room.home / "synced")
    await server.start()
    try:
        home = room.home / "syncs"
        home.mkdir(mode=0o711)
        there = Room("r2-syncs", room.seed, room.size, home, room.keep, wrong=room.wrong)
        async with open_floor(there, url=server.url, edges=1, workers=1) as floor:
            died = [await _shot(floor, server, at, home / f"{at}.trace") for at in range(1, room.size["syncs"] + 1)]
            await there.judge(floor.gathering, last_fault=time.time())
        room.counts |= {f"PostgreSQL killed at {call}": died.count(call) for call in SYNCS}
        room.counts["orders through PostgreSQL's deaths"] = there.counts["orders"]
        room.hold(len(died) - died.count("nothing") > 0, "PostgreSQL never died at a sync: nothing was proven")
    finally:
        server.stop()


async def _shot(floor: Floor, server: Server, at: int, trace: Path) -> str:
    """At which call it died, while some orders are placed. *at*: from 1 on, over all shots."""
    async with _aimed(server.pid, 1 + (at - 1) % DEEPEST, trace):
        orders = [
            asyncio.create_task(floor.web.channel.place(order(number=number), within=PATIENT))
            for number in range(at * ORDERS, (at + 1) * ORDERS)
        ]

        async def over() -> bool:
            if "+++ killed by SIGKILL" in _read(trace):
                return True
            return all(each.done() for each in orders) and await _ended(floor)

        await until(over, what="PostgreSQL has died, or the orders have ended", within=120)
    await server.revive()
    await asyncio.gather(*orders)
    await floor.gathering.rest(within=PATIENT)
    return _died_at(_read(trace))


async def _ended(floor: Floor) -> bool:
    try:
        return all([await floor.web.channel.has_ended(each.order_id) for each in floor.acked[-ORDERS:]])
    except (AssertionError, OSError):
        return False


def _read(trace: Path) -> str:
    return trace.read_text(errors="replace") if trace.exists() else ""


def _died_at(trace: str) -> str:
    shot = {line.split()[0] for line in trace.splitlines() if "+++ killed by SIGKILL" in line}
    for line in reversed(trace.splitlines()):
        for call in SYNCS:
            if line.split()[0] in shot and f" {call}(" in line:
                return call
    return "nothing"


def _status(pid: int) -> str:
    """Empty: it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/status").read_text()
    return ""


@asynccontextmanager
async def _aimed(pid: int, at: int, trace: Path) -> AsyncIterator[None]:
    """Each process of PostgreSQL below the first is killed at its *at*-th sync; nobody is once this is left. The first
    is let be, and with it its children to come: one born while its tracer lets go is lost to it, and recovery stands.
    """
    strace, aimed_at = tool("strace"), family(pid)[1:]
    aims = [part for call in SYNCS for part in ("-e", f"inject={call}:signal=SIGKILL:when={at}")]
    tracer = await asyncio.create_subprocess_exec(
        *(strace.path, "-f", "-qq", "-o", str(trace), "-e", f"trace={','.join(SYNCS)}", *aims),
        *(part for each in aimed_at for part in ("-p", str(each))),
        stderr=subprocess.DEVNULL,
    )

    async def traced() -> bool:
        there = [status for each in aimed_at if (status := _status(each))]  # some work for a moment only
        return bool(there) and all(f"TracerPid:\t{tracer.pid}" in status for status in there)

    await until(traced, what=f"strace traces {aimed_at}", within=20)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # with the last of them it has ended by itself
            tracer.terminate()
        await tracer.wait()

"""Runs points of chaos: each in a process of its own that has so long and no longer, a few at the same time."""

import asyncio
import json
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.points import POINTS
from tests.chaos.room import Room
from tests.folders import throw_away
from tests.proof.processes import ROOT

MARK = "chaos told: "
GRACE = 60.0  # seconds to tidy up in, for a run that took too long


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of every point."""

    seed: int
    full: bool
    keep: Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one point came to; `wrong`: a sentence for each thing that did not hold."""

    point: str
    seconds: float
    counts: dict[str, Any] = field(default_factory=dict)
    wrong: Sequence[str] = ()

    def told(self) -> dict[str, Any]:
        return {"seconds": round(self.seconds), "counts": self.counts, "wrong": list(self.wrong)}


async def perform(name: str, order: Order) -> int:
    """One point, in this process; what came of it is the last line."""
    point = POINTS[name]
    with throw_away() as home:
        room = Room(name, order.seed, point.full if order.full else point.quick, home, order.keep)
        try:
            await point.run(room)
        except Exception as error:
            room.wrong.append(f"{type(error).__name__}: {error}")
            traceback.print_exc()
            _keep_logs(room)
    print(MARK + json.dumps({"counts": room.counts, "wrong": room.wrong}), flush=True)
    return 1 if room.wrong else 0


def _keep_logs(room: Room) -> None:
    kept = room.keep / f"{room.point}-{room.seed}-logs"
    kept.mkdir(parents=True, exist_ok=True)
    for log in room.home.glob("**/*.log"):
        (kept / log.name).write_bytes(log.read_bytes()[-200_000:])


async def run_all(names: Sequence[str], order: Order, *, lanes: int) -> list[Verdict]:
    """The longest first, so that lanes end together."""
    waiting, told = list(names), list[Verdict]()

    async def lane() -> None:
        while waiting:
            told.append(await _apart(waiting.pop(0), order))
            print(f"chaos: {told[-1].point} {told[-1].seconds:.0f} s, {len(told[-1].wrong)} wrong", flush=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
    return told


async def _apart(name: str, order: Order) -> Verdict:
    options = ["--here", name, "--seed", str(order.seed), "--keep", str(order.keep.resolve())]
    began, bound = time.monotonic(), POINTS[name].bound[order.full]
    order.keep.mkdir(parents=True, exist_ok=True)
    log = order.keep / f"{name}-{order.seed}.log"
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos", *options, *(["--full"] if order.full else [])),
            cwd=ROOT,
            stdout=written,
            stderr=written,
        )
        try:
            await asyncio.wait_for(process.wait(), bound)
        except TimeoutError:
            await _ended(process)
        except asyncio.CancelledError:
            await _ended(process)
            raise
    return _verdict(name, log, time.monotonic() - began)


async def _ended(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()


def _verdict(name: str, log: Path, seconds: float) -> Verdict:
    told = [line for line in log.read_text(errors="replace").splitlines() if line.startswith(MARK)]
    if not told:
        return Verdict(name, seconds, wrong=(f"told nothing in {seconds:.0f} s; see {log}",))
    came = json.loads(told[-1].removeprefix(MARK))
    if not came["wrong"]:
        log.unlink()
    return Verdict(name, seconds, came["counts"], came["wrong"])

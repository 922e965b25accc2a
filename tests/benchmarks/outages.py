"""R14: how long a decision about quota takes, and how long the loop stands still, while Redis is away."""

import asyncio
import gc
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from gateway.edge.counters import InProcessCounters
from gateway.edge.shared_counters import SharedCounters
from gateway.ports import Bucket
from tests.benchmarks.figures import Findings, Row, goal
from tests.benchmarks.processes import folder
from tests.redis_server import RedisServer, ended

EDGES, QUOTA = 2, 100
RATE = 500  # draws a second, come what may: five times the quota
BURST = Bucket("burst", "{partner:bench}:burst", QUOTA, 1.0)
DAILY = Bucket("daily", "{partner:bench}:daily", 10_000_000, 86_400.0)


@dataclass(slots=True)
class Seen:
    """One kind of outage, as an edge saw it."""

    seconds: float
    decisions: list[float] = field(default_factory=list)
    stalls: list[float] = field(default_factory=list)
    granted: int = 0
    shared: int = 0

    @property
    def p99(self) -> float:
        return sorted(self.decisions)[int(len(self.decisions) * 0.99)] * 1000


def measure(*, seconds: float) -> Findings:
    findings = Findings()
    gc.collect()
    gc.freeze()  # as `omnigate serve` does
    for kind in ("there", "killed", "frozen", "refusing"):
        with folder() as home, asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            seen = loop.run(_outage(kind, seconds, home))
        findings.rows += _rows(kind, seen)
    findings.remarks.append(
        f"R14: {RATE} draws a second from two budgets, in one process, for {seconds:g} s from the moment of the outage"
        f" on; the quota is {QUOTA} a second, {EDGES} edges, `local_share`. A stall is how much later than asked for a"
        " timer of 1 ms came, less the time that the thread waited for a processor. 'there' is the same without an"
        " outage: what machine and interpreter do to the figures."
    )
    return findings


async def _outage(kind: str, seconds: float, home: Path) -> Seen:
    seen = Seen(seconds)
    with ended(RedisServer(home)) as redis:
        await redis.start()
        if kind == "refusing":
            redis.kill()
        async with SharedCounters(redis.url, local=InProcessCounters(time.monotonic, edges=EDGES)) as edge:
            await _load(edge, Seen(1.0))
            if kind == "killed":
                redis.kill()
            elif kind == "frozen":
                redis.freeze()
            await _load(edge, seen)
    return seen


async def _load(edge: SharedCounters, seen: Seen) -> None:
    """An open loop: who waits for a decision does not keep the next one from coming."""
    stalls = asyncio.create_task(_watch(seen))
    begun = time.perf_counter()
    drawing = []
    for number in range(int(RATE * seen.seconds)):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        drawing.append(asyncio.create_task(_draw(edge, seen)))
    await asyncio.gather(*drawing)
    stalls.cancel()


async def _draw(edge: SharedCounters, seen: Seen) -> None:
    begun = time.perf_counter()
    draw = await edge.draw([BURST, DAILY])
    seen.decisions.append(time.perf_counter() - begun)
    seen.granted += draw.granted
    seen.shared += draw.shared


async def _watch(seen: Seen) -> None:
    while True:
        begun, queued = time.perf_counter(), _queued()
        await asyncio.sleep(0.001)
        seen.stalls.append(time.perf_counter() - begun - 0.001 - (_queued() - queued))


def _queued() -> float:
    """Seconds that this thread has waited for a processor: that is the machine's doing, not ours."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def _rows(kind: str, seen: Seen) -> list[Row]:
    longest, stall = max(seen.decisions) * 1000, max(seen.stalls) * 1000
    part = seen.granted / (QUOTA * seen.seconds)
    name = f"R14 Redis {kind}"
    return [
        Row(f"{name}: decision, p99 (longest)", f"{seen.p99:.1f} ms ({longest:.1f} ms)", "",
            *goal(seen.p99, "<= 50 ms", at_most=50)),
        Row(f"{name}: longest stall of the loop", f"{stall:.1f} ms", "", *goal(stall, "<= 20 ms", at_most=20)),
        Row(f"{name}: granted by this edge", f"{seen.granted:,} of {len(seen.decisions):,}, {seen.shared:,} in Redis",
            f"{part:.2f} of the quota", *goal(part, "<= 1.25 of the quota", at_most=1.25)),
    ]  # fmt: skip

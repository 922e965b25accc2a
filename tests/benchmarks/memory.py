"""P8: what one edge process holds after so many requests of all kinds: memory, descriptors, tasks."""

import os
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Findings, Row, goal
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.processes import load, python

CONNECTIONS = 8
PARTS = 10  # the first two warm up
ORDERS = 200
_RESIDENT = re.compile(r"VmRSS:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Held:
    mebibytes: float
    descriptors: int
    tasks: int
    p99: float


def measure(*, requests: int) -> Findings:
    statuses: Counter[str] = Counter()
    held = []
    told = Path(f"/tmp/omnigate-bench-tasks-{os.getpid()}")
    try:
        with installation(serve=python("tests.benchmarks.watched", str(told), "serve")) as gate:
            orders = gate.place(ORDERS)
            each = requests // PARTS
            for part in range(PARTS):
                plan = {"connections": CONNECTIONS, "count": each, "seconds": 3600.0, "traffic": "mixed"}
                seen = load(gate.port, gate.renewed(), first=part * each, orders=orders, **plan)
                statuses.update(seen["statuses"])
                held.append(_held(gate, told, seen["p99"]))
    finally:
        told.unlink(missing_ok=True)
    return _findings(held, statuses)


def _held(gate: Gate, told: Path, p99: float) -> Held:
    pid = gate.edge.pid
    time.sleep(1)  # connections that were closed are gone
    told.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    while not told.exists():
        time.sleep(0.05)
    resident = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
    assert resident is not None, "Linux tells it"
    return Held(int(resident[1]) / 1024, len(os.listdir(f"/proc/{pid}/fd")), int(told.read_text()), p99)


def _findings(held: list[Held], statuses: Counter[str]) -> Findings:
    warm, last = held[1], held[-1]
    growth = last.mebibytes / warm.mebibytes - 1
    count = sum(statuses.values())
    rows = [
        Row(f"P8 memory of one edge after {count:,} requests", f"{last.mebibytes:.0f} MiB", "",
            *goal(last.mebibytes, "<= 150 MiB", at_most=150)),
        Row("P8 its growth since a fifth of them", f"{last.mebibytes - warm.mebibytes:.1f} MiB", f"{growth:+.1%}",
            *goal(growth, "<= 5 %", at_most=0.05)),
    ]  # fmt: skip
    answers = ", ".join(f"{number:,} × {status}" for status, number in sorted(statuses.items()))
    course = ", ".join(f"{each.mebibytes:.0f}" for each in held)
    return Findings(
        rows,
        [
            f"P8: {CONNECTIONS} connections in a closed loop; answers: {answers}. MiB after each tenth: {course}.",
            f"P8: descriptors {warm.descriptors} → {last.descriptors}, tasks {warm.tasks} → {last.tasks}, p99"
            f" {warm.p99:.0f} → {last.p99:.0f} ms, from a fifth of the requests to all.",
        ],
    )

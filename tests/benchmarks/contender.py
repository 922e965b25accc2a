"""A server under the same load as others, taken by turns; and the baseline `bare`, which P1 and P2 share."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import middle
from tests.benchmarks.processes import free_port, load, processor_seconds, running, uvicorn

CONNECTIONS = 24
WARM_UP = 1.0


@dataclass(slots=True)
class Contender:
    """Whom the load meets, and what came of it."""

    port: int
    token: str
    pids: Mapping[str, int]
    good: str = "202"  # the only status that counts
    traffic: Mapping[str, Any] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cost: dict[str, list[float]] = field(default_factory=dict)  # processor microseconds an answer, by process
    statuses: Counter[str] = field(default_factory=Counter)
    generator: float = 0.0
    sent: int = 0

    def race(self, seconds: float) -> None:
        before = {name: processor_seconds(pid) for name, pid in self.pids.items()}
        bounds = {"connections": CONNECTIONS, "first": self.sent, "warm_up": WARM_UP, "seconds": seconds}
        seen = load(self.port, self.token, **bounds, **self.traffic)
        rate = seen["statuses"].get(self.good, 0) / seen["seconds"]
        answers = max(1.0, rate * (seconds + WARM_UP))
        for name, pid in self.pids.items():
            self.cost.setdefault(name, []).append((processor_seconds(pid) - before[name]) * 1e6 / answers)
        self.rates.append(rate)
        self.p99.append(seen["p99"])
        self.statuses.update(seen["statuses"])
        self.generator = max(self.generator, seen["busy"])
        self.sent += 1_000_000

    def told_p99(self) -> str:
        return f"{middle(self.p99):.0f}"

    def told_cost(self) -> str:
        return ", ".join(f"{name} {middle(values):,.0f}" for name, values in self.cost.items())

    def others(self) -> dict[str, int]:
        """Answers that were not counted."""
        return {status: count for status, count in self.statuses.items() if status != self.good}


def take_turns(contenders: Sequence[Contender], *, rounds: int, seconds: float) -> None:
    for _ in range(rounds):
        for contender in contenders:
            contender.race(seconds)
            time.sleep(0.3)  # what one leaves behind is not the next one's


def of_the_first(mine: Contender, first: Contender) -> float:
    return middle(mine.rates) / (middle(first.rates) or 1)


@contextmanager
def bare(home: Path, env: Mapping[str, str] | None = None) -> Iterator[Contender]:
    port = free_port()
    command = uvicorn("tests.benchmarks.bare:app", port)
    with running(*command, env=env, log=home / "bare.log", ready=health(port)) as process:
        yield Contender(port, "none", {"server": process.pid})


def health(port: int) -> str:
    return f"http://127.0.0.1:{port}/healthz"

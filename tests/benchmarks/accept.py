"""P2: governed, durable accepts, beside `bare` and `usual`, by turns."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.benchmarks.figures import Findings, Row, goal, middle, spread
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.processes import (
    free_port,
    load,
    postmaster,
    processor_seconds,
    redis_server,
    running,
    uvicorn,
)

CONNECTIONS = 24
WARM_UP = 1.0


@dataclass(slots=True)
class Contender:
    """A server under the same load as the others, and what came of it."""

    port: int
    token: str
    pids: Mapping[str, int]
    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cost: dict[str, list[float]] = field(default_factory=dict)  # processor microseconds an answer, by process
    statuses: Counter[str] = field(default_factory=Counter)
    generator: float = 0.0
    sent: int = 0

    def race(self, seconds: float) -> None:
        before = {name: processor_seconds(pid) for name, pid in self.pids.items()}
        seen = load(self.port, self.token, connections=CONNECTIONS, first=self.sent, warm_up=WARM_UP, seconds=seconds)
        accepted = seen["statuses"].get("202", 0)
        rate = accepted / seen["seconds"]
        answers = max(1.0, rate * (seconds + WARM_UP))
        for name, pid in self.pids.items():
            self.cost.setdefault(name, []).append((processor_seconds(pid) - before[name]) * 1e6 / answers)
        self.rates.append(rate)
        self.p99.append(seen["p99"])
        self.statuses.update(seen["statuses"])
        self.generator = max(self.generator, seen["busy"])
        self.sent += 1_000_000


def measure(*, rounds: int, seconds: float, profile: Path | None = None) -> Findings:
    with ExitStack() as stack:
        gate = stack.enter_context(installation(profile=profile))
        governed = Contender(gate.port, gate.token, {"edge": gate.edge.pid, "PostgreSQL": postmaster(gate.home)})
        bare = stack.enter_context(_bare(gate.home))
        usual = stack.enter_context(_usual(gate.home))
        for _ in range(rounds):
            for contender in (bare, governed, usual):
                contender.race(seconds)
                time.sleep(0.3)  # what one leaves behind is not the next one's
        return _findings(bare, governed, usual, stored=_stored(gate))


@contextmanager
def _bare(home: Path) -> Iterator[Contender]:
    port = free_port()
    with running(*uvicorn("tests.benchmarks.bare:app", port), log=home / "bare.log", ready=_health(port)) as process:
        yield Contender(port, "none", {"server": process.pid})


@contextmanager
def _usual(home: Path) -> Iterator[Contender]:
    port, redis, key = free_port(), free_port(), RSAKey.generate_key(2048)
    claims = {"iss": "bench", "sub": "bench", "exp": int(time.time()) + 3600}
    env = {
        "BENCH_REDIS": f"redis://127.0.0.1:{redis}/0",
        "BENCH_KEY": orjson.dumps(key.as_dict(private=False)).decode(),
    }
    with _redis(redis, home) as store:
        command = uvicorn("tests.benchmarks.usual:app", port)
        with running(*command, env=env, log=home / "usual.log", ready=_health(port)) as process:
            token = jwt.encode({"alg": "RS256"}, claims, key)
            yield Contender(port, token, {"server": process.pid, "Redis": store.pid})


@contextmanager
def _redis(port: int, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(home))
    with running(redis_server(), *options, log=home / "redis.log", ready=f"redis://127.0.0.1:{port}") as process:
        yield process


def _health(port: int) -> str:
    return f"http://127.0.0.1:{port}/healthz"


def _stored(gate: Gate) -> int:
    """Orders in the database: what was answered with 202 is really there."""
    return int(str(gate.one("select count(*) from orders")[0]))


def _findings(bare: Contender, governed: Contender, usual: Contender, *, stored: int) -> Findings:
    of_bare = middle(governed.rates) / (middle(bare.rates) or 1)
    of_usual = middle(governed.rates) / (middle(usual.rates) or 1)
    rows = [
        Row("P2 `bare`: FastAPI and Pydantic echo the order", spread(bare.rates, "/s")),
        Row("P2 `usual`: slowapi, JWT, idempotency and OpenTelemetry by hand", spread(usual.rates, "/s")),
        Row("P2 governed, durable accept", spread(governed.rates, "/s"), f"{of_bare:.2f} of bare",
            *goal(of_bare, ">= 0.30 of bare", at_least=0.30)),
        Row("", "", f"{of_usual:.2f} of usual", *goal(of_usual, ">= 2.5 of usual", at_least=2.5)),
    ]  # fmt: skip
    remarks = [
        f"P2: {CONNECTIONS} connections in a closed loop; p99 {_p99(bare)} ms bare, {_p99(usual)} ms usual,"
        f" {_p99(governed)} ms governed. {stored:,} orders were stored.",
        f"P2: processor time an answer, µs: bare {_cost(bare)}; usual {_cost(usual)}; governed {_cost(governed)}."
        f" The load generator kept at most {max(c.generator for c in (bare, governed, usual)):.0%} of a core busy.",
    ]
    for name, contender in (("bare", bare), ("usual", usual), ("governed", governed)):
        if others := {status: count for status, count in contender.statuses.items() if status != "202"}:
            remarks.append(f"P2: {name} also answered {others}; these are not counted.")
    return Findings(rows, remarks)


def _p99(contender: Contender) -> str:
    return f"{middle(contender.p99):.0f}"


def _cost(contender: Contender) -> str:
    return ", ".join(f"{name} {middle(values):,.0f}" for name, values in contender.cost.items())

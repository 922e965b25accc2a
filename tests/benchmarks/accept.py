"""P2: governed, durable accepts, beside `bare` and `usual`, by turns."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.benchmarks.contender import CONNECTIONS, Contender, bare, health, of_the_first, take_turns
from tests.benchmarks.figures import Findings, Row, goal, spread
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.processes import free_port, postmaster, redis, running, uvicorn


def measure(*, rounds: int, seconds: float, profile: Path | None = None) -> Findings:
    with ExitStack() as stack:
        gate = stack.enter_context(installation(profile=profile))
        governed = Contender(gate.port, gate.token, {"edge": gate.edge.pid, "PostgreSQL": postmaster(gate.home)})
        alone = stack.enter_context(bare(gate.home))
        usual = stack.enter_context(_usual(gate.home))
        take_turns((alone, governed, usual), rounds=rounds, seconds=seconds)
        return _findings(alone, governed, usual, stored=_stored(gate))


@contextmanager
def _usual(home: Path) -> Iterator[Contender]:
    port, key = free_port(), RSAKey.generate_key(2048)
    claims = {"iss": "bench", "sub": "bench", "exp": int(time.time()) + 3600}
    with redis(home) as store:
        env = {"BENCH_REDIS": store.url, "BENCH_KEY": orjson.dumps(key.as_dict(private=False)).decode()}
        command = uvicorn("tests.benchmarks.usual:app", port)
        with running(*command, env=env, log=home / "usual.log", ready=health(port)) as process:
            token = jwt.encode({"alg": "RS256"}, claims, key)
            yield Contender(port, token, {"server": process.pid, "Redis": store.pid})


def _stored(gate: Gate) -> int:
    """Orders in the database: what was answered with 202 is really there."""
    return int(str(gate.one("select count(*) from orders")[0]))


def _findings(alone: Contender, governed: Contender, usual: Contender, *, stored: int) -> Findings:
    of_bare, of_usual = of_the_first(governed, alone), of_the_first(governed, usual)
    rows = [
        Row("P2 `bare`: FastAPI and Pydantic echo the order", spread(alone.rates, "/s")),
        Row("P2 `usual`: slowapi, JWT, idempotency and OpenTelemetry by hand", spread(usual.rates, "/s")),
        Row("P2 governed, durable accept", spread(governed.rates, "/s"), f"{of_bare:.2f} of bare",
            *goal(of_bare, ">= 0.30 of bare", at_least=0.30)),
        Row("P2 the same accept", "", f"{of_usual:.2f} of usual", *goal(of_usual, ">= 2.5 of usual", at_least=2.5)),
    ]  # fmt: skip
    named = {"bare": alone, "usual": usual, "governed": governed}
    p99 = ", ".join(f"{contender.told_p99()} ms {name}" for name, contender in named.items())
    cost = "; ".join(f"{name} {contender.told_cost()}" for name, contender in named.items())
    remarks = [
        f"P2: {CONNECTIONS} connections in a closed loop; p99 {p99}. {stored:,} orders were stored.",
        f"P2: processor time an answer, µs: {cost}. The load generator kept at most"
        f" {max(contender.generator for contender in named.values()):.0%} of a core busy.",
    ]
    for name, contender in named.items():
        if others := contender.others():
            remarks.append(f"P2: {name} also answered {others}; these are not counted.")
    return Findings(rows, remarks)

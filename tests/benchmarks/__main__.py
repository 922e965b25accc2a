"""`make bench`: what is measured, beside its baselines; `ARGS=--record` writes it into docs/performance.md."""

import argparse
from collections.abc import Callable
from pathlib import Path

import psycopg

from gateway.settings import ROOT
from gateway.store.embedded import acquire
from tests.benchmarks import (
    accept,
    availability,
    criticality,
    decisions,
    growth,
    latency,
    limits,
    loading,
    machine,
    matching,
    memory,
    outages,
    overload,
    read,
    refusals,
    reserving,
    slow,
    starting,
    whole,
)
from tests.benchmarks.figures import Findings
from tests.benchmarks.processes import folder
from tests.benchmarks.record import record

PAGE = ROOT / "docs" / "performance.md"

Measure = Callable[[argparse.Namespace, Path | None], Findings]

PARTS: dict[str, Measure] = {
    "p1": lambda wanted, profile: read.measure(rounds=wanted.rounds, seconds=wanted.seconds, profile=profile),
    "p2": lambda wanted, profile: accept.measure(rounds=wanted.rounds, seconds=wanted.seconds, profile=profile),
    "p3": lambda wanted, profile: latency.measure(rounds=wanted.rounds, seconds=wanted.seconds),
    "p4": lambda wanted, profile: whole.measure(
        rounds=wanted.rounds, orders=wanted.orders, workers=wanted.workers, profile=profile
    ),
    "p5": lambda wanted, profile: availability.measure(rounds=wanted.rounds, seconds=wanted.seconds, profile=profile),
    "p6": lambda wanted, profile: reserving.measure(rounds=wanted.rounds, seconds=wanted.seconds, profile=profile),
    "load": lambda wanted, profile: loading.measure(),
    "p7": lambda wanted, profile: growth.measure(rounds=wanted.rounds, sizes=wanted.stored),
    "p8": lambda wanted, profile: memory.measure(requests=wanted.requests),
    "p9": lambda wanted, profile: starting.measure(rounds=wanted.rounds + 2),
    "p11": lambda wanted, profile: decisions.validation(rounds=wanted.rounds),
    "p12": lambda wanted, profile: decisions.policy(rounds=wanted.rounds),
    "match": lambda wanted, profile: matching.measure(rounds=wanted.rounds),
    "r12": lambda wanted, profile: overload.measure(seconds=wanted.overload, profile=profile),
    "r13": lambda wanted, profile: criticality.measure(seconds=wanted.overload, profile=profile),
    "r14": lambda wanted, profile: outages.measure(seconds=wanted.seconds),
    "r15": lambda wanted, profile: limits.measure(seconds=wanted.limits_seconds),
    "r16": lambda wanted, profile: refusals.measure(rounds=wanted.rounds),
    "r17": lambda wanted, profile: slow.measure(),
    "steps": lambda wanted, profile: whole.steps(rounds=wanted.rounds, workflows=wanted.workflows),
}


def main() -> None:
    wanted = _wanted()
    if wanted.profile:
        wanted.profile.mkdir(parents=True, exist_ok=True)
    where, found = _machine(), {}
    for part in wanted.only or PARTS:
        print(f"measuring {part} …", flush=True)
        findings = PARTS[part](wanted, wanted.profile and wanted.profile / f"{part}.txt")
        found[part] = findings.told(where)
        print(found[part], flush=True)
    if wanted.record:
        record(PAGE, found, order=list(PARTS))
        print(f"recorded in {PAGE.relative_to(ROOT)}")


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each load on P1 and P2, after warming up")
    parser.add_argument("--orders", type=int, default=600, help="in each round of P4")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--workflows", type=int, default=400, help="in each round of the steps' cost")
    parser.add_argument("--stored", type=int, nargs="+", default=growth.SIZES, help="orders in the databases of P7")
    parser.add_argument("--overload", type=float, default=60.0, help="seconds of R12 and R13's overload")
    parser.add_argument("--limits-seconds", type=float, default=60.0, help="of R15")
    parser.add_argument("--requests", type=int, default=100_000, help="of P8; its goal speaks of a million")
    parser.add_argument("--record", action="store_true", help=f"write the result into {PAGE.relative_to(ROOT)}")
    parser.add_argument(
        "--profile", type=Path, metavar="FOLDER", help="say there where edge and worker spend their time"
    )
    return parser.parse_args()


def _machine() -> str:
    with folder() as home, acquire(home) as server, psycopg.connect(server.url) as connection:
        row = connection.execute("show server_version").fetchone()
        return machine.described(str(row[0]) if row else "?")


if __name__ == "__main__":
    main()

"""P4: whole orders, from the partner's call to the ledgers of all three back ends; and what a step costs."""

import csv
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from gateway.settings import ROOT
from gateway.store.embedded import acquire
from gateway.store.migrate import migrate
from tests.benchmarks.figures import Findings, Row, goal, middle, spread
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.order import SKUS
from tests.benchmarks.processes import asked, folder, load, omnigate, postmaster, processor_seconds, python, running

CONNECTIONS = 16
PATIENCE = 90.0
STEPS = 7


@dataclass(slots=True)
class Plant:
    """Edge, workers and sandbox, with all the stock that a run may want."""

    gate: Gate
    pids: dict[str, list[int]]
    rates: list[float] = field(default_factory=list)
    cost: dict[str, list[float]] = field(default_factory=dict)  # processor milliseconds an order, by kind of process
    ends: dict[str, int] = field(default_factory=dict)
    placed: int = 0

    def run(self, count: int) -> None:
        before = self._processor_seconds()
        self.placed += count
        seen = load(self.gate.port, self.gate.token, connections=CONNECTIONS, first=self.placed, count=count)
        accepted = seen["statuses"].get("202", 0)
        ended = self._rest(accepted)
        self.rates.append(accepted / (ended - seen["began"]))
        for name, seconds in self._processor_seconds().items():
            self.cost.setdefault(name, []).append((seconds - before[name]) * 1000 / accepted)

    def _rest(self, accepted: int) -> float:
        """When the last order came to its end."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            left, last = self.gate.one(_LEFT)
            if not left:
                return float(str(last))
            time.sleep(0.2)
        raise SystemExit(f"{left} orders had not come to an end after {PATIENCE:.0f} s; see {self.gate.home}")

    def _processor_seconds(self) -> dict[str, float]:
        return {name: sum(map(processor_seconds, pids)) for name, pids in self.pids.items()}


_LEFT = """
select count(*) filter (where status not in ('completed', 'rejected', 'cancelled')), extract(epoch from max(updated_at))
  from orders
"""


def measure(*, rounds: int, orders: int, workers: int, profile: Path | None = None) -> Findings:
    with _plant(workers, profile) as plant:
        for _ in range(rounds):
            plant.run(orders)
        ledgers = _ledgers(plant.gate)
        completed = plant.gate.one("select count(*) from orders where status = 'completed'")[0]
    rate = middle(plant.rates)
    row = Row(
        f"P4 whole orders: {orders} at once, edge, {workers} worker(s) and sandbox",
        spread(plant.rates, "/s"),
        "",
        *goal(rate, ">= 50/s", at_least=50),
    )
    cost = ", ".join(f"{name} {middle(values):.1f}" for name, values in plant.cost.items())
    return Findings(
        [row],
        [
            f"P4: of {plant.placed:,} orders {completed:,} were completed; the sandbox's ledgers hold {ledgers}.",
            f"P4: processor time an order, ms: {cost}.",
        ],
    )


@contextmanager
def _plant(workers: int, profile: Path | None) -> Iterator[Plant]:
    with ExitStack() as stack:
        gate = stack.enter_context(installation())
        sandbox = stack.enter_context(_sandbox(gate))
        subprocess.run(
            omnigate("inventory", "sync"),
            cwd=ROOT,
            env={**os.environ, **gate.env},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        pids = {"edge": [gate.edge.pid], "worker": [], "sandbox": [sandbox.pid], "PostgreSQL": [postmaster(gate.home)]}
        for number in range(workers):
            command = omnigate("worker", profile=profile if number == 0 else None)
            worker = stack.enter_context(running(*command, env=gate.env, log=gate.home / "worker.log"))
            pids["worker"].append(worker.pid)
        time.sleep(3)  # until they are at work
        yield Plant(gate, pids)


@contextmanager
def _sandbox(gate: Gate) -> Iterator[subprocess.Popen[bytes]]:
    catalogue = gate.home / "catalogue.csv"
    with catalogue.open("w", newline="") as file:
        csv.writer(file).writerows([("sku", "gtin", "on_hand"), *((sku, "", 100_000_000) for sku in SKUS)])
    port = gate.env["SANDBOX_PORT"]
    command = omnigate("sandbox", "--port", port, "--catalogue", str(catalogue))
    ready = f"http://127.0.0.1:{port}/healthz"
    with running(*command, env=gate.env, log=gate.home / "sandbox.log", ready=ready) as process:
        yield process


def _ledgers(gate: Gate) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{gate.env['SANDBOX_PORT']}/ledger/summary", timeout=10) as answer:
        summary: dict[str, Any] = json.load(answer)
    effects = {kind: count for system in ("psp", "erp", "wms") for kind, count in summary[system]["effects"].items()}
    told = ", ".join(f"{count:,} {kind}" for kind, count in effects.items())
    return f"{told}, {summary['doubled']} doubled"


def steps(*, rounds: int, workflows: int) -> Findings:
    """Our runner's step against the engine's own, by turns, each in a new database of one durable server."""
    sides: dict[str, list[float]] = {"engine": [], "ours": []}
    busy: dict[str, list[float]] = {"engine": [], "ours": []}
    with folder() as home, acquire(home) as server:
        migrate(server.url)
        for number in range(rounds):
            for side, taken in sides.items():
                with _copy(server.url, f"bench_{side}_{number}") as url:
                    command = python("tests.benchmarks.steps", side, str(workflows))
                    seen = asked(*command, env={"DATABASE_URL": url})
                if seen["completed"] != workflows:
                    raise SystemExit(f"{side}: {seen['completed']} of {workflows} workflows were completed")
                taken.append(seen["seconds"] * 1e6 / workflows / STEPS)
                busy[side].append(seen["busy"] * 1e6 / workflows / STEPS)
    ratio = middle(sides["ours"]) / (middle(sides["engine"]) or 1)
    rows = [
        Row(f"P4 the engine's own empty step ({workflows} workflows of {STEPS})", spread(sides["engine"], "µs")),
        Row("P4 our runner's step, null back ends", spread(sides["ours"], "µs"), f"{ratio:.2f} of engine",
            *goal(ratio, "<= 1.3 of engine", at_most=1.3)),
    ]  # fmt: skip
    engine, ours = middle(busy["engine"]), middle(busy["ours"])
    remark = f"P4: processor time a step in the process itself, µs: engine {engine:,.0f}, ours {ours:,.0f}."
    return Findings(rows, [remark])


@contextmanager
def _copy(url: str, name: str) -> Iterator[str]:
    """A migrated database of one measurement alone."""
    beside = url.rsplit("/", 1)[0]
    with psycopg.connect(f"{beside}/postgres", autocommit=True) as connection:
        connection.execute(f'create database "{name}" template omnigate')
        try:
            yield f"{beside}/{name}"
        finally:
            connection.execute(f'drop database "{name}" with (force)')

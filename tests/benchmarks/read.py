"""P1: governed reads of one order, beside `bare` answering with the same document, by turns."""

import json
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.benchmarks.contender import CONNECTIONS, Contender, bare, of_the_first, take_turns
from tests.benchmarks.figures import Findings, Row, goal, spread
from tests.benchmarks.gate import installation
from tests.benchmarks.processes import postmaster

ORDERS = 200


def measure(*, rounds: int, seconds: float, profile: Path | None = None) -> Findings:
    with ExitStack() as stack:
        gate = stack.enter_context(installation(profile=profile))
        orders = gate.place(ORDERS)
        pids = {"edge": gate.edge.pid, "PostgreSQL": postmaster(gate.home)}
        governed = Contender(gate.port, gate.token, pids, "200", {"traffic": "reads", "orders": orders})
        document = _document(gate.port, orders[0], gate.token)
        alone = stack.enter_context(bare(gate.home, {"BENCH_ORDER": json.dumps(document)}))
        alone.good, alone.traffic = governed.good, governed.traffic
        if _document(alone.port, orders[0], "none") != document:
            raise SystemExit("bare does not answer with the same document")
        take_turns((alone, governed), rounds=rounds, seconds=seconds)
    return _findings(alone, governed)


def _document(port: int, order_id: str, token: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/orders/{order_id}", headers={"authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _findings(alone: Contender, governed: Contender) -> Findings:
    ratio = of_the_first(governed, alone)
    named: Mapping[str, Contender] = {"bare": alone, "governed": governed}
    rows = [
        Row("P1 `bare`: FastAPI and Pydantic answer with the order", spread(alone.rates, "/s")),
        Row("P1 governed read of an order", spread(governed.rates, "/s"), f"{ratio:.2f} of bare",
            *goal(ratio, ">= 0.5 of bare", at_least=0.5)),
    ]  # fmt: skip
    p99 = ", ".join(f"{contender.told_p99()} ms {name}" for name, contender in named.items())
    cost = "; ".join(f"{name} {contender.told_cost()}" for name, contender in named.items())
    remarks = [
        f"P1: {CONNECTIONS} connections in a closed loop; p99 {p99}. Processor time an answer, µs: {cost}. The load"
        f" generator kept at most {max(contender.generator for contender in named.values()):.0%} of a core busy."
    ]
    for name, contender in named.items():
        if others := contender.others():
            remarks.append(f"P1: {name} also answered {others}; these are not counted.")
    return Findings(rows, remarks)

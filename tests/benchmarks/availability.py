"""P5: availability of one SKU at all of its nodes, beside `bare` answering with the same document, and of 100 pairs."""

import json
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import psycopg

from tests.benchmarks.contender import CONNECTIONS, Contender, bare, of_the_first, take_turns
from tests.benchmarks.figures import Findings, Row, goal, middle, spread
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.processes import postmaster

NODES, SKUS = 8, 5_000
PAIRS, ASKED = 100, 200
_WARM = 20

_FILL = """
insert into node (node_id, type, name, source_id, document)
select 'node-' || n, 'store', 'node ' || n, 'wms', '{"timezone": "UTC"}' from generate_series(1, %(nodes)s) n;
insert into stock_view (source_id, sku, node_id, quantity, as_of)
select 'wms', 'SKU-' || s, 'node-' || n, 100 + s %% 7, now()
  from generate_series(1, %(skus)s) s, generate_series(1, %(nodes)s) n;
select derive_stock(array_agg(sku), array_agg(node_id)) from stock_view;
update stock_position set safety_stock = 2, reserved = 5, reserved_soft = 1;
"""


def measure(*, rounds: int, seconds: float, profile: Path | None = None) -> Findings:
    with ExitStack() as stack:
        gate = stack.enter_context(installation(profile=profile))
        _fill(gate)
        questions = [{"lines": [{"sku": f"SKU-{number}"}]} for number in range(1, 201)]
        pids = {"edge": gate.edge.pid, "PostgreSQL": postmaster(gate.home)}
        governed = Contender(gate.port, gate.token, pids, "200", {"traffic": "questions", "questions": questions})
        document, _ = _asked(gate.port, questions[0], gate.token)
        alone = stack.enter_context(bare(gate.home, {"BENCH_AVAILABILITY": json.dumps(document)}))
        alone.good, alone.traffic = governed.good, governed.traffic
        if _asked(alone.port, questions[0], "none")[0] != document:
            raise SystemExit("bare does not answer with the same document")
        take_turns((alone, governed), rounds=rounds, seconds=seconds)
        hundred = _hundred(gate)
    return _findings(alone, governed, hundred)


def _fill(gate: Gate) -> None:
    with psycopg.connect(gate.database, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_FILL, {"nodes": NODES, "skus": SKUS})
    with psycopg.connect(gate.database, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def _hundred(gate: Gate) -> list[float]:
    """Milliseconds for 100 pairs, one question at a time; each question's pairs are others."""
    took = []
    for number in range(ASKED + _WARM):
        lines = [
            {"sku": f"SKU-{(number * 13 + pair * 7) % SKUS + 1}", "node_id": f"node-{pair % NODES + 1}"}
            for pair in range(PAIRS)
        ]
        took.append(_asked(gate.port, {"lines": lines}, gate.token)[1] * 1000)
    return took[_WARM:]


def _asked(port: int, question: Any, token: str) -> tuple[Any, float]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    url = f"http://127.0.0.1:{port}/v1/inventory/availability:query"
    request = urllib.request.Request(url, data=json.dumps(question).encode(), headers=headers)
    begun = perf_counter()
    with urllib.request.urlopen(request, timeout=10) as answer:
        content = answer.read()
    return json.loads(content), perf_counter() - begun


def _findings(alone: Contender, governed: Contender, hundred: list[float]) -> Findings:
    ratio, p50 = of_the_first(governed, alone), middle(hundred)
    cuts = quantiles(hundred, n=100)
    rows = [
        Row("P5 `bare`: FastAPI and Pydantic answer with the availability", spread(alone.rates, "/s")),
        Row(f"P5 availability of one SKU at {NODES} nodes", spread(governed.rates, "/s"), f"{ratio:.2f} of bare",
            *goal(ratio, ">= 0.4 of bare", at_least=0.4)),
        Row(f"P5 {PAIRS} pairs of SKU and node, one caller", f"{p50:.1f} ms (p99 {cuts[98]:.1f})", "",
            *goal(p50, "<= 10 ms", at_most=10.0)),
    ]  # fmt: skip
    remarks = [
        f"P5: {CONNECTIONS} connections in a closed loop, {SKUS * NODES:,} positions; p99 {alone.told_p99()} ms bare,"
        f" {governed.told_p99()} ms availability. Processor time an answer, µs: {governed.told_cost()}."
    ]
    return Findings(rows, remarks)

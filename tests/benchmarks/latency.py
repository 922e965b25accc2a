"""P3: what the edge adds to a read's latency at half of its peak, beside the same question to the same database."""

from contextlib import ExitStack

from tests.benchmarks.contender import CONNECTIONS, WARM_UP, health
from tests.benchmarks.figures import Findings, Row, goal, middle
from tests.benchmarks.gate import installation
from tests.benchmarks.processes import free_port, load, running, uvicorn

ORDERS = 200


def measure(*, rounds: int, seconds: float) -> Findings:
    with ExitStack() as stack:
        gate = stack.enter_context(installation())
        port = free_port()
        log = gate.home / "sql.log"
        command = uvicorn("tests.benchmarks.sql:app", port)
        stack.enter_context(running(*command, env={"DATABASE_URL": gate.database}, log=log, ready=health(port)))
        plan = {"connections": CONNECTIONS, "first": 0, "warm_up": WARM_UP, "traffic": "reads"}
        plan["orders"] = gate.place(ORDERS)
        peak = load(gate.port, gate.token, **plan, seconds=seconds)
        pace = peak["statuses"].get("200", 0) / peak["seconds"] / 2
        seen: dict[str, list[dict[str, float]]] = {"sql": [], "edge": []}
        for _ in range(rounds):
            for name, where in (("sql", port), ("edge", gate.port)):
                seen[name].append(load(where, gate.token, **plan, seconds=seconds, pace=pace))
    return _findings(pace, sql=seen["sql"], edge=seen["edge"])


def _findings(pace: float, *, sql: list[dict[str, float]], edge: list[dict[str, float]]) -> Findings:
    added = {cut: [mine[cut] - theirs[cut] for mine, theirs in zip(edge, sql, strict=True)] for cut in ("p50", "p99")}
    row = Row(
        f"P3 what the edge adds to the p99 of a read, at {pace:,.0f}/s, half of its peak",
        _spread(added["p99"]),
        "",
        *goal(middle(added["p99"]), "<= 2 ms", at_most=2),
    )
    told = [
        f"{name} p50 {_spread([each['p50'] for each in runs])}, p99 {_spread([each['p99'] for each in runs])}"
        for name, runs in (("the question alone", sql), ("governed", edge))
    ]
    return Findings([row], [f"P3: {'; '.join(told)}. The edge adds {_spread(added['p50'])} to the p50."])


def _spread(values: list[float]) -> str:
    return f"{middle(values):.2f} ms ({min(values):.2f}–{max(values):.2f})"

"""R13: what matters least comes twelve times as often, and then one partner twenty times: what do the others notice?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.crowd import Crowd
from tests.benchmarks.figures import Findings, Row, goal
from tests.benchmarks.gate import installation
from tests.benchmarks.overload import CLOSED, told
from tests.benchmarks.processes import load

ORDERS, LISTS = 0.3, 0.1  # of the peak of orders, when all is well
SHARE = 0.1  # of the peak: each of the partners that share the edge fairly
CALM = 20.0


def measure(*, seconds: float, profile: Path | None = None) -> Findings:
    # as behind a proxy: what one address may have is not what is measured here
    with installation(profile=profile, OMNIGATE_TRUSTED_PROXIES="127.0.0.1") as gate:
        crowd = Crowd(gate, ("benca", "bencb"), plan="internal")
        fair = Crowd(gate, ("bencx", "bency", "bencz"), plan="standard")
        closed = load(gate.port, gate.token, connections=CLOSED, first=1, warm_up=2.0, seconds=8.0)
        peak = closed["statuses"].get("202", 0) / closed["seconds"]
        calm = _mixed(crowd, peak, times=1, seconds=CALM)
        spike = _mixed(crowd, peak, times=12, seconds=seconds)
        even = _shared(fair, peak, times=1, seconds=CALM)
        greedy = _shared(fair, peak, times=20, seconds=seconds)
    return _findings(peak, calm, spike, even=even, greedy=greedy)


def _mixed(crowd: Crowd, peak: float, *, times: int, seconds: float) -> Mapping[str, Any]:
    orders = crowd.stream("orders", "benca", ORDERS * peak)
    lists = crowd.stream("lists", "bencb", LISTS * peak * times, kind="list")
    return crowd.load(orders, lists, seconds=seconds)


def _shared(crowd: Crowd, peak: float, *, times: int, seconds: float) -> Mapping[str, Any]:
    others = (crowd.stream(name, name, SHARE * peak) for name in ("bencx", "bency"))
    return crowd.load(*others, crowd.stream("greedy", "bencz", SHARE * peak * times), seconds=seconds)


def _findings(
    peak: float,
    calm: Mapping[str, Any],
    spike: Mapping[str, Any],
    *,
    even: Mapping[str, Any],
    greedy: Mapping[str, Any],
) -> Findings:
    before, during = calm["streams"]["orders"], spike["streams"]["orders"]
    slower = during["p99"] / before["p99"]
    success = during["good"] / during["sent"]
    lost = 1 - min(greedy["streams"][name]["good"] / greedy["streams"][name]["sent"] for name in ("bencx", "bency"))
    rows = [
        Row("R13 peak: orders accepted in a closed loop", f"{peak:,.0f} /s"),
        Row("R13 orders accepted while lists come 12 times as often", f"{success:.2%}", "",
            *goal(success, ">= 99.5 %", at_least=0.995)),
        Row("R13 their p99", f"{during['p99']:,.0f} ms; {before['p99']:,.0f} ms before", f"{slower:.1f}",
            *goal(slower, "<= 2 times", at_most=2.0)),
        Row("R13 what others lose when one partner sends 20 times", f"{lost:.2%}", "",
            *goal(lost, "< 1 %", at_most=0.01)),
    ]  # fmt: skip
    remarks = [
        told(f"R13 {when}", seen)
        for when, seen in (("orders and lists", calm), ("lists 12 times", spike), ("even", even), ("greedy", greedy))
    ]
    lists, worst = spike["streams"]["lists"], max(greedy["streams"][name]["p99"] for name in ("bencx", "bency"))
    remarks.append(
        f"R13: of {lists['sent']} lists {lists['good']} were answered, p99 {lists['p99']:.0f} ms; the greedy partner's"
        f" answers were {greedy['streams']['greedy']['statuses']}, the others' p99 {worst:.0f} ms."
    )
    return Findings(rows, remarks)

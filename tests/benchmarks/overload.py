"""R12: ten times the peak. What is still done, how long it takes, how fast the rest is refused, and what remains."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.crowd import Crowd, Stream
from tests.benchmarks.figures import Findings, Row, goal
from tests.benchmarks.gate import installation
from tests.benchmarks.processes import load, processor_seconds

PARTNERS = ("benca", "bencb", "bencc", "bencd")  # as long as the name in the prepared orders
CLOSED = 24  # connections in a closed loop that find the peak
CALM = 15.0  # seconds at 70 % of the peak, before and after


def measure(*, seconds: float, profile: Path | None = None) -> Findings:
    # as behind a proxy: what one address may have is not what is measured here
    with installation(profile=profile, OMNIGATE_TRUSTED_PROXIES="127.0.0.1") as gate:
        crowd = Crowd(gate, PARTNERS, plan="internal")
        closed = load(gate.port, gate.token, connections=CLOSED, first=1, warm_up=2.0, seconds=8.0)
        peak = closed["statuses"].get("202", 0) / closed["seconds"]
        before = crowd.load(*_orders(crowd, 0.7 * peak), seconds=CALM)
        memory, worked = crowd.memory(), processor_seconds(gate.edge.pid)
        during = crowd.load(*_orders(crowd, 10 * peak), seconds=seconds)
        worked = (processor_seconds(gate.edge.pid) - worked) / seconds
        after = crowd.load(*_orders(crowd, 0.7 * peak), seconds=CALM)
        grown = crowd.memory()["VmHWM"] - memory["VmRSS"]
    return _findings(peak, before, during, after, seconds=seconds, grown=grown, worked=worked)


def _orders(crowd: Crowd, rate: float) -> list[Stream]:
    return [crowd.stream(partner, partner, rate / len(PARTNERS)) for partner in PARTNERS]


def _findings(
    peak: float, before: Any, during: Any, after: Any, *, seconds: float, grown: float, worked: float
) -> Findings:
    goodput = sum(stream["good"] for stream in during["streams"].values()) / seconds
    calm, stressed = _worst(before, "p99"), _worst(during, "p99")
    refused = _worst(during, "refused_p99")
    recovered = _recovered(after, calm)
    rows = [
        Row("R12 peak: orders accepted in a closed loop", f"{peak:,.0f} /s"),
        Row("R12 accepted at 10 times the peak", f"{goodput:,.0f} /s", f"{goodput / peak:.2f} of peak",
            *goal(goodput / peak, ">= 0.90 of peak", at_least=0.90)),
        Row("R12 p99 of what is accepted", f"{stressed:,.0f} ms; {calm:,.0f} ms at 70 %", f"{stressed / calm:.1f}",
            *goal(stressed / calm, "<= 3 times", at_most=3.0)),
        Row("R12 p99 of refusals", f"{refused:.1f} ms", "", *goal(refused, "<= 20 ms", at_most=20.0)),
        Row("R12 normal again after", f"{recovered} s", "", *goal(recovered, "<= 5 s", at_most=5)),
        Row("R12 memory of the edge", f"+{grown:.0f} MiB", "", *goal(grown, "<= +50 MiB", at_most=50)),
    ]  # fmt: skip
    return Findings(
        rows, [told("R12 at 70 %", before), told("R12 at 10 times", during, worked), told("R12 after", after)]
    )


def _worst(seen: Mapping[str, Any], figure: str) -> float:
    """Of the partners: all of them are treated alike."""
    return max(float(stream[figure]) for stream in seen["streams"].values())


def _recovered(after: Mapping[str, Any], calm: float) -> int:
    """The first second from which on no second's p99, over the partners, is more than half above what it was before."""
    p99s = [max(each[1] for each in second) for second in zip(*_series(after), strict=True)]
    bad = [place for place, p99 in enumerate(p99s) if p99 > 1.5 * calm]
    return bad[-1] + 1 if bad else 0


def _series(seen: Mapping[str, Any]) -> list[list[list[float]]]:
    return [stream["series"] for stream in seen["streams"].values()]


def told(when: str, seen: Mapping[str, Any], worked: float | None = None) -> str:
    statuses: Counter[str] = Counter()
    for stream in seen["streams"].values():
        statuses.update(stream["statuses"])
    edge = f", the edge {worked:.0%}" if worked is not None else ""
    return (
        f"{when}: answers {dict(statuses)}, {seen['unsent']} never sent; the generator kept {seen['busy']:.0%} of a"
        f" core busy{edge}, and sent 99 % within {seen['late_p99']:.1f} ms of their time, over"
        f" {seen['connections']} connections."
    )

"""The demo's result, as a table: ends, effects, faults, kills, timings, and one line that says it all."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.cli.demo_books import Ending, Finding
from gateway.cli.demo_faults import ORDERS_NEEDED, too_few
from gateway.cli.demo_shop import Day
from gateway.store.runs import RunView

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Result:
    """Everything there is to tell."""

    day: Day
    endings: Sequence[Ending]
    findings: Sequence[Finding]
    parked: Sequence[RunView]
    ledgers: Mapping[str, Any]  # the sandbox's own summary
    kills_wanted: int
    seconds: float

    @property
    def lost(self) -> int:
        return len({finding.order_id for finding in self.findings if finding.verdict == "lost"})

    @property
    def doubled(self) -> int:
        return len({finding.order_id for finding in self.findings if finding.verdict == "doubled"})

    @property
    def calls(self) -> int:
        return sum(self.ledgers["attempts"].values())

    @property
    def last_line(self) -> str:
        return f"lost {self.lost} · doubled {self.doubled} · parked {len(self.parked)} · orders {len(self.endings)}"

    def complaints(self) -> list[str]:
        """Why the demo did not end well, or proved less than it says."""
        lines = [f"{finding.verdict}: {finding.order_id}: {finding.what}" for finding in self.findings]
        lines += [f"parked: {run.run_id}: {dict(run.cause or {})}" for run in self.parked]
        lines += [f"refused: {each.subject}: {each.code}: {each.detail}" for each in self.day.refused]
        lines += [f"answered in two ways when sent twice: {order}" for order in self.day.disagreed]
        if len(self.day.kills) < self.kills_wanted:
            lines.append(
                f"only {len(self.day.kills)} of {self.kills_wanted} workers were killed with effects in flight"
            )
        if self.day.wanted >= ORDERS_NEEDED:
            lines += too_few(self.ledgers["faults"], self.calls)
        return lines


def print_result(console: Console, result: Result) -> None:
    table = Table("what", "how many", "", title="the demo's day", title_justify="left")
    for heading, rows in _sections(result):
        table.add_section()
        table.add_row(f"[bold]{heading}[/bold]", "", "")
        for what, how_many, more in rows:
            table.add_row(f"  {what}", how_many, more)
    console.print(table)
    complaints = result.complaints()
    for complaint in complaints[:SHOWN]:
        console.print(complaint, markup=False, soft_wrap=True)
    if len(complaints) > SHOWN:
        console.print(f"… and {len(complaints) - SHOWN} more")
    console.print(result.last_line, markup=False)


Rows = list[tuple[str, str, str]]


def _sections(result: Result) -> list[tuple[str, Rows]]:
    return [
        ("orders by end state", _ends(result)),
        ("effects in the ledgers", _effects(result.ledgers)),
        ("faults", _faults(result)),
        ("workers killed (SIGKILL)", [(f"{each.worker}", "1", _flying(each.in_flight)) for each in result.day.kills]),
        ("timings", _timings(result)),
    ]


def _ends(result: Result) -> Rows:
    rows: Rows = []
    for status, count in Counter(ending.status for ending in result.endings).most_common():
        reasons = Counter(ending.reason for ending in result.endings if ending.status == status and ending.reason)
        rows.append((status, str(count), ", ".join(f"{reason} {n}" for reason, n in reasons.most_common())))
    return [*rows, ("sent twice at once", str(result.day.repeated), "one order each, equal bytes")]


def _effects(ledgers: Mapping[str, Any]) -> Rows:
    return [
        (system, str(sum(ledgers[system]["effects"].values())), _listed(ledgers[system]["effects"]))
        for system in ("psp", "erp", "wms")
    ]


def _faults(result: Result) -> Rows:
    injected = result.ledgers["faults"]
    total = sum(injected.values())
    share = f"{total / result.calls:.1%} of {result.calls:,} calls" if result.calls else ""
    return [*((kind, str(count), "") for kind, count in sorted(injected.items())), ("all", str(total), share)]


def _timings(result: Result) -> Rows:
    accepted = [ack.seconds * 1000 for ack in result.day.acks.values()]
    ended = [ending.seconds for ending in result.endings]
    return [
        ("accept, ms", *_percentiles(accepted, "{:.0f}")),
        ("order to end, s", *_percentiles(ended, "{:.1f}")),
        ("all in all, s", f"{result.seconds:.0f}", ""),
    ]


def _percentiles(values: Iterable[float], form: str) -> tuple[str, str]:
    measured = sorted(values)
    if len(measured) < 2:
        return "", ""
    cut = quantiles(measured, n=100, method="inclusive")
    return f"p50 {form.format(cut[49])}", f"p99 {form.format(cut[98])}"


def _flying(effects: int) -> str:
    return f"{effects} effect{'' if effects == 1 else 's'} in flight"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))

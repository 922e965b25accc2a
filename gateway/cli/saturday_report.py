"""The Saturday's result: what became of orders, money and stock, one reroute explained, and a last line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from gateway.cli.saturday_books import Finding, Position, Purse, Seen, ours, theirs
from gateway.cli.saturday_goods import GOODS, LEEDS, MAIN, NORTH, YORK
from gateway.cli.saturday_scenes import Came, Scene
from gateway.store.runs import RunView

SHOWN = 10

Rows = list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Saturday:
    """Everything there is to tell. *rerouted*: an order, and *why* what `omnigate orders why` prints about it."""

    scenes: Mapping[Scene, Came]
    seen: Seen
    findings: Sequence[Finding]
    parked: Sequence[RunView]
    rerouted: str
    why: str
    seconds: float

    @property
    def last_line(self) -> str:
        found = Counter(verdict for _, verdict in {(each.about, each.verdict) for each in self.findings})
        told = " · ".join(f"{verdict} {found[verdict]}" for verdict in ("lost", "doubled", "oversold"))
        return f"{told} · parked {len(self.parked)} · orders {len(self.seen.orders)}"

    def complaints(self) -> list[str]:
        """Why the Saturday did not end well."""
        lines = [f"{finding.verdict}: {finding.about}: {finding.what}" for finding in self.findings]
        lines += [f"parked: {run.run_id}: {dict(run.cause or {})}" for run in self.parked]
        odd = ((scene, came.how) for scene, came in self.scenes.items() if came.how != scene.expected)
        return lines + [f"{scene.title}: {how}, and not {scene.expected}" for scene, how in odd]


def print_saturday(console: Console, result: Saturday) -> None:
    table = Table("what", "how many", "", title="the demo's Saturday", title_justify="left")
    for heading, rows in _sections(result.seen):
        table.add_section()
        table.add_row(f"[bold]{heading}[/bold]", "", "")
        for what, how_many, more in rows:
            table.add_row(f"  {what}", how_many, more)
    table.add_section()
    table.add_row("all in all, s", f"{result.seconds:.0f}", "")
    console.print(table)
    for line in (f"`omnigate orders why {result.rerouted}`, which was rerouted:", result.why.rstrip()):
        console.print(line, markup=False, soft_wrap=True)
    complaints = result.complaints()
    for complaint in complaints[:SHOWN]:
        console.print(complaint, markup=False, soft_wrap=True)
    if len(complaints) > SHOWN:
        console.print(f"… and {len(complaints) - SHOWN} more")


def _sections(seen: Seen) -> list[tuple[str, Rows]]:
    return [
        ("orders by channel", _by_channel(seen)),
        ("parts by end state", _parts(seen)),
        ("money: ours = theirs", _money(seen)),
        ("stock: ours = theirs", [_stock(seen, node) for node in (MAIN, NORTH, YORK, LEEDS)]),
    ]


def _by_channel(seen: Seen) -> Rows:
    by_channel: dict[str, Counter[str]] = {}
    for order in seen.orders.values():
        by_channel.setdefault(order["channel"]["channel_id"], Counter())[order["status"]] += 1
    return [(name, str(ends.total()), _listed(ends)) for name, ends in sorted(by_channel.items())]


def _parts(seen: Seen) -> Rows:
    """Of each way to the customer."""
    methods = ("ship_to_home", "sent"), ("bopis", "fetched")
    parts = [part for order in seen.orders.values() for part in order["fulfilments"]]
    ends = {how: Counter(part["status"] for part in parts if part["method"] == method) for method, how in methods}
    reasons = Counter(part["reason"]["code"] for part in parts if "reason" in part)
    return [*((how, str(each.total()), _listed(each)) for how, each in ends.items()),
            ("not as planned", str(reasons.total()), _listed(reasons))]  # fmt: skip


def _money(seen: Seen) -> Rows:
    said = sum(map(ours, seen.orders.values()), Purse(0, 0, 0))
    booked = theirs([effect for effect in seen.effects if effect["order_id"] in seen.orders])
    pairs = (
        ("held", said.held, booked.held),
        ("taken", said.taken, booked.taken),
        ("given back", said.back, booked.back),
    )
    return [(what, pounds(mine), f"theirs {pounds(other)}") for what, mine, other in pairs]


def _stock(seen: Seen, node: str) -> tuple[str, str, str]:
    """The Saturday's goods at the node: what there was, and what became of it."""

    def here(pieces: Mapping[Position, int]) -> int:
        return sum(pieces.get((node, sku), 0) for sku in GOODS)

    opened, sold, gone = (here(seen.moved(reason)) for reason in ("opening", "shipment", "shrink"))
    lost = f", {gone} of them gone" if gone else ""
    return node, f"{sold} sold", f"of {opened}{lost}: {here(seen.shelves)} lie there, {here(seen.ours)} for sale"


def pounds(pence: int) -> str:
    return f"£{pence // 100:,}.{pence % 100:02}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))

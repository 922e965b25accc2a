"""The reckoning: what the client was promised against what stands in the ledgers of the three systems."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

SYSTEMS = ("psp", "erp", "wms")
PAGE = 1000
UNDONE = ("rejected", "cancelled")
AT_REST = frozenset({"completed", *UNDONE})
DONE = {
    "authorisation": 1,
    "sales_order": 1, "sales_order cancel": 0, "invoice": 1,
    "shipment": 1, "shipment cancel": 0, "shipped": 1,
}  # fmt: skip
REVERSED_BY = {"authorisation": "void", "sales_order": "sales_order cancel", "shipment": "shipment cancel"}
FULL_AMOUNT = frozenset({"authorisation", "sales_order"})

Verdict = Literal["lost", "doubled"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How an acknowledged order stands, as its channel reads it."""

    order_id: str
    status: str
    total: int  # minor units
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ledger."""

    order_id: str | None
    kind: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    order_id: str
    verdict: Verdict
    what: str


def reckon(endings: Iterable[Ending], entries: Iterable[Entry]) -> list[Finding]:
    """Every order's end against its effects. Too little of something is lost, too much of it is doubled."""
    by_order: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_order[entry.order_id].append(entry)
    findings: list[Finding] = []
    for ending in endings:
        findings += _reckon(ending, by_order.pop(ending.order_id, []))
    for order_id, strays in by_order.items():
        what = f"effects of an order nobody was told of: {', '.join(sorted(entry.kind for entry in strays))}"
        findings.append(Finding(order_id or "(no order)", "doubled", what))
    return findings


def _reckon(ending: Ending, entries: Sequence[Entry]) -> list[Finding]:
    if ending.status not in AT_REST:
        return [Finding(ending.order_id, "lost", f"still {ending.status}")]
    counted = Counter(entry.kind for entry in entries)
    findings = []
    for kind, wanted in _expected(ending.status, counted).items():
        if counted[kind] != wanted:
            what = f"{ending.status} with {counted[kind]} of {kind}, {wanted} expected"
            findings.append(Finding(ending.order_id, "lost" if counted[kind] < wanted else "doubled", what))
    for entry in entries:
        if entry.kind in FULL_AMOUNT and entry.amount is not None and entry.amount != ending.total:
            what = f"{entry.kind} of {entry.amount} for an order of {ending.total}"
            findings.append(Finding(ending.order_id, "lost", what))
    return findings + [Finding(ending.order_id, verdict, what) for verdict, what in _money(ending, entries)]


def _money(ending: Ending, entries: Sequence[Entry]) -> Iterator[tuple[Verdict, str]]:
    """What was taken, in however many parts, is what the order costs, less what was given back untaken."""
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.kind] += entry.amount or 0
    taken, back, held = sums["capture"] - sums["refund"], sums["void"], sums["authorisation"]
    due = ending.total - back if ending.status == "completed" else 0
    if taken != due:
        yield "lost" if taken < due else "doubled", f"{ending.status} with {taken} taken, {due} expected"
    if sums["capture"] + back > held:
        yield "doubled", f"{sums['capture']} taken and {back} given back of {held} that were held"
    for entry in entries:
        if entry.kind == "invoice" and entry.amount is not None and entry.amount != taken:
            yield "lost", f"invoice of {entry.amount}, and {taken} was taken"


def _expected(status: str, counted: Mapping[str, int]) -> Mapping[str, int]:
    if status == "completed":
        return DONE
    expected = dict.fromkeys(DONE, 0)
    for kind, reversal in REVERSED_BY.items():
        expected[kind] = expected[reversal] = min(1, counted.get(kind, 0))
    return expected


async def entries(http: httpx2.AsyncClient) -> list[Entry]:
    """All three ledgers of the sandbox, page by page."""
    read: list[Entry] = []
    for system in SYSTEMS:
        after: int | None = 0
        while after is not None:
            answer = await http.get(f"/ledger/{system}/effects", params={"limit": PAGE, "after": after})
            page = answer.raise_for_status().json()
            read += [_entry(effect) for effect in page["effects"]]
            after = page["next"]
    return read


def _entry(effect: Mapping[str, Any]) -> Entry:
    kind = effect["kind"]
    if kind == "cancel":
        kind = "sales_order cancel" if effect["system"] == "erp" else "shipment cancel"
    amount = effect["amount"]
    return Entry(effect["order_id"], kind, amount["amount"] if amount else None)

"""What a replay came to, counted while it runs and printed at its end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from gateway.cli.channel import Ack, Refusal
from gateway.cli.replay_orders import CURRENCY, Invoice, Sales
from gateway.domain.money import minor_units

EXAMPLES = 5


@dataclass(slots=True)
class Outcome:
    """The answers so far, and what waiting for the orders' ends has seen."""

    acks: list[Ack] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    placed: list[Invoice] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    came_to_rest: bool = False
    seconds: float = 0.0

    def add(self, invoice: Invoice, answer: Ack | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refused.append(answer)
            return
        self.acks.append(answer)
        self.placed.append(invoice)


def print_summary(sales: Sales, outcome: Outcome, *, stopped: str) -> None:
    console = Console(highlight=False)
    table = Table("", "", show_header=False, title="replay", title_justify="left")
    for name, value in _rows(sales, outcome):
        table.add_row(name, value)
    console.print(table)
    for refusal in outcome.refused[:EXAMPLES]:
        console.print(f"refused {refusal.subject}: {refusal.status} {refusal.code}: {refusal.detail}", markup=False)
    if len(outcome.refused) > EXAMPLES:
        console.print(f"… and {len(outcome.refused) - EXAMPLES} more")
    if stopped:
        console.print(stopped, markup=False)


def _rows(sales: Sales, outcome: Outcome) -> list[tuple[str, str]]:
    replayed = sum(ack.replayed for ack in outcome.acks)
    placed = Sales(outcome.placed, {}, {})
    answered = len(outcome.acks) + len(outcome.refused)
    rows = [
        ("orders in the file", f"{len(sales.orders):,}"),
        ("placed", f"{len(outcome.acks) - replayed:,}"),
        ("replayed, placed before", f"{replayed:,}"),
        ("refused", f"{len(outcome.refused):,}"),
    ]
    rows += [(f"  {code}", f"{count:,}") for code, count in _counted(refusal.code for refusal in outcome.refused)]
    if answered < len(sales.orders):
        rows.append(("not answered", f"{len(sales.orders) - answered:,}"))
    rows += [("lines", f"{placed.lines:,}"), ("goods", _money(placed.goods))]
    rows += [(f"invoices left out: {reason}", f"{count:,}") for reason, count in sales.no_orders.items() if count]
    rows += [(f"lines left out: {reason}", f"{count:,}") for reason, count in sales.left_out.items()]
    rows += [(f"now {status}", f"{count:,}") for status, count in _counted(outcome.statuses.values())]
    rate = answered / outcome.seconds if outcome.seconds else 0.0
    return [*rows, ("seconds", f"{outcome.seconds:.1f}"), ("orders/s", f"{rate:.1f}")]


def _counted(values: Iterable[str]) -> list[tuple[str, int]]:
    return Counter(values).most_common()


def _money(amount: int) -> str:
    digits = minor_units(CURRENCY)
    return f"{CURRENCY} {amount / 10**digits:,.{digits}f}"

"""The three-way match: an invoice of a hundred lines, and a sum that only multiplies them out beside it."""

import time
from collections.abc import Callable

from gateway.domain.matching import amount_of, match
from gateway.domain.matching_terms import Billed, BilledLine, MatchingRules, Ordered, OrderedLine
from tests.benchmarks.figures import Findings, Row, goal, middle, spread

LINES = 100
_TIMES = 500


def measure(*, rounds: int) -> Findings:
    """Lines a second of processor time, by turns; every third line is within tolerance, every seventh too dear."""
    ordered, billed = _order(), _invoice()
    rules = MatchingRules()
    work: dict[str, Callable[[], object]] = {
        "bare": lambda: [line.amount == amount_of(line.quantity, line.price, "EUR") for line in billed.lines],
        "match": lambda: match(ordered, billed, rules),
    }
    pace: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, once in work.items():
            taken = _taken(once)
            if number:  # the first round warms up
                pace[name].append(LINES * _TIMES / taken)
    matched = middle(pace["match"])
    rows = [
        Row(f"match: the {LINES} amounts multiplied out, nothing else", spread(pace["bare"], "lines/s")),
        Row(f"match: an invoice of {LINES} lines against its order", spread(pace["match"], "lines/s"),
            f"{matched / (middle(pace['bare']) or 1):.3f} of bare", *goal(matched, ">= 1,000 lines/s", at_least=1_000)),
    ]  # fmt: skip
    return Findings(rows, [f"match: {_TIMES} invoices a round; processor time of one thread."])


def _taken(once: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(_TIMES):
        once()
    return time.process_time() - begun


def _order() -> Ordered:
    lines = (
        OrderedLine(id=f"line-{n}", ordered=10, price=20_000_000, received=10, accepted=10, tax_points=2_000)
        for n in range(LINES)
    )
    return Ordered(currency="EUR", lines=tuple(lines))


def _invoice() -> Billed:
    lines = []
    for n in range(LINES):
        price = 25_000_000 if n % 7 == 0 else 20_010_000 if n % 3 == 0 else 20_000_000
        amount = amount_of(10, price, "EUR")
        lines.append(BilledLine(line_id=f"line-{n}", quantity=10, price=price, amount=amount))
    net = sum(line.amount for line in lines)
    return Billed(currency="EUR", lines=tuple(lines), tax=net // 5, total=net + net // 5)

"""The three-way match by hand: pieces are objects in heaps, prices are fractions, and nothing is clever or fast."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from hypothesis import strategies as some

from gateway.domain.matching_terms import Billed, BilledLine, Charge, MatchingRules, Ordered, OrderedLine

WORST_FIRST = (
    *("header_mismatch", "unknown_line", "over_billed", "qty_variance", "price_variance", "tolerance_used_up"),
    *("amount_mismatch", "charge_variance", "tax_variance", "not_received", "matched_within_tolerance", "matched"),
)


@dataclass(frozen=True, slots=True)
class Case:
    ordered: Ordered
    billed: Billed
    rules: MatchingRules


def by_hand(case: Case) -> tuple[list[str], str, int]:
    """Verdicts of the lines, the verdict of the whole, and what has been overpaid on the order."""
    purse, told = case.ordered.overpaid, list[str]()
    heaps = {line.id: Heap(line) for line in case.ordered.lines}
    for line in case.billed.lines:
        heap = heaps.get(line.line_id or "")
        if heap is None:
            told.append("unknown_line")
            continue
        troubles = [*heap.take(line.quantity, case.rules), *priced(line, heap.line, case.rules)]
        expected = cents(Fraction(heap.line.price, 10**6) * line.quantity)
        dearer = max(0, line.amount - expected)
        if not troubles and dearer and purse + dearer > case.rules.order_cap:
            troubles.append("tolerance_used_up")
        if not troubles:
            purse += dearer
            same = (line.price, line.amount) == (heap.line.price, expected)
            troubles.append("matched" if same and not heap.borrowed else "matched_within_tolerance")
        told.append(worst(troubles))
    extras, purse = charged(case, purse)
    return told, worst([*told, *extras, *whole(case, heaps)]), purse


def charged(case: Case, purse: int) -> tuple[list[str], int]:
    """Coin by coin out of what is left of the tolerance of its kind, and into the order's purse."""
    troubles = []
    for kind in dict.fromkeys(charge.kind for charge in case.billed.charges):
        left = [coin for coin in range(case.rules.charge_tolerance) if coin >= case.ordered.charged.get(kind, 0)]
        coins = [coin for charge in case.billed.charges if charge.kind == kind for coin in range(charge.amount)]
        if len(coins) > len(left):
            troubles.append("charge_variance")
        elif coins and purse + len(coins) > case.rules.order_cap:
            troubles.append("tolerance_used_up")
        else:
            purse += len(coins)
    return troubles, purse


class Heap:
    """The pieces of one line of the order: each is paid for once."""

    def __init__(self, line: OrderedLine) -> None:
        self.line, self.billed = line, line.invoiced
        self.borrowed = 0

    def take(self, pieces: int, rules: MatchingRules) -> list[str]:
        here = self.line.ordered if self.line.two_way else self.line.accepted
        unpaid = [n for n in range(here) if n >= self.billed]
        wanted = [n for n in range(self.line.ordered) if n >= self.billed]
        coming = [n for n in range(self.line.ordered) if n >= self.line.received]
        spare, beyond = slack(unpaid, rules), slack(wanted, rules)
        late = missing = self.borrowed = 0
        for _ in range(pieces):
            self.billed += 1
            if unpaid:
                unpaid.pop()
            elif self.borrowed < spare:
                self.borrowed += 1
            elif coming:
                coming.pop()
                late += 1
            else:
                missing += 1
        if not late and not missing:
            return []
        if self.billed > self.line.ordered + beyond:
            return ["over_billed"]
        return ["qty_variance"] if missing else ["not_received"]


def slack(pieces: list[int], rules: MatchingRules) -> int:
    return min(rules.quantity_cap, floor(Fraction(len(pieces) * rules.quantity_points, 10_000)))


def priced(line: BilledLine, of: OrderedLine, rules: MatchingRules) -> list[str]:
    troubles = []
    said, agreed = Fraction(line.price, 10**6), Fraction(of.price, 10**6)
    difference = sum((abs(said - agreed) for _ in range(line.quantity)), Fraction(0))
    if difference > Fraction(rules.small_difference, 100):
        share = abs(said - agreed) / agreed if agreed else Fraction(10**9)
        if share > Fraction(rules.price_points, 10_000) or difference > Fraction(rules.price_cap, 100):
            troubles.append("price_variance")
    if abs(line.amount - cents(said * line.quantity)) > 1:
        troubles.append("amount_mismatch")
    return troubles


def whole(case: Case, heaps: dict[str, Heap]) -> list[str]:
    billed, troubles = case.billed, []
    if sum(each.amount for each in (*billed.lines, *billed.charges)) + billed.tax != billed.total:
        troubles.append("header_mismatch")
    if all(line.line_id in heaps for line in billed.lines):
        shares = [(line.amount, heaps[line.line_id or ""].line.tax_points) for line in billed.lines]
        shares += [(charge.amount, charge.tax_points) for charge in billed.charges]
        due = sum(floor(Fraction(amount * points, 10_000) + Fraction(1, 2)) for amount, points in shares)
        if abs(due - billed.tax) > len(shares):
            troubles.append("tax_variance")
    return troubles


def cents(euros: Fraction) -> int:
    return floor(euros * 100 + Fraction(1, 2))


def worst(verdicts: list[str]) -> str:
    return next((each for each in WORST_FIRST if each in verdicts), "matched")


@some.composite
def cases(draw: some.DrawFn) -> Case:
    """Small numbers near each other, so that every bound is met, crossed and just missed."""
    small, prices = some.integers(0, 6), some.sampled_from([0, 5_000, 1_000_000, 1_019_000, 1_020_000, 1_020_001])
    known = []
    for name in ("a", "b"):
        received = draw(small)
        known.append(OrderedLine(
            id=name, ordered=draw(small), price=draw(prices), received=received,
            accepted=draw(some.integers(0, received)), invoiced=draw(some.integers(0, 3)),
            tax_points=draw(some.sampled_from([0, 1_900])), two_way=draw(some.booleans()),
        ))  # fmt: skip
    lines = tuple(draw(billed_line(known)) for _ in range(draw(some.integers(1, 3))))
    kinds, points = some.sampled_from(["freight", "fuel"]), some.sampled_from([0, 1_900])
    charges = tuple(draw(some.lists(some.builds(Charge, kind=kinds, amount=small, tax_points=points), max_size=2)))
    net, tax = sum(each.amount for each in (*lines, *charges)), draw(some.integers(0, 60))
    total = net + tax + draw(some.sampled_from([0, 0, 0, 1]))
    billed = Billed(currency="EUR", lines=lines, charges=charges, tax=tax, total=total)
    rules = MatchingRules(
        price_points=200, price_cap=draw(small), small_difference=draw(some.integers(0, 3)), order_cap=draw(small),
        quantity_points=draw(some.sampled_from([0, 3_400, 5_000])), quantity_cap=draw(some.integers(0, 2)),
        charge_tolerance=draw(small),
    )  # fmt: skip
    charged = {"freight": draw(some.integers(0, 3))}
    return Case(Ordered(currency="EUR", lines=tuple(known), charged=charged, overpaid=draw(small)), billed, rules)


@some.composite
def billed_line(draw: some.DrawFn, known: list[OrderedLine]) -> BilledLine:
    of, quantity = draw(some.sampled_from(known)), draw(some.integers(0, 6))
    price = max(0, of.price + draw(some.sampled_from([0, 0, 0, 1, 5_000, 20_000, -20_000, 500_000])))
    amount = max(0, cents(Fraction(price, 10**6) * quantity) + draw(some.sampled_from([0, 0, 0, 1, -1, 2])))
    name = draw(some.sampled_from([of.id, of.id, of.id, of.id, "c", None]))
    return BilledLine(line_id=name, quantity=quantity, price=price, amount=amount)

"""The Saturday's reckoning: what its channels read of orders against ledgers and shelves, piece by piece and penny by
penny."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.cli.channel import Json
from gateway.cli.demo_books import AT_REST

Position = tuple[str, str]  # node, SKU

SERVED = ("in_transit", "delivered")
MONEY = ("authorisation", "capture", "void", "refund")
# Of a part that was carried out; of every other one what was begun has been taken back.
DONE = {
    "erp sales_order": 1, "erp cancel": 0, "erp invoice": 1, "psp capture": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """*about*: an order, or an article at a node."""

    about: str
    verdict: Literal["lost", "doubled", "oversold"]
    what: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All that there is to compare once everything rests."""

    orders: Mapping[str, Json]  # as their channels read them
    effects: Sequence[Json]  # of payment provider, ERP, warehouse and stores
    moves: Sequence[Json]  # every change of what lies on a shelf
    shelves: Mapping[Position, int]  # pieces that lie there and are set aside for nobody
    ours: Mapping[Position, int]  # pieces that we would sell
    earlier: Collection[str]  # orders of the first act

    def moved(self, reason: str) -> Counter[Position]:
        """Pieces by position that came, left or were lost."""
        found = Counter[Position]()
        for move in self.moves:
            if move["reason"] == reason:
                found[move["node"], move["sku"]] += abs(move["delta"])
        return found


@dataclass(frozen=True, slots=True)
class Purse:
    """Minor units: what was held, and what became of it."""

    held: int
    taken: int
    back: int

    def __add__(self, other: "Purse") -> "Purse":
        return Purse(self.held + other.held, self.taken + other.taken, self.back + other.back)


def reckon(seen: Seen) -> list[Finding]:
    """Too little of something is lost, too much doubled; what was promised and is not there is oversold."""
    by_order = defaultdict[str, list[Json]](list)
    for effect in seen.effects:
        by_order[effect["order_id"]].append(effect)
    left = left_by_order(seen.moves)
    findings = list[Finding]()
    for order_id, order in seen.orders.items():
        findings += _rest(order)
        findings += _money(order, by_order[order_id])
        findings += _parts(order, by_order[order_id])
        findings += _pieces(order, left[order_id])
    for stray in by_order.keys() - seen.orders.keys() - set(seen.earlier):
        kinds = ", ".join(sorted({effect["kind"] for effect in by_order[stray]}))
        findings.append(Finding(str(stray), "doubled", f"effects of an order nobody was told of: {kinds}"))
    return findings + list(_stock(seen))


def _rest(order: Json) -> Iterator[Finding]:
    if order["status"] not in AT_REST:
        yield Finding(order["order_id"], "lost", f"still {order['status']}")


def theirs(effects: Sequence[Json]) -> Purse:
    """What the payment provider has in its books."""
    sums = Counter[str]()
    for effect in effects:
        if effect["system"] == "psp" and effect["kind"] in MONEY:
            sums[effect["kind"]] += effect["amount"]["amount"]
    return Purse(sums["authorisation"], sums["capture"] - sums["refund"], sums["void"])


def ours(order: Json) -> Purse:
    """What follows from what the channel reads: done parts are paid for, and of all else nothing is kept."""
    if order["payment_status"] == "unpaid":
        return Purse(0, 0, 0)
    held = order["totals"]["grand_total"]["amount"]
    taken = sum(part["amount"]["amount"] for part in order["fulfilments"] if part["status"] == "completed")
    back = held - taken if order["payment_status"] in ("captured", "voided") else 0
    return Purse(held, taken, back)


def _money(order: Json, effects: Sequence[Json]) -> Iterator[Finding]:
    """Held is taken and given back, as we say and as the payment provider does."""
    said, booked = ours(order), theirs(effects)
    if booked.held != booked.taken + booked.back:
        what = f"{booked.held} held, {booked.taken} taken and {booked.back} given back"
        yield Finding(order["order_id"], "lost" if booked.held > booked.taken + booked.back else "doubled", what)
    if said != booked:
        what = f"{order['payment_status']}, so {said}; in the payment provider's books {booked}"
        yield Finding(order["order_id"], "doubled" if booked.taken > said.taken else "lost", what)


def _parts(order: Json, effects: Sequence[Json]) -> Iterator[Finding]:
    """Each part has its effects once, or what it had is taken back; and nothing belongs to no part."""
    counted = defaultdict[str, Counter[str]](Counter)
    invoiced = Counter[str]()
    for effect in effects:
        part = part_of(effect)
        counted[part][f"{effect['system']} {effect['kind']}"] += 1
        invoiced[part] += effect["amount"]["amount"] if effect["kind"] == "invoice" else 0
    for part in order["fulfilments"]:
        there = counted.pop(part["fulfilment_id"], Counter())
        yield from _part(order["order_id"], part, there)
        if part["status"] == "completed" and invoiced[part["fulfilment_id"]] != part["amount"]["amount"]:
            what = f"a part of {part['amount']['amount']} with {invoiced[part['fulfilment_id']]} invoiced"
            yield Finding(order["order_id"], "lost", what)
    for stray in counted.keys() - {""}:
        yield Finding(order["order_id"], "doubled", f"effects of {stray}, which is none of its parts")


def part_of(effect: Json) -> str:
    """The part that an effect names as its reason, by key or reference; empty: it is about the order as a whole."""
    names = (str(effect[name] or "").partition(":")[0] for name in ("key", "reference"))
    return next((name for name in names if name.startswith("ful_")), "")


def _part(order_id: str, part: Json, there: Mapping[str, int]) -> Iterator[Finding]:
    booked = min(1, there.get("erp sales_order", 0))
    undone = {"erp sales_order": booked, "erp cancel": booked, "erp invoice": 0, "psp capture": 0}
    wanted = DONE if part["status"] == "completed" else undone
    sent = there.get("wms shipped", 0) + there.get("wms cancel", 0)
    for kind, count in {**wanted, "wms shipment": sent}.items():
        if (found := there.get(kind, 0)) != count:
            what = f"a part that is {part['status']} with {found} of {kind}, {count} expected"
            yield Finding(order_id, "lost" if found < count else "doubled", what)


def left_by_order(moves: Sequence[Json]) -> Mapping[str, Counter[str]]:
    """Pieces of each SKU that left for the order."""
    found = defaultdict[str, Counter[str]](Counter)
    for move in moves:
        if move["reason"] == "shipment":
            found[move["reference"]][move["sku"]] -= move["delta"]
    return found


def _pieces(order: Json, left: Counter[str]) -> Iterator[Finding]:
    """What the customer is told of has left, and nothing else; and each piece stands somewhere."""
    told = Counter[str]()
    for line in order["lines"]:
        pieces = line.get("pieces", {})
        told[line["sku"].upper()] += sum(pieces.get(place, 0) for place in SERVED)
        if pieces and sum(pieces.values()) != line["quantity"]:
            yield Finding(order["order_id"], "lost", f"{pieces} of {line['quantity']} pieces")
    for sku in told | left:
        if told[sku] != left[sku]:
            what = f"{told[sku]} of {sku} served, and {left[sku]} have left"
            yield Finding(order["order_id"], "lost" if left[sku] < told[sku] else "doubled", what)


def _stock(seen: Seen) -> Iterator[Finding]:
    """At each node no more was sold than lay there, and what we would sell is what lies there."""
    opened, gone, sold = (seen.moved(reason) for reason in ("opening", "shrink", "shipment"))
    for place, there in seen.shelves.items():
        where = f"{place[1]} at {place[0]}"
        if sold[place] > (stock := opened[place] - gone[place]):
            yield Finding(where, "oversold", f"{sold[place]} sold of {stock}")
        if (say := seen.ours.get(place, 0)) != there:
            what = f"we would sell {say}, and {there} lie there"
            yield Finding(where, "oversold" if say > there else "lost", what)

"""The evidence, order by order: what each is said to be, what was wanted, and what the back ends did for it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.chaos.checker.evidence import Attempt, Effect, Evidence, Exchange, Line, Order, Wanted

Kind = tuple[str, str]  # system, kind of effect
Sum = Counter[str | None]  # minor units by currency

# Everything that a completed order brings about, in this order; once each, but for money, which is taken in parts.
FORWARD: tuple[Kind, ...] = (
    ("psp", "authorisation"),
    ("erp", "sales_order"),
    ("wms", "shipment"),
    ("wms", "shipped"),
    ("psp", "capture"),
    ("erp", "invoice"),
)
# What takes back what, in the order in which it is done.
UNDO: Mapping[Kind, Kind] = {
    ("wms", "cancel"): ("wms", "shipment"),
    ("erp", "cancel"): ("erp", "sales_order"),
    ("psp", "void"): ("psp", "authorisation"),
}
COMPLETED, UNDONE = frozenset({"completed"}), frozenset({"rejected", "cancelled"})
IN_PARTS: Mapping[Kind, Kind] = {("psp", "capture"): ("psp", "authorisation"), ("psp", "refund"): ("psp", "capture")}
BY_ITSELF = "shipped"  # done by the warehouse, asked for by nobody


@dataclass(frozen=True, slots=True)
class Account:
    """One order in all books. `wanted`: None if no client sent it."""

    order: Order
    wanted: Wanted | None
    effects: tuple[Effect, ...]  # oldest first
    attempts: tuple[Attempt, ...]

    @property
    def kinds(self) -> Counter[Kind]:
        return Counter((effect.system, effect.kind) for effect in self.effects)

    @property
    def parked(self) -> bool:
        return self.order.parked is not None

    @property
    def completed(self) -> bool:
        return not self.parked and self.order.status in COMPLETED

    @property
    def undone(self) -> bool:
        return not self.parked and self.order.status in UNDONE

    def of(self, system: str, kind: str) -> list[Effect]:
        return [effect for effect in self.effects if (effect.system, effect.kind) == (system, kind)]

    @property
    def rest(self) -> Sum:
        """Held money that was given back when a part of it had been taken."""
        return total(self.of("psp", "void")) if self.of("psp", "capture") else Counter()

    @property
    def price(self) -> Sum:
        """What its customer has to pay in the end, were it completed."""
        cost: Sum = Counter({self.wanted.currency: self.wanted.amount} if self.wanted else {})
        return cost - self.rest


class Books:
    """Looked things up in once, asked by every invariant."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.acked = _acked(evidence.exchanges)
        orders = {order.order_id: order for order in evidence.orders}
        effects: dict[str | None, list[Effect]] = defaultdict(list)
        for effect in sorted(evidence.effects, key=lambda effect: effect.sequence):
            effects[effect.order_id].append(effect)
        attempts: dict[str | None, list[Attempt]] = defaultdict(list)
        for attempt in evidence.attempts:
            attempts[_meant(attempt, orders)].append(attempt)
        wanted = self._wanted()
        self.accounts = {
            order_id: Account(order, wanted(order), tuple(effects[order_id]), tuple(attempts[order_id]))
            for order_id, order in orders.items()
        }
        self.stray_effects = [each for name, found in effects.items() if name not in orders for each in found]
        self.stray_attempts = [each for name, found in attempts.items() if name not in orders for each in found]

    def _wanted(self) -> "_Wishes":
        return _Wishes(self.evidence.wanted, self.acked)


class _Wishes:
    """Which of the orders that clients sent an order of Omnigate's is: the acknowledged one, where several could be."""

    def __init__(self, wanted: Iterable[Wanted], acked: Mapping[str, Exchange]) -> None:
        self._by_request = {each.request: each for each in wanted}
        self._by_name: dict[tuple[str, str], Wanted] = {}
        for each in wanted:
            self._by_name.setdefault((each.channel, each.channel_order_id), each)
        self._acked = acked

    def __call__(self, order: Order) -> Wanted | None:
        receipt = self._acked.get(order.order_id)
        sent = self._by_request.get(receipt.request) if receipt else None
        return sent or self._by_name.get((order.channel, order.channel_order_id))


def _acked(exchanges: Iterable[Exchange]) -> dict[str, Exchange]:
    """Order -> the first receipt for it."""
    found: dict[str, Exchange] = {}
    for exchange in exchanges:
        if exchange.operation == "place" and is_yes(exchange) and exchange.order_id is not None:
            found.setdefault(exchange.order_id, exchange)
    return found


def _meant(attempt: Attempt, orders: Mapping[str, Order]) -> str | None:
    """A call that was not applied names its order only as its reference, in some books."""
    if attempt.order_id is None and attempt.reference in orders:
        return attempt.reference
    return attempt.order_id


def is_yes(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status < 300


def total(effects: Iterable[Effect]) -> Sum:
    found: Sum = Counter()
    for effect in effects:
        found[effect.currency] += effect.amount or 0
    return found


def units(lines: Iterable[Line]) -> Counter[tuple[str, str]]:
    """Units by line and SKU."""
    found: Counter[tuple[str, str]] = Counter()
    for line, sku, quantity in lines:
        found[line, sku] += quantity
    return found


def named(effect: Effect) -> str:
    return f"{effect.system} {effect.kind} {effect.id}"

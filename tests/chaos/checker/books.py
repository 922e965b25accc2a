"""The evidence, order by order and part by part: what each is said to be, and what the back ends did for it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.chaos.checker.evidence import Attempt, Effect, Evidence, Exchange, Line, Order, Part, Return, Wanted
from tests.chaos.checker.names import REFUNDED, Kind, asks_for_buying, of_buying, owner_of, paid_back

Sum = Counter[str | None]  # minor units by currency

HELD: Kind = ("psp", "authorisation")
GIVEN_BACK: Kind = ("psp", "void")
OF_ORDER = (HELD, GIVEN_BACK, REFUNDED)  # once for an order, whatever its parts come to; refunds that are of no return
# Everything that a completed part brings about, in this order, once each.
FORWARD: tuple[Kind, ...] = (
    ("erp", "sales_order"),
    ("wms", "shipment"),
    ("wms", "shipped"),
    ("psp", "capture"),
    ("erp", "invoice"),
)
# The same of a part that a store picks; what is sent from there has a label as well.
AT_STORE: tuple[Kind, ...] = (
    FORWARD[0],
    *(("store", kind) for kind in ("task", "accepted", "ready", "handed_over")),
    *FORWARD[3:],
)
READY, HANDED = AT_STORE[3:5]
FETCHED = (
    "bopis",
    "curbside",
)  # against a code: a till's yes is what is paid for, its store's line comes when it comes
LABEL: Kind = ("carrier", "label")
LEFT = frozenset({("wms", "shipped"), ("store", "handed_over")})  # goods that are gone
# What takes back what, in the order in which it is done; the last is the order's own.
UNDO: Mapping[Kind, Kind] = {
    ("wms", "cancel"): ("wms", "shipment"),
    ("erp", "cancel"): ("erp", "sales_order"),
    GIVEN_BACK: HELD,
}
# A store is asked before its parcel's label is voided: what it has handed over goes on.
UNDO_AT_STORE: Mapping[Kind, Kind] = {
    ("store", "cancel"): ("store", "task"),
    ("carrier", "void"): LABEL,
    ("erp", "cancel"): ("erp", "sales_order"),
    GIVEN_BACK: HELD,
}
COMPLETED, UNDONE = frozenset({"completed"}), frozenset({"rejected", "cancelled"})
# Done by warehouses, stores and the payment provider, asked for by nobody.
BY_ITSELF = frozenset({"shipped", "accepted", "rejected", "ready", "handed_over", "refund_failed"})


@dataclass(frozen=True, slots=True)
class Share:
    """One part of an order in all books."""

    part: Part
    lines: tuple[Line, ...]
    effects: tuple[Effect, ...]  # oldest first

    @property
    def kinds(self) -> Counter[Kind]:
        return Counter((effect.system, effect.kind) for effect in self.effects)

    @property
    def at_store(self) -> bool:
        return any(effect.system == "store" for effect in self.effects)

    @property
    def forward(self) -> tuple[Kind, ...]:
        return AT_STORE if self.at_store else FORWARD

    @property
    def undo(self) -> Mapping[Kind, Kind]:
        """A store that rejects has nothing that could be taken back."""
        if not self.at_store:
            return UNDO
        said_no = bool(self.of("store", "rejected"))
        return {undo: done for undo, done in UNDO_AT_STORE.items() if not (said_no and undo == ("store", "cancel"))}

    @property
    def short(self) -> Counter[str]:
        """Pieces by line that its store did not find; the part goes on without them."""
        found: Counter[str] = Counter()
        for effect in self.of("store", "ready"):
            found += units(effect.lines or ()) - units(gone(effect))
        return found

    @property
    def asked(self) -> tuple[Line, ...]:
        """Its lines as they were booked and asked for: with what its store did not find."""
        skus = {line: sku for effect in self.of("store", "ready") for line, sku, _ in effect.lines or ()}
        skus |= {line: sku for line, sku, _ in self.lines}
        return tuple(sorted((line, skus[line], count) for line, count in (units(self.lines) + self.short).items()))

    @property
    def completed(self) -> bool:
        return self.part.status in COMPLETED

    @property
    def undone(self) -> bool:
        return self.part.status in UNDONE

    def of(self, system: str, kind: str) -> list[Effect]:
        return [effect for effect in self.effects if (effect.system, effect.kind) == (system, kind)]


@dataclass(frozen=True, slots=True)
class Account:
    """One order in all books. `wanted`: None if no client sent it."""

    order: Order
    wanted: Wanted | None
    shares: tuple[Share, ...]
    own: tuple[Effect, ...]  # those of the order as a whole
    strays: tuple[Effect, ...]  # those of a part, under a name that is none of its parts'
    effects: tuple[Effect, ...]  # all of them, oldest first
    attempts: tuple[Attempt, ...]
    returns: tuple[Return, ...] = ()
    back: tuple[Effect, ...] = ()  # what was given back and credited for them

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

    @property
    def owed(self) -> Sum:
        """What its customer has to pay: for the parts that were carried out."""
        currency = self.wanted.currency if self.wanted else None
        return Counter({currency: sum(share.part.amount for share in self.shares if share.completed)})

    def of(self, system: str, kind: str) -> list[Effect]:
        return [effect for effect in self.effects if (effect.system, effect.kind) == (system, kind)]


class Books:
    """Looked things up in once, asked by every invariant."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.acked = _acked(evidence.exchanges)
        orders = {order.order_id: order for order in evidence.orders}
        effects: dict[str | None, list[Effect]] = defaultdict(list)
        bought: dict[str | None, list[Effect]] = defaultdict(list)
        for effect in sorted(evidence.effects, key=lambda effect: effect.sequence):
            (bought if of_buying(effect) else effects)[effect.order_id].append(effect)
        attempts: dict[str | None, list[Attempt]] = defaultdict(list)
        for attempt in (each for each in evidence.attempts if not asks_for_buying(each)):
            attempts[_meant(attempt, orders)].append(attempt)
        returns: dict[str, list[Return]] = defaultdict(list)
        for each in evidence.returns:
            returns[each.order_id].append(each)
        wanted = _Wishes(evidence.wanted, self.acked)
        self.accounts = {
            order_id: _account(order, wanted(order), effects[order_id], attempts[order_id], returns[order_id])
            for order_id, order in orders.items()
        }
        self.bought = bought  # by purchase order, oldest first
        self.stray_returns = [each for name, found in returns.items() if name not in orders for each in found]
        self.stray_effects = [each for name, found in effects.items() if name not in orders for each in found]
        self.stray_attempts = [each for name, found in attempts.items() if name not in orders for each in found]


def _account(
    order: Order, wanted: Wanted | None, effects: list[Effect], attempts: list[Attempt], returns: list[Return]
) -> Account:
    skus = {line: sku for line, sku, _ in wanted.lines} if wanted else {}
    own, strays, found = list[Effect](), list[Effect](), defaultdict[str, list[Effect]](list)
    parts = order.parts or (_whole(order, wanted),)
    back = paid_back(effects, returns)
    for effect in effects:
        owner = owner_of(effect.name)
        if any(effect is each for each in back):
            continue
        if (effect.system, effect.kind) in OF_ORDER:
            own.append(effect)
        elif owner in {part.part_id for part in parts}:
            found[owner].append(effect)
        else:
            strays.append(effect)
    shares = tuple(
        Share(
            part,
            tuple(sorted((line, skus.get(line, ""), units) for line, units in part.lines)),
            tuple(found[part.part_id]),
        )
        for part in parts
    )
    names = (tuple(own), tuple(strays), tuple(effects), tuple(attempts), tuple(returns), tuple(back))
    return Account(order, wanted, shares, *names)


def _whole(order: Order, wanted: Wanted | None) -> Part:
    """An order of before there were parts, or of which none was made, is one by itself."""
    lines = tuple((line, units) for line, _, units in wanted.lines) if wanted else ()
    return Part(part_id=order.order_id, status=order.status, amount=wanted.amount if wanted else 0, lines=lines)


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


def units(lines: Iterable[Line]) -> Counter[str]:
    """Units by line."""
    found: Counter[str] = Counter()
    for line, _, quantity in lines:
        found[line] += quantity
    return found


def left(effects: Iterable[Effect]) -> list[Effect]:
    return [effect for effect in effects if (effect.system, effect.kind) in LEFT]


def gone(effect: Effect) -> tuple[Line, ...]:
    """What an effect is really about: of what a store was asked for, as much as it has picked."""
    picked = effect.data.get("picked")
    lines = effect.lines or ()
    if picked is None:
        return lines
    return tuple((line, sku, picked.get(line, 0)) for line, sku, _ in lines if picked.get(line, 0))


def worth_of(pieces: Mapping[str, int], wanted: Wanted) -> tuple[int, int]:
    """So many pieces of lines, at least and at most, in minor units: what a line comes to is divided among its pieces,
    some of which cost one unit more."""
    worth, ordered = dict(wanted.worth), units(wanted.lines)
    least, most = 0, 0
    for line, count in pieces.items():
        each, dearer = divmod(worth.get(line, 0), max(1, ordered[line]))
        least += each * count + max(0, dearer - ordered[line] + count)
        most += each * count + min(count, dearer)
    return least, most


def named(effect: Effect) -> str:
    return f"{effect.system} {effect.kind} {effect.id}"

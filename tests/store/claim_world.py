"""A place as it really is, two systems that count it in their own ways, and books that hear of it late, twice, or in
any order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.store.claim_algebra import Semantics

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEMANTICS: dict[str, Semantics] = {"wms": "physical", "erp": "net_of_orders"}
MINUTES = st.integers(0, 2)  # none: what happens in the same instant may have happened before or after
NTH = st.integers(0, 3)


class Books(Protocol):
    """What we know, and how we hear of it. Everything may be said again."""

    def clear(self, truth: str) -> None: ...
    def count(self, source: str, quantity: int, as_of: datetime) -> None: ...
    def tell(self, source: str, fact: str, delta: int, at: datetime) -> None: ...
    def tell_ours(self, source: str, fact: str, order: str, delta: int, at: datetime) -> None: ...
    def reserve(self, order: str, quantity: int) -> bool: ...
    def release(self, order: str) -> None: ...
    def ship(self, order: str, at: datetime) -> None: ...
    def acknowledge(self, order: str, at: datetime) -> None: ...
    def available(self) -> int: ...


@dataclass(slots=True)
class Order:
    quantity: int
    state: Literal["promised", "left", "cancelled"] = "promised"
    left_at: datetime = NOON
    taken_in: datetime | None = None  # by the ERP, in truth
    heard: bool = False  # of what it took in


class World(RuleBasedStateMachine):
    """Nothing is sold that is not there, and once everything is told everything that is there can be sold."""

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books = books
        self.now = NOON
        self.there = 0
        self.orders: dict[str, Order] = {}
        self.counts: dict[str, list[tuple[datetime, int]]] = {source: [] for source in SEMANTICS}
        self.untold: list[Callable[[], None]] = []
        self.said: list[Callable[[], None]] = []
        self.names = 0

    @initialize(truth=st.sampled_from(sorted(SEMANTICS)), pieces=st.integers(2, 9))
    def it_begins(self, truth: str, pieces: int) -> None:
        self.there = pieces
        self.books.clear(truth)
        for source in SEMANTICS:
            self.books.count(source, pieces, self.now)
        self.look()

    def number(self, source: str) -> int:
        """As that system has it: the ERP subtracts orders once it has taken them in, and not when they leave."""
        if SEMANTICS[source] == "physical":
            return self.there
        gone = sum(order.quantity for order in self.orders.values() if order.state == "left")
        taken = sum(o.quantity for o in self.orders.values() if o.taken_in is not None and o.state != "cancelled")
        return self.there + gone - taken

    def look(self) -> None:
        for source in SEMANTICS:
            self.counts[source].append((self.now, self.number(source)))

    def passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.look()  # somebody may have counted just before what happens now

    def free(self) -> int:
        return self.there - sum(order.quantity for order in self.orders.values() if order.state == "promised")

    def name(self) -> str:
        self.names += 1
        return f"e-{self.names}"

    def those(self, *states: str) -> list[str]:
        return [order_id for order_id, order in self.orders.items() if order.state in states]

    def one(self, nth: int, *states: str) -> str:
        those = self.those(*states)
        return those[nth % len(those)]

    def say(self, what: Callable[[], None], *, at_once: bool) -> None:
        if at_once:
            what()
            self.said.append(what)
        else:
            self.untold.append(what)

    @precondition(lambda self: self.there < 6)
    @rule(pieces=st.integers(1, 4), minutes=MINUTES, at_once=st.booleans())
    def goods_come_in(self, pieces: int, minutes: int, at_once: bool) -> None:
        self.passes(minutes)
        self.there += pieces
        self.look()
        for source in SEMANTICS:
            fact, now = self.name(), self.now
            self.say(lambda s=source, f=fact, n=now: self.books.tell(s, f, pieces, n), at_once=at_once)  # type: ignore[misc]

    @precondition(lambda self: self.free() > 0 and self.books.available() > 0)
    @rule(minutes=MINUTES)
    def something_breaks(self, minutes: int) -> None:
        """What is lost is told at once: nobody can know before."""
        self.passes(minutes)
        self.there -= 1
        self.look()
        for source in SEMANTICS:
            self.books.tell(source, self.name(), -1, self.now)

    @rule(quantity=st.integers(1, 3))
    def an_order_comes(self, quantity: int) -> None:
        order_id, available = f"ord_{len(self.orders)}-{self.names}", self.books.available()
        self.names += 1
        granted = self.books.reserve(order_id, quantity)

        assert granted == (available >= quantity)
        if granted:
            self.orders[order_id] = Order(quantity)

    @precondition(lambda self: self.those("promised"))
    @rule(nth=NTH, minutes=MINUTES)
    def an_order_is_cancelled(self, nth: int, minutes: int) -> None:
        order_id = self.one(nth, "promised")
        self.passes(minutes)
        self.orders[order_id].state = "cancelled"
        self.look()
        self.books.release(order_id)
        if self.orders[order_id].taken_in is not None:
            fact, now, quantity = self.name(), self.now, self.orders[order_id].quantity
            self.say(lambda: self.books.tell_ours("erp", fact, order_id, quantity, now), at_once=False)

    @precondition(lambda self: self.those("promised", "left"))
    @rule(nth=NTH, minutes=MINUTES, told=st.sampled_from(("saga", "fact", "later")))
    def the_erp_takes_an_order_in(self, nth: int, minutes: int, told: str) -> None:
        order_id = self.one(nth, "promised", "left")
        order = self.orders[order_id]
        if order.taken_in is not None:
            return
        self.passes(minutes)
        order.taken_in = self.now
        self.look()
        if told == "saga":
            self.acknowledged(order_id)
            return
        fact, now = self.name(), self.now
        self.say(lambda: self.books.tell_ours("erp", fact, order_id, -order.quantity, now), at_once=told == "fact")

    def acknowledged(self, order_id: str) -> None:
        """The workflow hears of it later than it happened, and takes its own time for it."""
        self.orders[order_id].heard = True
        self.books.acknowledge(order_id, self.now)

    @precondition(lambda self: self.those("promised"))
    @rule(nth=NTH, minutes=MINUTES, told=st.sampled_from(("saga", "fact", "later", "late fact")))
    def goods_leave(self, nth: int, minutes: int, told: str) -> None:
        order_id = self.one(nth, "promised")
        order = self.orders[order_id]
        self.passes(minutes)
        order.state, order.left_at = "left", self.now
        self.there -= order.quantity
        self.look()
        fact, at = self.name(), self.now
        if told in ("saga", "later"):
            self.say(lambda: self.books.ship(order_id, at), at_once=told == "saga")
        else:
            say = lambda: self.books.tell_ours("wms", fact, order_id, -order.quantity, at)  # noqa: E731
            self.say(say, at_once=told == "fact")

    @rule(source=st.sampled_from(sorted(SEMANTICS)), back=st.integers(0, 6))
    def a_count_arrives(self, source: str, back: int) -> None:
        as_of, quantity = self.counts[source][max(0, len(self.counts[source]) - 1 - back)]
        self.books.count(source, quantity, as_of)

    @precondition(lambda self: self.untold)
    @rule(nth=NTH)
    def what_was_late_is_told(self, nth: int) -> None:
        self.say(self.untold.pop(nth % len(self.untold)), at_once=True)

    @precondition(lambda self: self.said)
    @rule(nth=NTH)
    def what_was_told_is_told_again(self, nth: int) -> None:
        self.said[nth % len(self.said)]()

    @rule()
    def everything_is_told(self) -> None:
        while self.untold:
            self.say(self.untold.pop(), at_once=True)
        for order_id in self.those("promised", "left"):
            order = self.orders[order_id]
            if order.taken_in is None:
                order.taken_in = self.now
                self.acknowledged(order_id)
        self.now += timedelta(minutes=1)
        self.look()
        for source in SEMANTICS:
            self.books.count(source, self.number(source), self.now)

        assert self.books.available() == self.free()

    @invariant()
    def nothing_is_oversold(self) -> None:
        assert self.free() >= 0

    @invariant()
    def what_we_call_available_is_there(self) -> None:
        assert not self.names or self.books.available() <= self.free()

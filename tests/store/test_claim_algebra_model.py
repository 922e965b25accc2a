"""Whatever is told late, twice or out of order, availability is never overstated, and exact once all is told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.domain.feeds import Count, Delta, Source
from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.store import stock
from gateway.store.feeds import take_deltas
from gateway.store.pool import Connection, Database
from gateway.store.views import Hearing, derive, take_counts
from tests.store.claim_algebra import Algebra, Line, View
from tests.store.claim_world import NOON, SEMANTICS, Books, World
from tests.store.counter import UNHURRIED

QUICK = settings(UNHURRIED, max_examples=300, stateful_step_count=20)
SHARES = 20  # each a test of its own: what hangs is found by its time
PLACE = ("JAR", "main", "new")
DEAF = InventoryPolicy(divergence_units=1_000_000)  # what two sources make of each other is another test's matter


@dataclass
class OnPaper:
    """The algebra by itself."""

    made: Callable[..., Algebra] = Algebra
    algebra: Algebra = field(init=False)
    heard: set[str] = field(default_factory=set)  # of orders, each fact once

    def clear(self, truth: str) -> None:
        self.algebra, self.heard = self.made(truth, SEMANTICS), set()

    def count(self, source: str, quantity: int, as_of: datetime) -> None:
        self.algebra.count(source, quantity, as_of)

    def tell(self, source: str, fact: str, delta: int, at: datetime) -> None:
        self.algebra.tell(source, fact, delta, at)

    def tell_ours(self, source: str, fact: str, order: str, delta: int, at: datetime) -> None:
        if fact in self.heard:
            return
        self.heard.add(fact)
        if SEMANTICS[source] == "physical":
            self.algebra.leaves(order, at)
        elif delta < 0 and self.algebra.lines[order].released:
            self.algebra.tell(source, fact, delta, at)
        elif delta < 0:
            self.algebra.acknowledge(order, at)

    def reserve(self, order: str, quantity: int) -> bool:
        return self.algebra.reserve(order, quantity)

    def release(self, order: str) -> None:
        self.algebra.release(order)

    def ship(self, order: str, at: datetime) -> None:
        self.algebra.leaves(order, at)

    def acknowledge(self, order: str, at: datetime) -> None:
        self.algebra.acknowledge(order, at)

    def available(self) -> int:
        return self.algebra.available()


@dataclass
class InTheDatabase(OnPaper):
    """The SQL, beside the algebra on paper: whatever is done is done twice, and leads to the same number."""

    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    database: Database | None = None

    def clear(self, truth: str) -> None:
        super().clear(truth)
        self.run(lambda connection: connection.execute(_CLEAR))
        self.run(lambda connection: connection.execute("update node set source_id = %s", (truth,)))

    def run(self, act: Callable[[Connection], Awaitable[Any]]) -> Any:
        return self.runner.run(self._run(act))

    async def _run(self, act: Callable[[Connection], Awaitable[Any]]) -> Any:
        assert self.database is not None
        async with self.database.transaction() as connection:
            return await act(connection)

    def twice(self, act: Callable[[Connection], Awaitable[Any]]) -> Any:
        answer, first = self.run(act), self.written()
        self.run(act)
        assert self.written() == first
        return answer

    def written(self) -> tuple[int, int]:
        async def read(connection: Connection) -> Any:
            return await (await connection.execute(_READ)).fetchone()

        available, reserved, claims = self.run(read)
        assert reserved == claims, "the counter is the sum of the claims"
        return available, reserved

    def count(self, source: str, quantity: int, as_of: datetime) -> None:
        super().count(source, quantity, as_of)

        async def take(connection: Connection) -> None:
            places = await take_counts(connection, source, [Count(PLACE, quantity, as_of)])
            await derive(connection, places, why="report")

        self.run(take) if source not in self.algebra.views else None
        self.run(take)

    def tell(self, source: str, fact: str, delta: int, at: datetime) -> None:
        super().tell(source, fact, delta, at)
        self._tell(source, Delta(fact, PLACE, delta, "receipt", at))

    def tell_ours(self, source: str, fact: str, order: str, delta: int, at: datetime) -> None:
        super().tell_ours(source, fact, order, delta, at)
        reason = "shipment" if SEMANTICS[source] == "physical" else "order"
        self._tell(source, Delta(fact, PLACE, delta, reason, at, reference=order))

    def _tell(self, source: str, delta: Delta) -> None:
        who, hearing = Source(source, None, SEMANTICS[source], 60, 1), Hearing(NOON, mint, DEAF)
        self.twice(lambda connection: take_deltas(connection, who, [delta], hearing))

    def reserve(self, order: str, quantity: int) -> bool:
        super().reserve(order, quantity)
        return not self.run(lambda connection: stock.reserve(connection, order, {"JAR": quantity}))

    def release(self, order: str) -> None:
        super().release(order)
        self.twice(lambda connection: stock.release(connection, order))

    def ship(self, order: str, at: datetime) -> None:
        super().ship(order, at)
        self.twice(lambda connection: stock.ship(connection, order, at))

    def acknowledge(self, order: str, at: datetime) -> None:
        super().acknowledge(order, at)
        self.twice(lambda connection: stock.acknowledge(connection, order, "erp", at))

    def available(self) -> int:
        available, _ = self.written()
        assert available == super().available(), "the database says what the algebra says"
        return available


_CLEAR = """
truncate reservation, reservation_line, stock_outflow, stock_view, stock_delta, stock_position, stock_change
"""
_READ = """
select p.available, p.reserved, c.claims from stock_position p join node n using (node_id)
  join stock_claims(array['JAR'], array['main']) c on c.source_id = n.source_id
"""


def live(books: Books, how: settings) -> None:
    run_state_machine_as_test(lambda: World(books), settings=how)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", range(SHARES), ids=str)
@pytest.mark.proof
def test_the_algebra_never_overstates_in_ten_thousand_examples(share: int) -> None:
    live(OnPaper(), settings(QUICK, max_examples=10_000 // SHARES))


def test_the_algebra_never_overstates() -> None:
    live(OnPaper(), QUICK)


@pytest.fixture
def books(database_url: str) -> Iterator[InTheDatabase]:
    with asyncio.Runner() as runner:
        database = Database(database_url, connections=2, name="test", patience=20.0)
        runner.run(database.open())
        written = InTheDatabase(runner=runner, database=database)
        erp = "insert into stock_source (source_id, semantics) values ('erp', 'net_of_orders')"
        written.run(lambda connection: connection.execute(erp))
        yield written
        runner.run(database.close())


@pytest.mark.parametrize("share", range(SHARES), ids=str)
@pytest.mark.proof
def test_the_database_says_so_in_a_thousand_examples(books: InTheDatabase, share: int) -> None:
    live(books, settings(QUICK, max_examples=1_000 // SHARES))


def test_the_database_says_what_the_algebra_says(books: InTheDatabase) -> None:
    live(books, settings(QUICK, max_examples=20))


class WhatIsOnItsWayIsForgotten(Algebra):
    def is_claim(self, line: Line) -> bool:
        return not line.released and line.left_at is None


class ACountContainsWhatLeftAtItsInstant(Algebra):
    def contains(self, line: Line) -> bool:
        since = line.left_at if self.semantics[self.truth] == "physical" else line.taken_in
        return since is not None and since <= self.views[self.truth].as_of


class NetIsTakenForPhysicalAndPhysicalForNet(Algebra):
    def contains(self, line: Line) -> bool:
        since = line.taken_in if self.semantics[self.truth] == "physical" else line.left_at
        return since is not None and since < self.views[self.truth].as_of


class EveryFactIsApplied(Algebra):
    def applies(self, source: str, delta: int, at: datetime) -> bool:
        return source == self.truth


class AFactAtTheInstantOfTheCountIsApplied(Algebra):
    def applies(self, source: str, delta: int, at: datetime) -> bool:
        return source == self.truth and at >= self.views[self.truth].as_of


class AnOldCountIsTakenForNew(Algebra):
    def count(self, source: str, quantity: int, as_of: datetime) -> None:
        newest = max(as_of, self.views[source].as_of) if source in self.views else as_of
        self.views[source] = View(quantity, newest)


class AFactIsTakenEachTime(Algebra):
    def tell(self, source: str, fact: str, delta: int, at: datetime) -> None:
        super().tell(source, f"{fact}-{len(self.facts)}", delta, at)


class OrdersAreContainedFromTheirFirstDay(Algebra):
    def reserve(self, order: str, quantity: int) -> bool:
        granted = super().reserve(order, quantity)
        if granted:
            self.lines[order].taken_in = NOON
        return granted


@pytest.mark.proof
@pytest.mark.parametrize(
    "mistaken",
    [
        WhatIsOnItsWayIsForgotten,
        ACountContainsWhatLeftAtItsInstant,
        NetIsTakenForPhysicalAndPhysicalForNet,
        EveryFactIsApplied,
        AFactAtTheInstantOfTheCountIsApplied,
        AnOldCountIsTakenForNew,
        AFactIsTakenEachTime,
        OrdersAreContainedFromTheirFirstDay,
    ],
)
def test_the_model_notices_a_mistake(mistaken: type[Algebra]) -> None:
    found_once = settings(
        QUICK, max_examples=3_000, phases=(Phase.generate,), derandomize=True, report_multiple_bugs=False
    )

    with pytest.raises(AssertionError):
        live(OnPaper(mistaken), found_once)

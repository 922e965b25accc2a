"""Whatever happens in whatever order, we never promise what is not there, and in the end we know all that is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.domain.stock import StockLevel
from gateway.store import stock
from gateway.store.pool import Connection, Database
from gateway.store.stock import Shortage
from tests.store.counter import UNHURRIED

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SKUS = ("JAR", "LID")
LONG = pytest.mark.proof
QUICK = settings(UNHURRIED, max_examples=60, stateful_step_count=30)
MINUTES = st.integers(0, 2)  # none: what happens in the same instant may have happened before or after
DEMAND = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=1)
NTH = st.integers(0, 3)

CLAIMS = """
select r.holder_id, l.sku, l.quantity, case when l.released > 0 then 'released' when l.open > 0 then 'active'
           when o.occurred_at < v.as_of then 'absorbed' else 'shipped' end
  from reservation r join reservation_line l using (reservation_id)
  left join stock_outflow o using (reservation_id, number) left join stock_view v on v.sku = l.sku order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Operations:
    """What is put to the test; a variant shows that the model would notice."""

    reserve: Callable[..., Awaitable[list[Shortage]]] = stock.reserve
    ship: Callable[..., Awaitable[None]] = stock.ship
    count: Callable[..., Awaitable[int]] = stock.count


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that we have written down: positions as SKU -> (available, reserved, version), and claims."""

    positions: dict[str, tuple[int, ...]]
    claims: list[tuple[str, str, int, str]]

    def available(self) -> dict[str, int]:
        return {sku: available for sku, (available, _, _) in self.positions.items()}


@dataclass(frozen=True, slots=True)
class Books:
    """Our side, on a database of its own, for a test that is not a coroutine."""

    runner: asyncio.Runner
    database: Database

    def clear(self) -> Ledger:
        tables = "reservation, reservation_line, stock_outflow, stock_view, stock_position, stock_change"
        return self.run(lambda connection: connection.execute(f"truncate {tables}"))[1]

    def run(self, act: Callable[[Connection], Awaitable[Any]]) -> tuple[Any, Ledger]:
        return self.runner.run(self._run(act))

    async def _run(self, act: Callable[[Connection], Awaitable[Any]]) -> tuple[Any, Ledger]:
        async with self.database.transaction() as connection:
            answer = await act(connection)
            rows = await connection.execute("select sku, on_hand - reserved, reserved, version from stock_position")
            positions = {sku: tuple(numbers) for sku, *numbers in await rows.fetchall()}
            rows = await connection.execute(CLAIMS)
            return answer, Ledger(positions, await rows.fetchall())


@dataclass(slots=True)
class Promise:
    demand: dict[str, int]
    state: Literal["short", "promised", "left", "cancelled"]
    left_at: datetime = NOON


class Trade(RuleBasedStateMachine):
    """A warehouse as it really is, and beside it our books, which learn of it late, twice and out of order."""

    def __init__(self, books: Books, operations: Operations) -> None:
        super().__init__()
        self.books, self.operations = books, operations
        self.now = NOON
        self.physical = dict.fromkeys(SKUS, 0)
        self.counts: list[tuple[datetime, dict[str, int]]] = []
        self.promises: dict[str, Promise] = {}
        self.ledger = books.clear()

    @initialize(jars=st.integers(3, 9), lids=st.integers(3, 9))
    def we_open(self, jars: int, lids: int) -> None:
        self.physical = dict(zip(SKUS, (jars, lids), strict=True))
        self.count(self.now, self.physical)

    def those(self, *states: str) -> list[str]:
        return [order for order, promise in self.promises.items() if promise.state in states]

    def one(self, nth: int, *states: str) -> str:
        """The orders that came last are the first."""
        return self.those(*states)[::-1][nth % len(self.those(*states))]

    def happens(self, sku: str, pieces: int) -> None:
        self.counts.append((self.now, dict(self.physical)))  # somebody may have counted just before
        self.physical[sku] += pieces
        self.counts.append((self.now, dict(self.physical)))

    def write(self, act: Callable[[Connection], Awaitable[Any]]) -> Any:
        """Done and done again: the repetition changes nothing."""
        answer, self.ledger = self.books.run(act)
        assert self.books.run(act)[1] == self.ledger
        return answer

    @precondition(lambda self: min(self.physical.values()) < 5)  # otherwise nothing would ever run short
    @rule(sku=st.sampled_from(SKUS), pieces=st.integers(1, 4), minutes=MINUTES)
    def goods_come_in(self, sku: str, pieces: int, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.happens(sku, pieces)

    @rule(back=st.integers(0, 5), skus=st.sets(st.sampled_from(SKUS), min_size=1))
    def a_count_arrives(self, back: int, skus: set[str]) -> None:
        for as_of, physical in self.counts[len(self.counts) - 1 - back :][:1]:
            self.count(as_of, {sku: physical[sku] for sku in skus})

    def count(self, as_of: datetime, physical: dict[str, int]) -> None:
        levels = [StockLevel(sku.lower(), None, pieces, as_of) for sku, pieces in physical.items()]
        self.write(lambda connection: self.operations.count(connection, levels))

    @rule(demand=DEMAND)
    def an_order_comes(self, demand: dict[str, int]) -> None:
        order, available = f"ord_{len(self.promises)}", self.ledger.available()
        short = self.write(lambda connection: self.operations.reserve(connection, order, demand))
        self.promises[order] = Promise(demand, "short" if short else "promised")

        missing = {sku: pieces for sku, pieces in sorted(demand.items()) if available[sku] < pieces}
        taken = {} if missing else demand
        assert short == [Shortage(sku, pieces, available[sku]) for sku, pieces in missing.items()]
        assert self.ledger.available() == {sku: pieces - taken.get(sku, 0) for sku, pieces in available.items()}

    @precondition(lambda self: self.those("promised", "left"))
    @rule(nth=NTH)
    def an_order_comes_again(self, nth: int) -> None:
        order, before = self.one(nth, "promised", "left"), self.ledger
        short = self.write(lambda connection: stock.reserve(connection, order, self.promises[order].demand))

        assert (short, self.ledger) == ([], before)

    @precondition(lambda self: self.those("promised"))
    @rule(nth=NTH)
    def an_order_is_cancelled(self, nth: int) -> None:
        order = self.one(nth, "promised")
        self.write(lambda connection: stock.release(connection, order))
        self.promises[order].state = "cancelled"

    @precondition(lambda self: self.those("promised"))
    @rule(nth=NTH, minutes=MINUTES, told=st.booleans())
    def goods_leave(self, nth: int, minutes: int, told: bool) -> None:
        order = self.one(nth, "promised")
        promise = self.promises[order]
        self.now += timedelta(minutes=minutes)
        promise.state, promise.left_at = "left", self.now
        for sku, pieces in promise.demand.items():
            self.happens(sku, -pieces)
        if told:
            self.hear(order)

    @precondition(lambda self: self.those("left"))
    @rule(nth=NTH)
    def we_hear_that_goods_left(self, nth: int) -> None:
        self.hear(self.one(nth, "left"))

    def hear(self, order: str) -> None:
        self.write(lambda connection: self.operations.ship(connection, order, self.promises[order].left_at))
        before = self.ledger
        self.write(lambda connection: stock.release(connection, order))

        assert self.ledger == before, "it is too late to cancel"

    @rule()
    def everything_is_told(self) -> None:
        for order in self.those("left"):
            self.hear(order)
        self.now += timedelta(minutes=1)
        self.counts.append((self.now, dict(self.physical)))
        self.count(*self.counts[-1])

        assert self.ledger.available() == self.free()

    def free(self) -> dict[str, int]:
        """The truth: what is there and promised to nobody."""
        promised = [p.demand for p in self.promises.values() if p.state == "promised"]
        return {sku: pieces - sum(demand.get(sku, 0) for demand in promised) for sku, pieces in self.physical.items()}

    @invariant()
    def nothing_is_oversold(self) -> None:
        assert min(self.free().values()) >= 0

    @invariant()
    def what_we_call_available_is_there(self) -> None:
        free = self.free()
        assert [sku for sku, available in self.ledger.available().items() if available > free[sku]] == []

    @invariant()
    def reserved_is_the_sum_of_open_claims(self) -> None:
        for sku, (_, reserved, _) in self.ledger.positions.items():
            claims = [q for _, of, q, state in self.ledger.claims if of == sku and state in ("active", "shipped")]
            assert reserved == sum(claims)


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    with asyncio.Runner() as runner:
        database = Database(database_url, connections=2, name="test", patience=20.0)
        runner.run(database.open())
        yield Books(runner, database)
        runner.run(database.close())


@pytest.mark.parametrize("examples", [20, pytest.param(600, marks=LONG)])
def test_we_never_promise_what_is_not_there(books: Books, examples: int) -> None:
    live(books, Operations(), settings(QUICK, max_examples=examples))


def live(books: Books, operations: Operations, how: settings) -> None:
    run_state_machine_as_test(lambda: Trade(books, operations), settings=how)  # type: ignore[arg-type]


async def any_count_frees_what_shipped(connection: Connection, levels: Sequence[StockLevel]) -> int:
    return await stock.count(connection, levels) + await _free_shipped(connection, "true")


async def a_count_frees_what_shipped_at_its_instant(connection: Connection, levels: Sequence[StockLevel]) -> int:
    return await stock.count(connection, levels) + await _free_shipped(connection, "o.occurred_at <= v.as_of")


async def an_old_count_is_believed(connection: Connection, levels: Sequence[StockLevel]) -> int:
    await connection.execute("update stock_view set as_of = '-infinity'")
    return await stock.count(connection, levels)


async def shipping_frees(connection: Connection, order: str, shipped_at: datetime) -> None:
    await stock.ship(connection, order, shipped_at)
    await _free_shipped(connection, "true")


async def a_part_is_taken(connection: Connection, order: str, demand: dict[str, int]) -> list[Shortage]:
    return [
        short
        for sku, pieces in sorted(demand.items())
        for short in await stock.reserve(connection, order, {sku: pieces})
    ]


async def _free_shipped(connection: Connection, when: str) -> int:
    cursor = await connection.execute(
        "with freed as (delete from stock_outflow o using stock_view v where v.sku = o.sku and o.occurred_at >= v.as_of"
        f" and {when} returning o.sku, o.quantity) update stock_position p set reserved = reserved - f.quantity"
        " from (select sku, sum(quantity) as quantity from freed group by sku) f where p.sku = f.sku"
    )
    return cursor.rowcount


@pytest.mark.parametrize(
    "mistaken",
    [
        pytest.param(Operations(count=any_count_frees_what_shipped), id="any count frees what shipped"),
        pytest.param(
            Operations(count=a_count_frees_what_shipped_at_its_instant), id="a count frees what shipped at its instant"
        ),
        pytest.param(Operations(count=an_old_count_is_believed), id="an old count is believed", marks=LONG),
        pytest.param(Operations(ship=shipping_frees), id="shipping frees"),
        pytest.param(Operations(reserve=a_part_is_taken), id="a part is taken"),
    ],
)
def test_the_model_notices_a_mistake(books: Books, mistaken: Operations) -> None:
    once = {"phases": (Phase.generate,), "derandomize": True, "report_multiple_bugs": False}
    found_once = settings(QUICK, max_examples=600, **once)  # type: ignore[arg-type]

    with pytest.raises(AssertionError):
        live(books, mistaken, found_once)

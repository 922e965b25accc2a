"""Whoever reserves, releases, extends and consumes in whatever order: nothing is promised twice, nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gateway.context import Answer
from gateway.domain.identifiers import mint
from gateway.domain.stock import StockLevel
from gateway.resources.inventory.changing import CONSUME, EXTEND, RELEASE, Change
from gateway.store import reservation_expiry, stock
from gateway.store.pool import Database
from tests.store.counter import Counter, Json

QUICK = settings(
    max_examples=40,
    stateful_step_count=8,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)
NODES = ("main", "far")
TTL = 3600  # seconds; nothing ends by itself while a test runs
EXAMPLES = count()

Place = tuple[str, str]  # node and kind of goods
LINES = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from((*NODES, None)), st.integers(1, 3)), min_size=1, max_size=2
)
WISHES = st.lists(st.tuples(st.sampled_from(("soft", "firm")), LINES, st.booleans()), min_size=1, max_size=3)
NTH = st.integers(0, 2)
PIECES = st.one_of(st.none(), st.integers(1, 2))

# The ledger of this example's goods: counters beside what they should be by the lines, and what is free by the clock.
LEDGER = """
select right(p.sku, 1), p.node_id, p.reserved, coalesce(c.claims, 0), p.reserved_soft, coalesce(s.soft, 0),
       p.available + coalesce(s.over, 0)
  from stock_position p
  left join stock_claims(array[%(a)s, %(a)s, %(b)s, %(b)s], array['main', 'far', 'main', 'far']) c using (sku, node_id)
  left join (select sku, node_id, sum(open) as soft, sum(open) filter (where expires_at <= clock_timestamp()) as over
               from reservation_line where expires_at is not null and open > 0 and sku in (%(a)s, %(b)s)
              group by sku, node_id) s using (sku, node_id)
 where p.sku in (%(a)s, %(b)s)
"""


async def as_it_is(counter: Counter, how: Change, reservation_id: str, body: Json, key: str) -> Answer | str:
    return await counter.change(how, reservation_id, body, key)


async def tidy(database: Database) -> None:
    await reservation_expiry.tidy(database, mint)


@dataclass(frozen=True, slots=True)
class Operations:
    """What is put to the test; a variant shows that the model would notice."""

    change: Callable[[Counter, Change, str, Json, str], Awaitable[Answer | str]] = as_it_is
    tidy: Callable[[Database], Awaitable[None]] = tidy
    reserve: Callable[[Counter, Json, str], Awaitable[Answer | str]] = Counter.reserve


@dataclass(slots=True)
class Promise:
    """What we know to be held: pieces that are open, by kind of goods and node."""

    body: Json
    key: str
    answer: Answer
    soft: bool
    open: dict[Place, int]
    state: str = "active"
    minutes: int = 60  # left of a soft one

    @property
    def id(self) -> str:
        named: str = orjson.loads(self.answer.body)["reservation_id"]
        return named


@dataclass(frozen=True, slots=True)
class Books:
    """A database with two nodes, for tests that are not coroutines."""

    runner: asyncio.Runner
    counter: Counter

    def run(self, act: Awaitable[Any]) -> Any:
        return self.runner.run(_awaited(act))

    def sql(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return self.run(self._rows(statement, values))

    async def _rows(self, statement: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
        async with self.counter.database.connection() as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []


async def _awaited(act: Awaitable[Any]) -> Any:
    return await act


class Trade(RuleBasedStateMachine):
    """What is really there and held, beside what we have written down."""

    def __init__(self, books: Books, operations: Operations) -> None:
        super().__init__()
        self.books, self.operations = books, operations
        self.keys = (f"key-{number:012}" for number in count(next(EXAMPLES) * 1000))
        self.name = next(self.keys).upper()
        self.physical = {("A", "main"): 3, ("A", "far"): 2, ("B", "main"): 2, ("B", "far"): 0}
        self.promises: list[Promise] = []
        self.somebody_counts()

    def sku(self, goods: str) -> str:
        return f"{self.name}-{goods}"

    def free(self) -> dict[Place, int]:
        return {
            place: pieces - sum(promise.open.get(place, 0) for promise in self.promises)
            for place, pieces in self.physical.items()
        }

    @rule()
    def somebody_counts(self) -> None:
        now = datetime.now(UTC)
        levels = [
            StockLevel(self.sku(goods), None, pieces, now, node) for (goods, node), pieces in self.physical.items()
        ]
        self.books.run(self.count(levels))

    async def count(self, levels: list[StockLevel]) -> None:
        async with self.books.counter.database.transaction() as connection:
            await stock.count(connection, levels)

    @rule(wishes=WISHES)
    def some_ask_together(self, wishes: list[tuple[str, list[tuple[str, str | None, int]], bool]]) -> None:
        asked = [(self.body(kind, lines, partial), next(self.keys)) for kind, lines, partial in wishes]
        answers = self.books.run(self.ask(asked))

        for (body, key), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Answer):
                self.granted(body, key, answer)
        for (body, _), answer in zip(asked, answers, strict=True):
            if not isinstance(answer, Answer):
                self.refused(body, answer)

    def body(self, kind: str, lines: list[tuple[str, str | None, int]], partial: bool) -> Json:
        wanted = [
            {"line_id": str(index), "sku": self.sku(goods), "quantity": pieces} | ({"node_id": node} if node else {})
            for index, (goods, node, pieces) in enumerate(lines)
        ]
        return {
            "kind": kind,
            "holder": {"type": "cart", "id": next(self.keys)},
            **({"ttl_seconds": TTL} if kind == "soft" else {}),
            "on_short": "partial" if partial else "reject",
            "lines": wanted,
        }

    async def ask(self, asked: list[tuple[Json, str]]) -> list[Answer | str]:
        reserve = self.operations.reserve
        return await asyncio.gather(*(reserve(self.books.counter, body, key) for body, key in asked))

    def granted(self, body: Json, key: str, answer: Answer) -> None:
        told = orjson.loads(answer.body)
        got = {line["line_id"]: 0 for line in body["lines"]}
        for held in told["lines"]:
            got[held["line_id"]] += held["quantity"]
        short = {each["line_id"]: each["wanted"] - each["available"] for each in told.get("short", ())}
        assert all(got[line["line_id"]] + short.get(line["line_id"], 0) == line["quantity"] for line in body["lines"])
        assert body["on_short"] == "partial" or not short
        self.promises.append(Promise(body, key, answer, body["kind"] == "soft", opened(told)))

    def refused(self, body: Json, code: str) -> None:
        """Even of what is left now it could not have been granted."""
        assert code == "insufficient_stock"
        left, partial = self.free(), body["on_short"] == "partial"
        for line in sorted(body["lines"], key=lambda line: "node_id" not in line):
            goods = line["sku"][-1]
            places = [(goods, node) for node in NODES if line.get("node_id") in (None, node)]
            if partial:
                assert sum(left[place] for place in places) == 0
            if sum(left[place] for place in places) < line["quantity"]:
                return
            wanted = line["quantity"]
            for place in places:
                taken = min(wanted, left[place])
                left[place], wanted = left[place] - taken, wanted - taken
        raise AssertionError("it could have been granted")

    def one(self, nth: int) -> Promise:
        """Those that came last are the first."""
        return self.promises[::-1][nth % len(self.promises)]

    @precondition(lambda self: self.promises)
    @rule(nth=NTH, key=st.booleans())
    def it_is_asked_for_again(self, nth: int, key: bool) -> None:
        before = self.one(nth)
        again = self.books.run(self.books.counter.reserve(before.body, before.key if key else next(self.keys)))

        assert (again.body, again.replayed) == (before.answer.body, True)

    @precondition(lambda self: self.promises)
    @rule(nth=NTH, pieces=PIECES)
    def some_is_given_back(self, nth: int, pieces: int | None) -> None:
        self.moves(RELEASE, self.one(nth), pieces)

    @precondition(lambda self: self.promises)
    @rule(nth=NTH, pieces=PIECES)
    def some_leaves(self, nth: int, pieces: int | None) -> None:
        promise = self.one(nth)
        before = dict(promise.open)
        if self.moves(CONSUME, promise, pieces):
            for place, held in before.items():
                self.physical[place] -= held - promise.open.get(place, 0)

    def moves(self, how: Change, promise: Promise, pieces: int | None) -> bool:
        """Done and done again; of its first line when a number of pieces is given."""
        lines = [{"line_id": "0", "quantity": pieces}]
        answer = self.change(how, promise, {} if pieces is None else {"lines": lines})
        if promise.state == "expired" and how is CONSUME:
            assert answer == "reservation_expired"
            return False
        if answer == "invalid":
            assert promise.state == "active"
            assert pieces is not None
            assert pieces > self.held_of_first(promise)
            return False
        assert isinstance(answer, Answer), answer
        told = orjson.loads(answer.body)
        if promise.state == "active":
            moved = sum(promise.open.values()) - sum(opened(told).values())
            assert moved == (pieces or sum(promise.open.values()))
            promise.open = opened(told)
            promise.state = told["state"]
            assert (promise.state == "active") == bool(promise.open)
            return True
        assert (told["state"], opened(told)) == (promise.state, {})
        return False

    def held_of_first(self, promise: Promise) -> int:
        told = orjson.loads(self.look(promise))
        return sum(held["open"] for held in told["lines"] if held["line_id"] == "0")

    def change(self, how: Change, promise: Promise, body: Json) -> Answer | str:
        key, counter = next(self.keys), self.books.counter
        answer: Answer | str = self.books.run(self.operations.change(counter, how, promise.id, body, key))
        again = self.books.run(counter.change(how, promise.id, body, key))
        if isinstance(answer, Answer):
            assert again.body == answer.body
        return answer

    @precondition(lambda self: self.promises)
    @rule(nth=NTH)
    def it_is_kept_longer(self, nth: int) -> None:
        promise = self.one(nth)
        answer = self.change(EXTEND, promise, {"ttl_seconds": 7200})

        if promise.soft and promise.state == "active":
            assert isinstance(answer, Answer)
            promise.minutes = 120
        else:
            assert answer == ("reservation_expired" if promise.state == "expired" else "conflict")

    @precondition(lambda self: any(promise.soft for promise in self.promises))
    @rule(nth=NTH, minutes=st.sampled_from((40, 80)))
    def time_passes(self, nth: int, minutes: int) -> None:
        """For one of them: its end comes nearer."""
        soft = [promise for promise in self.promises if promise.soft][::-1]
        promise = soft[nth % len(soft)]
        for table in ("reservation", "reservation_line"):
            sql = f"update {table} set expires_at = expires_at - %(by)s where reservation_id = %(id)s"
            self.books.sql(sql, by=timedelta(minutes=minutes), id=promise.id)
        promise.minutes -= minutes
        if promise.minutes <= 0 and promise.state == "active":
            promise.open, promise.state = {}, "expired"

        assert orjson.loads(self.look(promise))["state"] == promise.state

    def look(self, promise: Promise) -> bytes:
        told: bytes = self.books.run(self.books.counter.look(promise.id))
        return told

    @rule()
    def somebody_tidies_up(self) -> None:
        self.books.run(self.operations.tidy(self.books.counter.database))

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        assert min(self.free().values()) >= 0

    @invariant()
    def counters_are_the_sum_of_what_is_written_down(self) -> None:
        rows = self.books.sql(LEDGER, a=self.sku("A"), b=self.sku("B"))
        assert [row for row in rows if row[2] != row[3] or row[4] != row[5]] == []
        assert {(goods, node): free for goods, node, *_, free in rows} == self.free()


def opened(told: Json) -> dict[Place, int]:
    """What is open, by kind of goods and node."""
    found: dict[Place, int] = {}
    for held in told["lines"]:
        if held["open"]:
            place = (held["sku"][-1], held["node_id"])
            found[place] = found.get(place, 0) + held["open"]
    return found


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    with asyncio.Runner() as runner:
        database = Database(database_url, connections=4, name="test", patience=20.0)
        runner.run(database.open())
        opened = Books(runner, Counter.over(database))
        opened.sql("insert into node (node_id, type, name, source_id) values ('far', 'dc', 'Far', 'wms')")
        opened.sql(
            "insert into partner (partner_id, name, client_id, secret_hash, scopes, plan)"
            " values ('web', 'web', 'web', '', '{}', 'internal')"
        )
        yield opened
        runner.run(database.close())


@pytest.mark.parametrize("examples", [40, pytest.param(10_000, marks=pytest.mark.proof)])
def test_nothing_is_promised_twice_and_nothing_is_lost(books: Books, examples: int) -> None:
    live(books, Operations(), settings(QUICK, max_examples=examples))


def live(books: Books, operations: Operations, how: settings) -> None:
    run_state_machine_as_test(lambda: Trade(books, operations), settings=how)  # type: ignore[arg-type]


async def the_end_of_its_head_moves(
    counter: Counter, how: Change, reservation_id: str, body: Json, key: str
) -> Answer | str:
    answer = await counter.change(how, reservation_id, body, key)
    if how is EXTEND:
        await counter.sql("update reservation_line set expires_at = expires_at - interval '1 hour'")
    return answer


async def what_leaves_is_free(counter: Counter, how: Change, reservation_id: str, body: Json, key: str) -> Answer | str:
    answer = await counter.change(how, reservation_id, body, key)
    if how is CONSUME:
        await counter.sql(
            "with freed as (delete from stock_outflow returning sku, node_id, quantity)"
            " update stock_position p set reserved = reserved - f.quantity from freed f"
            " where (p.sku, p.node_id) = (f.sku, f.node_id) and p.reserved >= f.quantity"
        )
    return answer


async def nothing_absorbs(counter: Counter, how: Change, reservation_id: str, body: Json, key: str) -> Answer | str:
    return await counter.change(Change(how.name, how.make, frozenset()), reservation_id, body, key)


async def tidying_gives_nothing_back(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            "update reservation_line set released = released + open where expires_at <= clock_timestamp() and open > 0"
        )


async def a_part_is_always_welcome(counter: Counter, body: Json, key: str) -> Answer | str:
    return await counter.reserve({**body, "on_short": "partial"}, key)


@pytest.mark.parametrize(
    "mistaken",
    [
        pytest.param(Operations(change=the_end_of_its_head_moves), id="only the end of its head moves"),
        pytest.param(Operations(change=what_leaves_is_free), id="what leaves is free"),
        pytest.param(Operations(change=nothing_absorbs), id="nothing absorbs"),
        pytest.param(Operations(tidy=tidying_gives_nothing_back), id="tidying gives nothing back"),
        pytest.param(Operations(reserve=a_part_is_always_welcome), id="a part is always welcome"),
    ],
)
def test_the_model_notices_a_mistake(books: Books, mistaken: Operations) -> None:
    found_once = settings(
        QUICK, max_examples=600, phases=(Phase.generate,), derandomize=True, report_multiple_bugs=False
    )

    with pytest.raises(AssertionError):
        live(books, mistaken, found_once)

"""A partner that reserves, and beside it what is really there and held."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.context import Answer
from gateway.domain.identifiers import mint
from gateway.domain.stock import StockLevel
from gateway.resources.inventory.changing import CONSUME, EXTEND, RELEASE, Change
from gateway.store import reservation_expiry, stock
from gateway.store.pool import Database
from tests.store.counter import Books, Counter, Json

NODES = ("main", "far")
TTL = 3600  # seconds; nothing ends by itself while a test runs
EXAMPLES = count()

Place = tuple[str, str]  # kind of goods, node
Lines = tuple[tuple[str, str | None, int], ...]
LINE = st.tuples(st.sampled_from("AB"), st.sampled_from((*NODES, None)), st.integers(1, 3))
# The first goods decide where a wish stands in line: the same for all, so that a run can be repeated.
LINES = st.tuples(LINE.map(lambda line: ("A", *line[1:]))) | st.tuples(LINE.map(lambda line: ("A", *line[1:])), LINE)
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
    def some_ask_together(self, wishes: list[tuple[str, Lines, bool]]) -> None:
        asked = [(self.body(kind, lines, partial), next(self.keys)) for kind, lines, partial in wishes]
        answers = self.books.run(self.ask(asked))

        for (body, key), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Answer):
                self.granted(body, key, answer)
        for (body, _), answer in zip(asked, answers, strict=True):
            if not isinstance(answer, Answer):
                self.refused(body, answer)

    def body(self, kind: str, lines: Lines, partial: bool) -> Json:
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
            assert answer == ("reservation_expired" if promise.state == "expired" else "not_extendable")

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

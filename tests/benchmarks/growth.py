"""P7: does an accept, or a page of a list, cost more because there are many orders? Three databases, asked by turns."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import orjson

from tests.benchmarks.figures import Findings, Row, goal, middle
from tests.benchmarks.order import CHANNEL, Requests
from tests.benchmarks.processes import folder
from tests.benchmarks.stored import RARE_CHANNEL, Store, stores

SIZES = (1_000, 100_000, 1_000_000)
TIMES = 200  # requests of a kind, in each round and to each database
WARM_UP = 30  # before the first: connections, prepared statements, caches
PAGE = 50
FLAT = 1.10

ACCEPT, DEEP = "accept", "page in the middle of the list"
LISTS: dict[str, dict[str, object]] = {
    "first page": {},
    "page of a status that most orders have": {"status": "completed"},
    "page of a status that 100 orders have": {"status": "rejected"},
    "page of three statuses": {"status": ["received", "rejected", "completed"]},
    "page of a channel": {"channel_id": CHANNEL},
    "page of a channel with 100 orders": {"channel_id": RARE_CHANNEL},
    "page of a channel and of a rare status": {"channel_id": CHANNEL, "status": "rejected"},
    "page of what was placed long ago": {"placed_before": None},
    "page of a rare status placed long ago": {"placed_before": None, "status": "rejected"},
}

Ask = Callable[[], object]


@dataclass(slots=True)
class Cost:
    """Of one kind of request on one database, a value a round, in microseconds a request."""

    elapsed: list[float] = field(default_factory=list)
    edge: list[float] = field(default_factory=list)
    postgresql: list[float] = field(default_factory=list)

    @property
    def processor(self) -> float:
        return middle([edge + postgresql for edge, postgresql in zip(self.edge, self.postgresql, strict=True)])


@dataclass(slots=True)
class Caller:
    """One connection to one edge, a request at a time, and what each kind has cost."""

    store: Store
    http: HTTPConnection
    token: str = ""
    placing: Requests | None = None
    placed: int = 0
    costs: dict[str, Cost] = field(default_factory=dict)

    def renew(self) -> None:
        self.connect()
        self.token = self.store.token()
        self.placing = Requests(port=self.store.port, token=self.token)

    def connect(self) -> None:
        """Anew: while others were asked, the edge may have closed what said nothing."""
        self.http.close()
        self.http.connect()

    def page(self, **query: object) -> bytes:
        path = f"/v1/orders?{urlencode(query, doseq=True)}"
        self.http.request("GET", path, headers={"authorization": f"Bearer {self.token}"})
        answer = self.http.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    def place(self) -> None:
        """The same bytes as P2 sends."""
        assert self.placing is not None
        self.http.sock.sendall(self.placing.make(self.placed))
        self.placed += 1
        answer = self.http.response_class(self.http.sock, method="POST")
        answer.begin()
        body = answer.read()
        assert answer.status == 202, body

    def ask(self, what: str, ask: Ask) -> None:
        self.connect()
        cost = self.costs.setdefault(what, Cost())
        for _ in range(3 if cost.elapsed else WARM_UP):
            ask()
        backends, taken = self.store.backends(), []
        edge, postgresql = spent([self.store.edge.pid]), spent(backends)
        for _ in range(TIMES):
            begun = time.perf_counter()
            ask()
            taken.append((time.perf_counter() - begun) * 1e6)
        cost.elapsed.append(middle(taken))
        cost.edge.append(since(edge, [self.store.edge.pid]) / TIMES)
        cost.postgresql.append(since(postgresql, backends) / TIMES)


def spent(pids: Sequence[int]) -> dict[str, int]:
    """Nanoseconds of processor time by thread, of those that are there: finer than the ticks of /proc/PID/stat."""
    found = {}
    for pid in pids:
        with suppress(OSError):  # the pool has let a connection go
            for thread in Path(f"/proc/{pid}/task").iterdir():
                found[thread.name] = int((thread / "schedstat").read_text().split()[0])
    return found


def since(before: dict[str, int], pids: Sequence[int]) -> float:
    """Microseconds spent since then."""
    return sum(value - before[thread] for thread, value in spent(pids).items() if thread in before) / 1000


def measure(*, rounds: int, sizes: Sequence[int] = SIZES) -> Findings:
    with ExitStack() as stack:
        home = stack.enter_context(folder())
        callers = [stack.enter_context(_caller(store)) for store in stack.enter_context(stores(home, sizes))]
        questions = [_questions(caller) for caller in callers]
        for _ in range(rounds):
            for caller in callers:
                caller.renew()
            for what in questions[0]:
                for caller, asks in zip(callers, questions, strict=True):
                    caller.ask(what, asks[what])
        return _findings(callers)


@contextmanager
def _caller(store: Store) -> Iterator[Caller]:
    http = HTTPConnection("127.0.0.1", store.port, timeout=60)
    caller = Caller(store, http)
    try:
        caller.renew()
        caller.place()  # the one that the others are copies of
        store.fill()
        yield caller
    finally:
        http.close()


def _questions(caller: Caller) -> dict[str, Ask]:
    caller.renew()
    asks: dict[str, Ask] = {ACCEPT: caller.place}
    for what, filters in LISTS.items():
        asks[what] = _page(caller, {name: value or caller.store.long_ago for name, value in filters.items()})
    return {**asks, DEEP: _page(caller, {"page_token": _deep(caller)})}


def _page(caller: Caller, query: dict[str, object]) -> Ask:
    found = orjson.loads(caller.page(page_size=PAGE, **query))["orders"]
    assert len(found) == PAGE, f"{caller.store.size} orders, {query}: {len(found)} found"
    return lambda: caller.page(page_size=PAGE, **query)


def _deep(caller: Caller) -> str:
    """Where it goes on in the middle, found as partners find it: page by page."""
    token, seen = "", 0
    while seen < caller.store.own // 2:
        page = orjson.loads(caller.page(page_size=200, **({"page_token": token} if token else {})))
        token, seen = page["next_page_token"], seen + len(page["orders"])
    return token


def _findings(callers: Sequence[Caller]) -> Findings:
    rows, sizes = [], [f"{caller.store.size:,}" for caller in callers]
    for what in callers[0].costs:
        costs = [caller.costs[what] for caller in callers]
        growth = max(cost.processor for cost in costs) / (costs[0].processor or 1)
        total, elapsed = _each([cost.processor for cost in costs]), _each([middle(cost.elapsed) for cost in costs])
        parts = _each([middle(cost.postgresql) for cost in costs])
        told = f"{total} µs (PostgreSQL {parts}; elapsed {elapsed})"
        target = goal(growth, "<= 1.10", at_most=FLAT)
        rows.append(Row(f"P7 {what}", told, f"{growth:.2f} of {sizes[0]} orders", *target))
    remarks = [
        f"P7: processor time of one request, edge and PostgreSQL together, with {', '.join(sizes)} orders stored; in"
        f" brackets PostgreSQL's part, and the median from request to answer. One connection, {TIMES} requests of a"
        f" kind a round, pages of {PAGE}; the ratio is that of the worst."
    ]
    return Findings(rows, remarks)


def _each(values: Sequence[float]) -> str:
    return " / ".join(f"{value:,.0f}" for value in values)

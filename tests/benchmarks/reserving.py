"""P6: reservations of one hot SKU, through the front door and through the store, and the last of it sold once."""

import asyncio
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from time import perf_counter

import psycopg

from gateway.context import Answer
from gateway.store.pool import Database
from tests.benchmarks.contender import CONNECTIONS, Contender, take_turns
from tests.benchmarks.figures import Findings, Row, goal, middle, spread
from tests.benchmarks.gate import Gate, installation
from tests.benchmarks.processes import load, postmaster
from tests.benchmarks.traffic import HOT
from tests.store.counter import Counter

CALLERS = 64  # who wait together, at the store
LAST, TRIES = 500, 1_500  # pieces of the SKU that runs out, and how many want one

_FILL = """
insert into stock_view (source_id, sku, node_id, quantity, as_of)
values ('wms', %(hot)s, 'main', 100000000, now()), ('wms', 'LAST', 'main', %(last)s, now());
select derive_stock(array_agg(sku), array_agg(node_id)) from stock_view;
"""
_OVERSOLD = """
select count(*) from stock_position p
 where available < 0
    or reserved + reserved_soft <> (select coalesce(sum(open), 0) from reservation_line l where l.sku = p.sku)
"""


def measure(*, rounds: int, seconds: float, profile: Path | None = None) -> Findings:
    with ExitStack() as stack:
        gate = stack.enter_context(installation(profile=profile))
        with psycopg.connect(gate.database, cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute(_FILL, {"hot": HOT, "last": LAST})
        pids = {"edge": gate.edge.pid, "PostgreSQL": postmaster(gate.home)}
        door = Contender(gate.port, gate.token, pids, "201", {"traffic": "reservations"})
        grouped, single = [], []
        for _ in range(rounds):
            take_turns((door,), rounds=1, seconds=seconds)
            grouped.append(asyncio.run(_at_the_store(gate.database, seconds, together=True)))
            single.append(asyncio.run(_at_the_store(gate.database, seconds, together=False)))
        sold = load(
            gate.port, gate.token, connections=CONNECTIONS, first=800_000_000, count=TRIES, traffic="last_reservations"
        )
        return _findings(door, grouped, single, sold["statuses"], oversold=_oversold(gate))


def _oversold(gate: Gate) -> int:
    """Positions that promise more than is there, or whose counters are not what is written down."""
    return int(str(gate.one(_OVERSOLD)[0]))


async def _at_the_store(url: str, seconds: float, *, together: bool) -> float:
    """Granted a second: everybody at one counter, or everybody at a counter of their own, so that none is grouped."""
    database = Database(url, connections=8, name="omnigate-bench", patience=30.0)
    await database.open()
    try:
        shared = Counter.over(database, partner="bench")
        counters = [shared if together else Counter.over(database, partner="bench") for _ in range(CALLERS)]
        numbers, begun = count(int(perf_counter() * 1_000_000)), perf_counter()
        granted = await asyncio.gather(*(_caller(each, numbers, begun + seconds) for each in counters))
        return sum(granted) / (perf_counter() - begun)
    finally:
        await database.close()


async def _caller(counter: Counter, numbers: "count[int]", until: float) -> int:
    granted = 0
    while perf_counter() < until:
        number = f"store-{next(numbers):020}"
        body = {"kind": "firm", "holder": {"type": "cart", "id": number}, "lines": [_LINE]}
        granted += isinstance(await counter.reserve(body, number), Answer)
    return granted


_LINE = {"line_id": "1", "sku": HOT, "quantity": 1}


def _findings(
    door: Contender, grouped: list[float], single: list[float], sold: dict[str, int], *, oversold: int
) -> Findings:
    at_door, at_store = middle(door.rates), middle(grouped)
    gain = at_store / (middle(single) or 1)
    rows = [
        Row("P6 one hot SKU, through the front door", spread(door.rates, "/s"), "",
            *goal(at_door, ">= 150/s", at_least=150.0)),
        Row("P6 one hot SKU, at the store, a transaction each", spread(single, "/s")),
        Row(f"P6 the same, {CALLERS} callers grouped", spread(grouped, "/s"), f"{gain:.1f} of a transaction each",
            *goal(at_store, ">= 1,000/s", at_least=1000.0)),
        Row(f"P6 {TRIES:,} callers for the last {LAST}", f"{sold.get('201', 0):,} winners", f"{oversold} oversold",
            *goal(float(sold.get("201", 0) == LAST and not oversold), f"{LAST} winners, 0 oversold", at_least=1.0)),
    ]  # fmt: skip
    remarks = [
        f"P6: {CONNECTIONS} connections in a closed loop; p99 {door.told_p99()} ms. Processor time a reservation, µs:"
        f" {door.told_cost()}. Every one has its key, lines, event, audit row and change of the position.",
    ]
    if others := door.others():
        remarks.append(f"P6: the front door also answered {others}; these are not counted.")
    return Findings(rows, remarks)

"""Collects the evidence of a run: waits until it has come to rest, then asks everybody."""

import asyncio
import csv
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from httpx2 import HTTPError

from tests.chaos.checker.evidence import Circumstances, Evidence, Message, Order, Queue, Shelf
from tests.chaos.diary import Diary
from tests.chaos.exported import cause_of, is_stuck, order_of
from tests.chaos.ledgers import attempt_of, effect_of, is_effect, messages, received, rows
from tests.chaos.notebook import Notebook
from tests.chaos.orderbook import Orderbook
from tests.chaos.reading import happened, listed, told
from tests.proof.client import Channel
from tests.proof.processes import until
from tests.proof.rig import Rig

Json = dict[str, Any]

UNDER_WAY = ("received", "accepted", "processing", "cancel_requested")
FETCHED = ("bopis", "curbside")
AT_ONCE = 16  # questions about orders
CALM, PACE, READERS = 10.5, 0.2, 3  # seconds of ordinary life, seconds between requests, of so many people at once
POSITIONS = "select node_id, sku, on_hand - reserved from stock_position where condition = 'new'"
WORKFLOWS = "select saga || '.v' || version, count(*) from run group by 1 order by 1"
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Witness:
    """A channel through which a partner's orders can be read, and everything that partner sent and was told."""

    channel: Channel
    notebook: Notebook


@dataclass(slots=True)
class Gathering:
    """How one run is brought to its end and asked. *bounds*: what `Circumstances` holds it to, if not the usual."""

    rig: Rig
    witnesses: Sequence[Witness]
    started: float
    bounds: Mapping[str, float | int | None] = field(default_factory=dict)
    queues: Sequence[Queue] = ()  # that were seen on the way
    diary: Diary | None = None  # of goods that came back
    orderbook: Orderbook | None = None  # of goods that are bought

    async def evidence(self, *, last_fault: float, within: float = 180.0) -> Evidence:
        """After the last fault: rest, ten seconds of ordinary life, rest again, and everybody's account."""
        await self.rest(within=within)
        rested = time.time()
        await self.live()
        ended = time.time()
        await self.rest(within=within)
        orders = await self._orders()
        circumstances = Circumstances(
            started=self.started,
            last_fault=last_fault,
            rested=rested,
            ended=ended,
            **self.bounds,  # type: ignore[arg-type]
        )
        return Evidence(
            circumstances=circumstances,
            wanted=tuple(wanted for witness in self.witnesses for wanted in witness.notebook.wanted),
            exchanges=tuple(exchange for witness in self.witnesses for exchange in witness.notebook.exchanges),
            effects=tuple(effect_of(row) for row in await rows(self.rig.sandbox, "effects")),
            attempts=tuple(attempt_of(row) for row in await rows(self.rig.sandbox, "attempts") if is_effect(row)),
            orders=orders,
            shelves=await self._shelves(),
            messages=await self._messages(orders),
            queues=tuple(self.queues),
            returns=await self.diary.told(await self.parked()) if self.diary else (),
            purchases=await self.orderbook.purchases() if self.orderbook else (),
            invoices=await self.orderbook.invoices() if self.orderbook else (),
        )

    async def rest(self, *, within: float) -> None:
        """Until every order has ended or waits for an operator, and all money that is owed has gone back."""
        seen: set[tuple[str, int]] = set()

        async def at_rest() -> bool:
            nonlocal seen
            try:
                before, seen = seen, {(each["order_id"], each["version"]) for each in await self._listed(UNDER_WAY)}
            except HTTPError:  # an edge with too much to do says so, and is asked again
                return False
            ended = not seen or (seen == before and await self._all_stuck({order_id for order_id, _ in seen}))
            bought = self.orderbook is None or await self.orderbook.at_rest()
            return ended and bought and await self._all_paid_back()

        await until(at_rest, what="every order has ended or is parked", within=within, pause=0.5)

    async def _all_paid_back(self) -> bool:
        if self.diary is None or await self.diary.at_rest({}):
            return True
        return await self.diary.at_rest(await self.parked())

    async def _all_stuck(self, order_ids: Collection[str]) -> bool:
        """Does each hang on an operator, and nothing else of it go on?"""
        parked = await self.parked()
        for witness in self.witnesses:
            async for order in listed(witness.channel, UNDER_WAY):
                document = await told(witness.channel, f"/v1/orders/{order['order_id']}")
                if document["order_id"] in order_ids and not is_stuck(document, parked):
                    return False
        return True

    async def live(self) -> None:
        """People read their orders, as on any day."""
        over = time.monotonic() + CALM

        async def read(witness: Witness) -> None:
            page = await told(witness.channel, "/v1/orders")
            known = [f"/v1/orders/{order['order_id']}" for order in page["orders"]]
            paths = itertools.cycle(known or ["/v1/orders"])
            while time.monotonic() < over:
                with suppress(HTTPError):  # it is written down, and held against the run
                    await witness.channel.http.get(next(paths), headers=witness.channel.headers())
                await asyncio.sleep(PACE)

        await asyncio.gather(*(read(witness) for witness in self.witnesses for _ in range(READERS)))

    async def parked(self) -> Mapping[str, str]:
        """Workflow -> cause, as an operator reads it: orders' and their parts'."""
        name = f"parked-{next(_names)}"
        self.rig.environment["COLUMNS"] = "2000"  # a row a line
        await self.rig.run(name, "workflows", "list", "--parked", "--limit", "1000")
        table = (self.rig.home / f"{name}.log").read_text(encoding="utf-8").splitlines()
        rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in table if line.startswith("│")]
        return {row[0]: row[5] for row in rows}

    async def workflows(self) -> dict[str, int]:
        """Which were carried out, and how often each."""
        connection = await psycopg.AsyncConnection.connect(self.rig.environment["DATABASE_URL"], autocommit=True)
        async with connection:
            return dict(await (await connection.execute(WORKFLOWS)).fetchall())

    async def _listed(self, statuses: Sequence[str] = ()) -> list[Json]:
        return [order for witness in self.witnesses async for order in listed(witness.channel, statuses)]

    async def _orders(self) -> tuple[Order, ...]:
        parked, asking = await self.parked(), asyncio.Semaphore(AT_ONCE)

        async def known(witness: Witness, order_id: str) -> Order:
            async with asking:
                document = await told(witness.channel, f"/v1/orders/{order_id}")
                events = [event async for event in happened(witness.channel, order_id)]
            return order_of(document, events, partner=witness.notebook.partner, parked=cause_of(document, parked))

        asked = [
            known(witness, order["order_id"]) for witness in self.witnesses async for order in listed(witness.channel)
        ]
        return tuple(await asyncio.gather(*asked))

    async def _messages(self, orders: Sequence[Order]) -> tuple[Message, ...]:
        """To customers who fetch their goods: only they are told codes."""
        fetch = [order.order_id for order in orders if any(part.method in FETCHED for part in order.parts)]
        return tuple([each for order_id in fetch for each in await messages(self.rig.sandbox, order_id)])

    async def _shelves(self) -> tuple[Shelf, ...]:
        with self.rig.catalogue.open(encoding="utf-8", newline="") as file:
            start = Counter(dict(_counts(csv.DictReader(file))))
        start.update(await received(self.rig.sandbox))
        stock = (await self.rig.sandbox.get("/ledger/wms/stock")).raise_for_status().json()["stock"]
        connection = await psycopg.AsyncConnection.connect(self.rig.environment["DATABASE_URL"], autocommit=True)
        async with connection:
            ours = await (await connection.execute(POSITIONS)).fetchall()
        available = {(node, sku): free for node, sku, free in ours}
        return tuple(
            Shelf(
                sku=shelf["sku"],
                node=shelf["node"],
                start=start[shelf["node"], shelf["sku"]],
                on_hand=shelf["on_hand"],
                allocated=shelf["allocated"],
                available=available.get((shelf["node"], shelf["sku"])),
            )
            for shelf in stock
        )


def _counts(rows: Iterable[Mapping[str, str]]) -> Iterator[tuple[tuple[str, str], int]]:
    """(node, SKU) -> pieces, of a catalogue."""
    for row in rows:
        for column, count in row.items():
            name, _, node = column.partition("@")
            if name == "on_hand" and count:
                yield (node or "main", row["sku"].upper()), int(count)


@asynccontextmanager
async def witness(rig: Rig, address: str, partner: str = "web") -> AsyncIterator[Witness]:
    """The rig's partner at one edge, remembering."""
    notebook = Notebook(partner)
    async with rig.channel(address, transport=notebook.network()) as channel:
        yield Witness(channel, notebook)

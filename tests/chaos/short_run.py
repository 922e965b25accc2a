"""A short life with everything in it: orders of every end, answers lost, processes killed; and the evidence of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from signal import SIGKILL

from httpx2 import HTTPError

from tests.chaos.checker.evidence import Evidence
from tests.chaos.customers import Customer, fetched_from
from tests.chaos.diary import Diary
from tests.chaos.floor import with_stores, with_suppliers
from tests.chaos.gather import Gathering, Witness, witness
from tests.chaos.ledgers import rows
from tests.chaos.lines import Line
from tests.chaos.market import STAFF, Market, open_market
from tests.chaos.purchasers import SKUS as GOODS
from tests.chaos.reading import told
from tests.chaos.senders import Asker, Sender
from tests.chaos.weeks import Weeks
from tests.proof.client import SKUS, Acked, Json, order
from tests.proof.ground import Ground
from tests.proof.processes import ROOT, Process, until
from tests.proof.rig import Rig, open_rig

AMBIGUOUS = (
    ("psp", "authorise", "error_after"),
    ("erp", "create_sales_order", "reset_after"),
    ("wms", "create_shipment", "error_after"),
    ("psp", "capture", "reset_after"),
    ("erp", "create_invoice", "error_after"),
)
REFUSED = {"system": "wms", "operation": "create_shipment", "kind": "refuse", "next": 1}
STORES = "pos-uk"
# Benches are in the north alone, and tables in the north and the south; what else there is lies at the main node.
# Vases are in a store, and of stools there are none yet.
FURNITURE = {"TABLE-3": {"north": 2000, "south": 2000}, "BENCH-1": {"north": 1000}, "VASE-5": {"york": 1000}}
GROUND = Ground(
    {"main": 50, "north": 5, "south": 10, "york": 5},
    {**{sku: {"main": 1_000_000} for sku in SKUS}, **FURNITURE, **{sku: {"main": 0} for sku in ("STOOL-6", *GOODS)}},
    stores=("york",),
)
CROWD, TOLD = 24, 4  # orders placed at once when the edge dies, and how many of them it has acknowledged by then
COPIES = 3
LIMIT = 100_00  # of what goes back on nobody's word


@dataclass(slots=True)
class ShortRun:
    """One rig, two partners at its one edge, and what happens to them."""

    rig: Rig
    web: Witness
    pos: Witness
    edge: Process
    line: Line
    diary: Diary
    stack: AsyncExitStack  # of whoever is at work until the end
    market: Market | None = None
    started: float = field(default_factory=time.time)

    @property
    def gathering(self) -> Gathering:
        bounds = {"rest_within": 180.0}
        book = self.market.orderbook if self.market else None
        return Gathering(self.rig, [self.web, self.pos], self.started, bounds, self.line.queues, self.diary, book)

    async def evidence(self) -> Evidence:
        """After the last fault, which was just now."""
        return await self.gathering.evidence(last_fault=time.time())

    async def every_end(self) -> None:
        """Completed, declined, refused by the warehouse, cancelled, parked."""
        happy = [await self.web.channel.place(order(number=number)) for number in range(3)]
        await self.web.channel.place(order(number=3, token="tok_declined"))
        await self._ended(happy)
        await self.pos.channel.place(sold_in_store(4))
        await self._faults([REFUSED])
        await self._ended([await self.web.channel.place(order(number=4))])
        await self.in_parts()
        await self._hold(True)
        unwanted, robbed = [await self.web.channel.place(order(number=number)) for number in (5, 6)]
        await self._released([unwanted, robbed])
        await self._cancel(unwanted)
        await self._void(robbed)
        await self._hold(False)
        await self.in_stores()
        await self.waiting()
        await self.goods_back()
        await self.goods_bought()

    async def in_parts(self) -> None:
        """Served from two nodes, refused by one and served from the other, cancelled when one part of two had left."""
        both = {"LAMP-7": 2, "BENCH-1": 3}
        await self._ended([await self.web.channel.place(order(number=at, wanted=both)) for at in range(70, 73)])
        await self._faults([REFUSED])
        await self._ended([await self.web.channel.place(order(number=73, wanted={"TABLE-3": 2}))])
        await self._hold(True)
        half = await self.web.channel.place(order(number=74, wanted=both))
        await self._released([half])
        await self._ships_one(half)
        await self._cancel(half)
        await self._hold(False)

    async def in_stores(self) -> None:
        """Fetched; wished away when they were ready; and sent by the store."""
        fetched = [await self.web.channel.place(fetched_from("york", number, sku="VASE-5")) for number in range(80, 83)]
        for acked in fetched:
            customer = Customer(self.rig, self.web.channel, acked, Random(acked.order_id))
            code = await customer.code()
            (part,) = (await told(self.web.channel, f"/v1/orders/{acked.order_id}"))["fulfilments"]
            if acked is fetched[-1]:
                await customer.cancels()
            else:
                await customer.fetches(part["fulfilment_id"], code)
        sent = [await self.web.channel.place(order(number=at, wanted={"VASE-5": 2})) for at in range(83, 85)]
        await self._ended([*fetched, *sent])

    async def waiting(self) -> None:
        """A few come in at a time, for orders that wait for more; the money of some had to be held anew by then."""
        wish = {"STOOL-6": 2}
        for number in range(86, 90):
            waits = await self.web.channel.place({**order(number=number, wanted=wish), "when_short": "backorder"})
            self.line.orders.append(waits.order_id)
        await self.line.forms()
        await self._held_anew(self.line.orders[::2])
        for pieces in (3, 5):
            await self.line.served("main", pieces)

    async def goods_back(self) -> None:
        """Some of what was sent, of which some is good."""
        web = Asker("web", [self.web.channel])
        for number in range(90, 94):
            acked = await self.web.channel.place(order(number=number, wanted={"LAMP-7": 3, "BENCH-1": 2}))
            sender = Sender(self.diary, acked, [web], Random(number), lambda sku, reason: (0, None))
            await sender.sends_back(self.web.channel)

    async def goods_bought(self) -> None:
        """Orders of every story; from now on somebody sees to what comes of them."""
        address = f"http://127.0.0.1:{self.rig.settings.port}"
        channels = {
            name: [await self.stack.enter_async_context(self.rig.channel(address, whose=whose))]
            for name, whose in [(name, await self.rig.operator(name, role)) for name, role in STAFF.items()]
        }
        self.market = await self.stack.enter_async_context(open_market(self.rig, address, channels, Random(1)))
        await asyncio.gather(*(self.market.buys(number, Random(number)) for number in range(8)))

    async def _held_anew(self, order_ids: list[str]) -> None:
        await Weeks(self.rig.environment["DATABASE_URL"]).pass_for(*order_ids)

        async def let_go() -> bool:
            """What held it before."""
            voids = [each for each in await rows(self.rig.sandbox, "effects") if each["kind"] == "void"]
            return {*order_ids} <= {each["order_id"] for each in voids}

        await until(let_go, what=f"the money of {order_ids} is held anew", within=60, pause=0.2)

    async def answers_lost(self) -> None:
        """Each effect is applied, and its answer is not given, a few times over."""
        rules = [
            {"system": system, "operation": operation, "kind": kind, "next": 2} for system, operation, kind in AMBIGUOUS
        ]
        await self._faults(rules)
        for number in range(10, 14):
            await self.web.channel.place(order(number=number))
        await self.gathering.rest(within=120)
        await self._faults([])

    async def copies(self) -> None:
        """One request many times over, at once and once more."""
        for number in (20, 21):
            body, key = order(number=number), f"copies-of-number-{number}"
            await asyncio.gather(*(self.web.channel.post(body, key) for _ in range(COPIES)), return_exceptions=True)
            for _ in range(2):
                await self._answered(body, key, 202)
            await self._answered(order(number=number), key, 422)

    async def edge_killed(self) -> None:
        """The edge dies once it has said yes a few times, and comes back; whoever was not told yes asks again."""
        before = self._receipts()
        wishes = [(self.web, order(number=number)) for number in range(30, 30 + CROWD)]
        wishes[::3] = [(self.pos, sold_in_store(number)) for number in range(30, 30 + CROWD, 3)]
        crowd = [asyncio.create_task(partner.channel.place(wish)) for partner, wish in wishes]

        async def said_yes() -> bool:
            return self._receipts() >= before + TOLD

        await until(said_yes, what="orders are acknowledged", within=60, pause=0.001)
        self.edge.end(SIGKILL)
        self.edge, _ = await self.rig.start_edge()
        await asyncio.gather(*crowd)

    async def worker_killed(self) -> None:
        """The one worker dies amid orders, and another takes over."""
        (worker,) = [process for process in self.rig.processes if process.name == "worker" and process.alive]
        await self._hold(True)
        orders = [await self.web.channel.place(order(number=number)) for number in range(60, 64)]
        await self._released(orders[:1])
        worker.end(SIGKILL)
        self.rig.start_worker()
        await self._hold(False)

    def _receipts(self) -> int:
        exchanges = (*self.web.notebook.exchanges, *self.pos.notebook.exchanges)
        return sum(each.operation == "place" and each.status == 202 for each in exchanges)

    async def _faults(self, rules: list[Json]) -> None:
        (await self.rig.sandbox.post("/faults", json={"seed": 1, "rules": rules})).raise_for_status()

    async def _hold(self, held: bool) -> None:
        (await self.rig.sandbox.post("/wms/_hold", json={"hold": held})).raise_for_status()

    async def _ended(self, orders: list[Acked]) -> None:
        await self._all_stand(orders, ("completed", "rejected", "cancelled"))

    async def _released(self, orders: list[Acked]) -> None:
        await self._all_stand(orders, ("processing",))

    async def _all_stand(self, orders: list[Acked], statuses: tuple[str, ...]) -> None:
        async def stand() -> bool:
            looks = [await told(self.web.channel, f"/v1/orders/{each.order_id}") for each in orders]
            return all(look["status"] in statuses for look in looks)

        await until(stand, what=f"orders are {' or '.join(statuses)}", within=120, pause=0.1)

    async def _cancel(self, unwanted: Acked) -> None:
        to, key = f"/v1/orders/{unwanted.order_id}/cancel", f"cancel-{unwanted.order_id}"
        for _ in range(2):
            await self._answered({"reason": "no longer wanted"}, key, 202, to=to)
        await self._ended([unwanted])

    async def _answered(self, body: Json, key: str, status: int, *, to: str = "/v1/orders") -> None:
        async def so() -> bool:
            with suppress(HTTPError):
                return (await self.web.channel.post(body, key, to=to)).status_code == status
            return False

        await until(so, what=f"{to} under {key} is answered {status}", within=60, pause=0.2)

    async def _ships_one(self, half: Acked) -> None:
        """One part leaves, once both have been released; it is paid, and Omnigate knows."""

        async def released() -> bool:
            return len(await self._effects("wms", half)) == 2

        async def paid() -> bool:
            look = await told(self.web.channel, f"/v1/orders/{half.order_id}")
            return "completed" in {part["status"] for part in look["fulfilments"]}

        await until(released, what="both parts are released", within=120, pause=0.1)
        (first, _) = await self._effects("wms", half)
        (await self.rig.sandbox.post("/wms/_ship", json={"shipment_id": first["id"]})).raise_for_status()
        await until(paid, what="the part that has left is paid", within=120, pause=0.1)

    async def _effects(self, system: str, acked: Acked) -> list[Json]:
        page = await self.rig.sandbox.get(f"/ledger/{system}/effects", params={"order_id": acked.order_id})
        found: list[Json] = page.raise_for_status().json()["effects"]
        return found

    async def _void(self, robbed: Acked) -> None:
        """Somebody at the payment provider gives the money back by hand: the order cannot be paid, and is parked."""
        (held,) = await self._effects("psp", robbed)
        by_hand = {"idempotency-key": f"by-hand-{robbed.order_id}"}
        answer = await self.rig.sandbox.post(f"/psp/authorisations/{held['id']}/void", json={}, headers=by_hand)
        answer.raise_for_status()


@asynccontextmanager
async def short_run(url: str, home: Path, *, tree: Path = ROOT) -> AsyncIterator[ShortRun]:
    """An installation of the sources in *tree*, with one edge, one worker and two partners who see their own only."""
    async with open_rig(url, home, ground=GROUND, tree=tree) as rig:
        rig.environment |= with_stores(rig) | with_suppliers(rig)
        await rig.run("partner-web", "partners", "change", "web", "--drop-scope", "operations")
        edge, address = await rig.start_edge()
        rig.start_worker()
        stores = await _stores(rig)
        async with witness(rig, address) as web, witness(stores, address, "pos") as pos:
            line, diary = Line(rig, web.channel, "STOOL-6"), Diary(web.channel, LIMIT)
            async with AsyncExitStack() as stack:
                yield ShortRun(rig, web, pos, edge, line, diary, stack)


async def _stores(rig: Rig) -> Rig:
    """The same rig, as another partner sees it."""
    options = ("--channel", STORES, "--plan", "internal")
    await rig.run("partner-pos", "partners", "add", "pos", *options)
    shown = dict(line.split()[:2] for line in (rig.home / "partner-pos.log").read_text().splitlines() if line.strip())
    known = replace(rig.credentials, client_id=shown["client_id"], client_secret=shown["client_secret"])
    return replace(rig, credentials=known)


def sold_in_store(number: int) -> Json:
    return {**order(number=number), "channel": {"channel_id": STORES}}

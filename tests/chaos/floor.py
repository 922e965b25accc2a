"""What most points stand on: an installation with a fleet, a partner who remembers, and buyers who keep a pace."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from httpx2 import HTTPError

from gateway.partners.registry import Credentials
from gateway.store.embedded import acquire
from tests.chaos.fleet import Fleet, open_fleet
from tests.chaos.gather import Gathering, Witness, witness
from tests.chaos.proxy import FaultProxy, open_proxy
from tests.chaos.room import PATIENT, Room
from tests.proof.client import Acked, Channel, Json, order
from tests.proof.ground import Ground
from tests.proof.processes import until
from tests.proof.rig import Rig, open_rig

BUYERS = 16
WITH_STORES = ("store", "carrier", "notifications")
RENEWED = 120.0  # seconds
DECLINED, CANCELLED = 19, 23  # every so many orders: a card that is declined, a customer who changes their mind


@dataclass(slots=True)
class Floor:
    """One installation under chaos."""

    rig: Rig
    fleet: Fleet
    web: Witness
    channels: Sequence[Channel]
    proxy: FaultProxy | None = None
    started: float = field(default_factory=time.time)
    staff: dict[str, Sequence[Channel]] = field(default_factory=dict)  # operators, each at every edge
    _secrets: dict[str, Credentials] = field(default_factory=dict)

    @property
    def gathering(self) -> Gathering:
        return Gathering(self.rig, [self.web], self.started, {"rest_within": PATIENT})

    @property
    def acked(self) -> list[Acked]:
        return [acked for channel in self.channels for acked in channel.acked]

    async def renew_tokens(self) -> None:
        """They live for a quarter of an hour; some runs take longer."""
        while True:
            await asyncio.sleep(RENEWED)
            await _renewed(self.channels, self.rig.credentials)
            for name, channels in self.staff.items():
                await _renewed(channels, self._secrets[name])

    @asynccontextmanager
    async def operators(self, roles: Mapping[str, str]) -> AsyncIterator[None]:
        """People of ours, by name: from now on they are among the `staff`."""
        async with AsyncExitStack() as stack:
            for name, role in roles.items():
                whose = self._secrets[name] = await self.rig.operator(name, role)
                self.staff[name] = [
                    await stack.enter_async_context(self.rig.channel(address, whose=whose))
                    for address in self.fleet.addresses
                ]
            yield
            self.staff.clear()

    async def faults(self, *rules: dict[str, object], seed: int = 1) -> None:
        (await self.rig.sandbox.post("/faults", json={"seed": seed, "rules": rules})).raise_for_status()

    async def hold(self, *, hold: bool) -> None:
        (await self.rig.sandbox.post("/wms/_hold", json={"hold": hold})).raise_for_status()

    async def until_placed(self, count: int, *, within: float = 600.0) -> None:
        async def placed() -> bool:
            return len(self.acked) >= count

        await until(placed, what=f"{count} orders are acknowledged", within=within)


@asynccontextmanager
async def open_floor(
    room: Room,
    *,
    url: str = "",
    ground: Ground | None = None,
    spoiled: bool = False,
    suppliers: bool = False,
    settings: Mapping[str, str] | None = None,
    edges: int = 2,
    workers: int = 2,
) -> AsyncIterator[Floor]:
    """*url*: a PostgreSQL that the point has brought along. *ground*: what lies where, if not all of it at one node.
    *spoiled*: back ends stand behind a proxy. *suppliers*: orders are carried to them. *settings*: of edges and
    workers, besides the usual. Stores can be asked, and goods that come in are told of, where there are stores."""
    async with AsyncExitStack() as stack:
        url = url or stack.enter_context(acquire(room.home)).url
        rig = await stack.enter_async_context(open_rig(url, room.home, ground=ground))
        proxy = None
        if spoiled:
            proxy = await stack.enter_async_context(open_proxy(rig.sandbox_port, seed=room.seed, chances={}))
            behind = f"http://127.0.0.1:{proxy.port}"
            rig.environment |= {
                f"OMNIGATE_{name}_URL": f"{behind}/{path}"
                for name, path in (("PAYMENTS", "psp"), ("ERP", "erp"), ("WMS", "wms"))
            }
        if ground is not None and ground.stores:
            rig.environment |= with_stores(rig)
        if suppliers:
            rig.environment |= with_suppliers(rig)
        rig.environment |= settings or {}
        fleet = await stack.enter_async_context(open_fleet(rig, edges=edges, workers=workers))
        web = await stack.enter_async_context(witness(rig, fleet.addresses[0]))
        others = [
            await stack.enter_async_context(rig.channel(address, transport=web.notebook.network()))
            for address in fleet.addresses[1:]
        ]
        floor = Floor(rig, fleet, web, [web.channel, *others], proxy)
        renewing = asyncio.create_task(floor.renew_tokens())
        stack.callback(renewing.cancel)
        yield floor


async def _renewed(channels: Sequence[Channel], whose: Credentials) -> None:
    for channel in channels:
        with suppress(HTTPError):
            asked = {"grant_type": "client_credentials"}
            answer = await channel.http.post("/oauth/token", data=asked, auth=(whose.client_id, whose.client_secret))
            channel.token = answer.json()["access_token"] if answer.is_success else channel.token


def with_stores(rig: Rig) -> dict[str, str]:
    """Settings under which stores can be asked, and goods that come in are told of."""
    sandbox = f"http://127.0.0.1:{rig.sandbox_port}"
    urls = {f"OMNIGATE_{name.upper()}_URL": f"{sandbox}/{name}" for name in WITH_STORES}
    return {"OMNIGATE_WMS_STOCK_CHANGES": "true", **urls}


def with_suppliers(rig: Rig) -> dict[str, str]:
    """Settings under which orders are carried to suppliers."""
    return {"OMNIGATE_SUPPLIER_URL": f"http://127.0.0.1:{rig.sandbox_port}/supplier"}


def usual_wish(number: int) -> Json:
    return order(number=number, token="tok_declined" if number % DECLINED == DECLINED - 1 else "tok_visa")


async def second_thoughts(channel: Channel, acked: Acked, number: int) -> None:
    if number % CANCELLED == CANCELLED - 1:
        with suppress(HTTPError):  # no answer, of an edge that has just died; and too late is an answer, too
            await channel.cancel(acked.order_id)


@dataclass(slots=True)
class Buyers:
    """Place the orders from 0 to *count*, a few at a time, and never more than `allowed`. `then`: what they do next."""

    floor: Floor
    count: int
    allowed: int
    _next: int = 0
    wish: Callable[[int], Json] = usual_wish
    then: Callable[[Channel, Acked, int], Awaitable[None]] = second_thoughts

    async def shop(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(BUYERS):
                group.create_task(self._buy())

    async def _buy(self) -> None:
        while (number := self._next) < self.count:
            if number >= self.allowed:
                await asyncio.sleep(0.02)
                continue
            self._next += 1
            await self._order(self.floor.channels[number % len(self.floor.channels)], number)

    async def _order(self, channel: Channel, number: int) -> None:
        acked = await channel.place(self.wish(number), within=PATIENT)
        await self.then(channel, acked, number)

"""The back ends of the REST dialect, connected: each with a client, and so with a pool and bounds, of its own."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2

from adapters.outbound import Bounds, Outbound
from adapters.rest.carrier import RestCarrier
from adapters.rest.changes import RestChanges, RestStockChanges
from adapters.rest.dialect import Conversation
from adapters.rest.erp import RestErp
from adapters.rest.manifest import MANIFESTS, Manifests
from adapters.rest.notifications import RestNotifications
from adapters.rest.payments import RestPayments
from adapters.rest.store import RestStore
from adapters.rest.supplier import RestSupplierLink
from adapters.rest.wms import RestWms
from gateway.ports import BackEnds
from gateway.told import STOCK, Changes
from observability.metrics import BackEndMetrics

OPTIONAL: Mapping[str, Callable[[Conversation], Any]] = {
    "store": RestStore,
    "carrier": RestCarrier,
    "notifications": RestNotifications,
    "supplier": RestSupplierLink,
}


@asynccontextmanager
async def rest_back_ends(
    *,
    payments_url: str,
    erp_url: str,
    wms_url: str,
    store_url: str | None = None,
    carrier_url: str | None = None,
    notifications_url: str | None = None,
    supplier_url: str | None = None,
    polled: bool = False,  # the warehouse does not call back
    stock_changes: bool = False,  # it tells how its stock changes
    manifests: Manifests = MANIFESTS,
    bounds: Bounds | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,  # instead of the network
    clock: Callable[[], float] = time.time,
    metrics: BackEndMetrics | None = None,
) -> AsyncIterator[BackEnds]:
    """The back ends at these addresses, for as long as the context lasts. A *transport* stays open."""
    client = partial(Outbound, bounds=bounds, transport=transport, clock=clock, metrics=metrics)
    further = {"store": store_url, "carrier": carrier_url, "notifications": notifications_url, "supplier": supplier_url}
    async with AsyncExitStack() as stack:
        lines = _Lines(stack, manifests, client)
        warehouse = await lines.to("wms", wms_url)
        yield BackEnds(
            payments=RestPayments(await lines.to("payments", payments_url)),
            erp=RestErp(await lines.to("erp", erp_url)),
            wms=RestWms(warehouse),
            changes=_asked(warehouse, polled=polled, stock_changes=stock_changes),
            **await lines.to_some(further),
        )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Conversations that last as long as their stack does."""

    stack: AsyncExitStack
    manifests: Manifests
    client: Callable[..., Outbound]

    async def to(self, system: str, url: str) -> Conversation:
        outbound = await self.stack.enter_async_context(self.client(system, url=url))
        return Conversation(outbound, manifest=getattr(self.manifests, system))

    async def to_some(self, urls: Mapping[str, str | None]) -> dict[str, Any]:
        """The ports that have an address."""
        return {system: OPTIONAL[system](await self.to(system, url)) for system, url in urls.items() if url}


def _asked(warehouse: Conversation, *, polled: bool, stock_changes: bool) -> dict[str, Changes]:
    left: dict[str, Changes] = {"wms": RestChanges(warehouse)} if polled else {}
    return left | ({STOCK: RestStockChanges(warehouse)} if stock_changes else {})

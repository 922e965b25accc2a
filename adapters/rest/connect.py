"""The three back ends of the REST dialect, connected: each with a client, and so with a pool and bounds, of its own."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2

from adapters.outbound import Bounds, Outbound
from adapters.rest.changes import RestChanges, RestStockChanges
from adapters.rest.dialect import Conversation
from adapters.rest.erp import RestErp
from adapters.rest.manifest import MANIFESTS, Manifests
from adapters.rest.payments import RestPayments
from adapters.rest.wms import RestWms
from gateway.ports import BackEnds, Manifest
from gateway.told import STOCK, Changes
from observability.metrics import BackEndMetrics


@asynccontextmanager
async def rest_back_ends(
    *,
    payments_url: str,
    erp_url: str,
    wms_url: str,
    polled: bool = False,
    stock_changes: bool = False,
    manifests: Manifests = MANIFESTS,
    bounds: Bounds | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    metrics: BackEndMetrics | None = None,
) -> AsyncIterator[BackEnds]:
    """The back ends at these addresses, for as long as the context lasts. *polled*: the warehouse does not call back;
    *stock_changes*: it tells how its stock changes.
    A *transport* replaces the network, as `httpx2.ASGITransport` does for a sandbox in this process; it stays open.
    """
    async with AsyncExitStack() as stack:

        async def conversation(system: str, url: str, manifest: Manifest) -> Conversation:
            outbound = Outbound(system, url=url, bounds=bounds, transport=transport, clock=clock, metrics=metrics)
            return Conversation(await stack.enter_async_context(outbound), manifest=manifest)

        warehouse = await conversation("wms", wms_url, manifests.wms)
        yield BackEnds(
            payments=RestPayments(await conversation("payments", payments_url, manifests.payments)),
            erp=RestErp(await conversation("erp", erp_url, manifests.erp)),
            wms=RestWms(warehouse),
            changes=_asked(warehouse, polled=polled, stock_changes=stock_changes),
        )


def _asked(warehouse: Conversation, *, polled: bool, stock_changes: bool) -> dict[str, Changes]:
    left: dict[str, Changes] = {"wms": RestChanges(warehouse)} if polled else {}
    return left | ({STOCK: RestStockChanges(warehouse)} if stock_changes else {})

"""The three back ends of the REST dialect, connected: each with a client, and so with a pool and bounds, of its own."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2

from adapters.outbound import Bounds, Outbound
from adapters.rest.changes import RestChanges
from adapters.rest.dialect import Conversation
from adapters.rest.erp import RestErp
from adapters.rest.manifest import MANIFESTS, Manifests
from adapters.rest.payments import RestPayments
from adapters.rest.wms import RestWms
from gateway.ports import BackEnds, Manifest
from observability.metrics import BackEndMetrics


@asynccontextmanager
async def rest_back_ends(
    *,
    payments_url: str,
    erp_url: str,
    wms_url: str,
    polled: bool = False,
    manifests: Manifests = MANIFESTS,
    bounds: Bounds | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    metrics: BackEndMetrics | None = None,
) -> AsyncIterator[BackEnds]:
    """The back ends at these addresses, for as long as the context lasts. *polled*: the warehouse does not call back.

    A *transport* replaces the network, as `httpx2.ASGITransport` does to reach a sandbox in the same process; it stays
    the caller's to close.
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
            changes={"wms": RestChanges(warehouse)} if polled else {},
        )

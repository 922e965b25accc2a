"""Stripe, connected: with a client, and so with a pool and bounds, of its own."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2

from adapters.outbound import Bounds, Outbound
from adapters.stripe.conversation import Conversation
from adapters.stripe.manifest import MANIFEST
from adapters.stripe.payments import StripePayments
from gateway.ports import Manifest, Payments
from observability.metrics import BackEndMetrics


@asynccontextmanager
async def stripe_payments(
    *,
    url: str,
    key: str,
    return_url: str | None = None,
    manifest: Manifest = MANIFEST,
    bounds: Bounds | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    metrics: BackEndMetrics | None = None,
) -> AsyncIterator[Payments]:
    """The port at this address under this secret key, for as long as the context lasts.

    With a *return_url* a customer whose bank asks is waited for, and comes back there; without, the card is declined.
    """
    async with Outbound(
        "payments", url=url, bounds=bounds, transport=transport, clock=clock, metrics=metrics
    ) as outbound:
        yield StripePayments(Conversation(outbound, key=key, manifest=manifest), return_url=return_url)

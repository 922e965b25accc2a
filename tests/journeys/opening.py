"""A shop is put together: edge, sandbox, back ends and a worker, with what a journey wants of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from httpx2 import ASGITransport, AsyncClient

from adapters.rest import MANIFESTS, Manifests, rest_back_ends
from adapters.sandbox import SandboxOptions, create_sandbox
from adapters.stripe import stripe_payments
from gateway.governance.bundle import Bundle
from gateway.partners.callback_secrets import new_callback_secret
from gateway.workflows.place_order import Terms, sagas
from tests.gate import PUBLIC, open_gate
from tests.journeys.shop import CATALOGUE, Shop


@asynccontextmanager
async def open_shop(
    database_url: str,
    home: Path,
    promises: Bundle,
    *,
    till: Literal["psp", "stripe"] = "psp",
    manifests: Manifests = MANIFESTS,
    polled: bool = False,
    stores: bool = False,
    suppliers: bool = False,
) -> AsyncIterator[Shop]:
    async with open_gate(database_url, home, bundle=promises) as gate:
        secret = await gate.secrets.get_or_create("callback:wms", new_callback_secret)
        options = SandboxOptions(
            ledger=home / "sandbox.sqlite",
            catalogue=CATALOGUE,
            callback_url=f"{PUBLIC}/v1/callbacks/wms",
            callback_secret=secret.decode(),
            callback_transport=ASGITransport(gate.app),
            psp_callback_url=f"{PUBLIC}/v1/callbacks/psp",
            psp_callback_secret=(await gate.secrets.get_or_create("callback:psp", new_callback_secret)).decode(),
            events_url=f"{PUBLIC}/v1/callbacks/stripe",
            events_secret=(await gate.secrets.get_or_create("callback:stripe", new_callback_secret)).decode(),
            store_callback_url=f"{PUBLIC}/v1/callbacks/store" if stores else None,
            store_callback_secret=(await gate.secrets.get_or_create("callback:store", new_callback_secret)).decode(),
            supplier_transport=ASGITransport(gate.app),
            **dict.fromkeys(("ship_after", "accept_after", "ready_after", "collect_after"), 0.1),
        )
        app = create_sandbox(options)
        transport = ASGITransport(app)
        paths = [("payments", "psp"), ("erp", "erp"), ("wms", "wms")]
        paths += [(name, name) for name in ("store", "carrier", "notifications") if stores]
        paths += [("supplier", "supplier")] if suppliers else []
        urls = {f"{name}_url": f"http://sandbox/{path}" for name, path in paths}
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=transport, base_url="http://sandbox") as sandbox,
            rest_back_ends(
                **urls, polled=polled, stock_changes=polled, transport=transport, manifests=manifests
            ) as back_ends,
            stripe_payments(
                url="http://sandbox/stripe", key="sk_test_shop", return_url=f"{PUBLIC}/back", transport=transport
            ) as stripe,
        ):
            connected = replace(back_ends, payments=stripe) if till == "stripe" else back_ends
            shop = Shop(gate, sandbox, connected, await gate.bearer(), till=till)
            await shop.sync_stock()
            books = connected.purchasing is not None
            shop.terms = Terms(roles=frozenset(connected.present), approvals=promises.approvals, books_purchases=books)
            shop.start_worker(sagas(shop.terms))
            try:
                yield shop
            finally:
                await shop.stop_workers()

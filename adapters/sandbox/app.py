"""The one place where the sandbox is put together."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.sandbox import (
    carrier,
    control,
    credit_memos,
    erp,
    fulfilment_control,
    notifications,
    psp,
    purchases,
    refunds,
    store,
    stripe,
    supplier,
    supplier_bills,
    supplier_control,
    wms,
)
from adapters.sandbox.callbacks import Callbacks, standard, stripes
from adapters.sandbox.catalogue import EXAMPLE_CATALOGUE, Product, stock_shelves
from adapters.sandbox.control import Act, Control
from adapters.sandbox.faults import Faults
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import Operation
from adapters.sandbox.partner_door import PartnerDoor
from adapters.sandbox.picking import Picking
from adapters.sandbox.server import serve
from adapters.sandbox.shipping import Shipping
from adapters.sandbox.supplying import Supplying
from adapters.sandbox.switchboard import Switchboard
from adapters.sandbox.wire import json_response

LONGEST_PACE = 24 * 60 * 60.0
SALES, PURCHASES = (erp, credit_memos), (purchases, supplier_bills)  # of the ERP
SYSTEMS = (psp, refunds, stripe, *SALES, *PURCHASES, wms, store, carrier, notifications, supplier)
OPERATIONS = tuple(operation for system in SYSTEMS for operation in system.OPERATIONS)
ROUTES = (*control.ROUTES, *fulfilment_control.ROUTES, *supplier_control.ROUTES)
PACES = ("ship_after", "accept_after", "ready_after", "collect_after", "supply_after")
# Known to everyone, like every secret printed in a manual: for trying out only.
EXAMPLE_SECRET = "whsec_b21uaWdhdGUtc2FuZGJveC1leGFtcGxlLXNlY3JldA=="  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How a sandbox is to be. Without `callback_url` callbacks are kept and not sent, nor events and those
    of the stores without theirs."""

    ledger: Path
    catalogue: tuple[Product, ...] = EXAMPLE_CATALOGUE
    callback_url: str | None = None
    callback_secret: str = EXAMPLE_SECRET
    events_url: str | None = None
    events_secret: str = EXAMPLE_SECRET
    psp_callback_url: str | None = None
    psp_callback_secret: str = EXAMPLE_SECRET
    store_callback_url: str | None = None
    store_callback_secret: str = EXAMPLE_SECRET
    callback_transport: httpx2.AsyncBaseTransport | None = None
    supplier_transport: httpx2.AsyncBaseTransport | None = None  # to the door of whoever orders
    ship_after: float = 0.3
    accept_after: float = 0.3
    ready_after: float = 0.3
    collect_after: float = 0.3
    supply_after: float = 0.3
    seed: int = 0
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        for url in (self.callback_url, self.events_url, self.psp_callback_url, self.store_callback_url):
            if url is not None and not url.startswith(("http://", "https://")):
                raise ValueError(f"callback_url must begin with http:// or https://, not '{url}'")
        for name in PACES:
            if not 0 <= getattr(self, name) <= LONGEST_PACE:
                raise ValueError(f"{name} must be from 0 to {LONGEST_PACE} seconds")


def create_sandbox(options: SandboxOptions) -> Starlette:
    """The sandbox as an app. Its ledger is open, its people are at work, as long as the app's lifespan lasts."""
    return Starlette(
        routes=[*(_route(operation) for operation in OPERATIONS), *(_control(*route) for route in ROUTES)],
        lifespan=_lifespan(options),
        exception_handlers={HTTPException: _not_found},
    )


def run(options: SandboxOptions, host: str = "127.0.0.1", port: int = 8090) -> None:
    """Serve the sandbox until SIGTERM."""
    serve(create_sandbox(options), host=host, port=port)


def _lifespan(options: SandboxOptions) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ledger = Ledger(options.ledger, clock=options.clock)
        try:
            stock_shelves(ledger, options.catalogue)
            async with _at_work(app, ledger, options):
                yield
        finally:
            ledger.close()

    return lifespan


@asynccontextmanager
async def _at_work(app: Starlette, ledger: Ledger, options: SandboxOptions) -> AsyncIterator[None]:
    faults = Faults(OPERATIONS, seed=options.seed)
    voice = partial(Callbacks, ledger, transport=options.callback_transport)
    async with (
        voice(table="callbacks", url=options.callback_url, sign=standard(options.callback_secret)) as callbacks,
        voice(table="stripe_events", url=options.events_url, sign=stripes(options.events_secret)) as events,
        voice(
            table="store_callbacks", url=options.store_callback_url, sign=standard(options.store_callback_secret)
        ) as stores,
        voice(table="psp_callbacks", url=options.psp_callback_url, sign=standard(options.psp_callback_secret)) as psps,
        PartnerDoor(ledger, transport=options.supplier_transport) as door,
        Supplying(ledger, door, supply_after=options.supply_after) as supplying,
    ):
        shipping = Shipping(ledger, callbacks, ship_after=options.ship_after)
        picking = Picking(ledger, stores, paces=(options.accept_after, options.ready_after, options.collect_after))
        work = [
            asyncio.create_task(each.run()) for each in (shipping, picking, callbacks, events, stores, psps, supplying)
        ]
        app.state.switchboard = Switchboard(ledger, faults, shipping, picking, callbacks, events, psps, supplying)
        app.state.control = Control(ledger, faults, shipping, picking, events, psps, supplying, work)
        yield
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


def _route(operation: Operation) -> Route:
    async def take(request: Request) -> Response:
        switchboard: Switchboard = request.app.state.switchboard
        return await switchboard.take(operation, request)

    path = f"/{operation.system}{operation.path}"
    return Route(path, take, methods=[operation.method], name=f"{operation.system}.{operation.name}")


def _control(method: str, path: str, act: Act) -> Route:
    async def take(request: Request) -> Response:
        control: Control = request.app.state.control
        return await control.answer(act, request)

    return Route(path, take, methods=[method])


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return json_response(error.status_code, {"code": code, "detail": str(error.detail)})

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

from adapters.sandbox import erp, psp, stripe, wms
from adapters.sandbox.callbacks import Callbacks, standard, stripes
from adapters.sandbox.catalogue import EXAMPLE_CATALOGUE, Product, stock_shelves
from adapters.sandbox.control import ROUTES, Act, Control
from adapters.sandbox.faults import Faults
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.operations import Operation
from adapters.sandbox.server import serve
from adapters.sandbox.shipping import Shipping
from adapters.sandbox.switchboard import Switchboard
from adapters.sandbox.wire import json_response

LONGEST_SHIP_AFTER = 24 * 60 * 60.0
OPERATIONS = (*psp.OPERATIONS, *stripe.OPERATIONS, *erp.OPERATIONS, *wms.OPERATIONS)
# Known to everyone, like every secret printed in a manual: for trying out only.
EXAMPLE_SECRET = "whsec_b21uaWdhdGUtc2FuZGJveC1leGFtcGxlLXNlY3JldA=="  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How a sandbox is to be. Without `callback_url` callbacks are kept and not sent, nor events without theirs."""

    ledger: Path
    catalogue: tuple[Product, ...] = EXAMPLE_CATALOGUE
    callback_url: str | None = None
    callback_secret: str = EXAMPLE_SECRET
    events_url: str | None = None
    events_secret: str = EXAMPLE_SECRET
    callback_transport: httpx2.AsyncBaseTransport | None = None
    ship_after: float = 0.3
    seed: int = 0
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        for url in (self.callback_url, self.events_url):
            if url is not None and not url.startswith(("http://", "https://")):
                raise ValueError(f"callback_url must begin with http:// or https://, not '{url}'")
        if not 0 <= self.ship_after <= LONGEST_SHIP_AFTER:
            raise ValueError(f"ship_after must be from 0 to {LONGEST_SHIP_AFTER} seconds")


def create_sandbox(options: SandboxOptions) -> Starlette:
    """The sandbox as an app. Its ledger is open, its warehouse at work, as long as the app's lifespan lasts."""
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
    ):
        shipping = Shipping(ledger, callbacks, ship_after=options.ship_after)
        work = [asyncio.create_task(each.run()) for each in (shipping, callbacks, events)]
        app.state.switchboard = Switchboard(ledger, faults, shipping, callbacks, events)
        app.state.control = Control(ledger, faults, shipping, events, work)
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

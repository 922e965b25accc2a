"""The tester's own door: faults, the warehouse's hold, the ledgers. No system behind a gateway has one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.sandbox import stripe, witness
from adapters.sandbox.answers import Json, Refusal, text
from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.faults import Faults
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.shipping import Shipping
from adapters.sandbox.wire import json_response


@dataclass(frozen=True, slots=True)
class Control:
    """What a tester can do to the sandbox and ask of it."""

    ledger: Ledger
    faults: Faults
    shipping: Shipping
    events: Callbacks
    work: list[asyncio.Task[None]]

    async def answer(self, act: "Act", request: Request) -> Response:
        try:
            return json_response(200, await act(self, request))
        except Refusal as refusal:
            return json_response(refusal.status, refusal.body())


Act = Callable[[Control, Request], Awaitable[Json]]


async def health(control: Control, request: Request) -> Json:
    if any(task.done() for task in control.work):
        raise Refusal(503, "broken", "the warehouse has stopped working; restart the sandbox")
    return {"status": "ok"}


async def show_faults(control: Control, request: Request) -> Json:
    return {**control.faults.shown(), "injected": witness.injected(control.ledger)}


async def set_faults(control: Control, request: Request) -> Json:
    control.faults.replace(await _body(request))
    return await show_faults(control, request)


async def drop_faults(control: Control, request: Request) -> Json:
    control.faults.replace({"rules": []})
    return await show_faults(control, request)


async def hold(control: Control, request: Request) -> Json:
    wanted = (await _body(request)).get("hold")
    if not isinstance(wanted, bool):
        raise Refusal(422, "malformed", "'hold' must be true or false")
    control.shipping.hold(held=wanted)
    return {"hold": wanted}


async def ship(control: Control, request: Request) -> Json:
    shipment = text(await _body(request), "shipment_id")
    return {"id": shipment, "status": "shipped", "callback": control.shipping.ship(shipment)}


async def authenticate(control: Control, request: Request) -> Json:
    """What a customer does whom the bank has asked: say yes, or with `succeed=false` no."""
    asked, ledger = request.query_params, control.ledger
    named, agreed = asked.get("payment_intent", ""), asked.get("succeed", "true") == "true"
    with ledger.transaction():
        status = ledger.value("SELECT status FROM stripe_intents WHERE id = ?", named)
        if status != "requires_action":
            raise Refusal(
                404 if status is None else 409, "nothing_to_do", "no payment of that id waits for its customer"
            )
        if agreed:
            ledger.book(None, stripe.hold(ledger, named, traceparent=None), system=stripe.SYSTEM)
        else:
            stripe.fail(
                ledger, named, "payment_intent_authentication_failure", "authentication_failed", traceparent=None
            )
    control.events.wake()
    return {"payment_intent": named, "succeed": agreed}


async def effects(control: Control, request: Request) -> Json:
    return witness.page(control.ledger, "effects", request.path_params["system"], request.query_params)


async def attempts(control: Control, request: Request) -> Json:
    return witness.page(control.ledger, "attempts", request.path_params["system"], request.query_params)


async def stock(control: Control, request: Request) -> Json:
    return witness.stock(control.ledger)


async def callbacks(control: Control, request: Request) -> Json:
    return witness.callbacks(control.ledger, request.query_params)


async def events(control: Control, request: Request) -> Json:
    return witness.events(control.ledger, request.query_params)


async def summary(control: Control, request: Request) -> Json:
    return witness.summary(control.ledger)


async def _body(request: Request) -> Json:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "malformed", "the body must be a JSON object")
    return body


ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("GET", "/healthz", health),
    ("GET", "/faults", show_faults),
    ("POST", "/faults", set_faults),
    ("DELETE", "/faults", drop_faults),
    ("POST", "/wms/_hold", hold),
    ("POST", "/wms/_ship", ship),
    ("GET", "/stripe/_authenticate", authenticate),
    ("GET", "/ledger/summary", summary),
    ("GET", "/ledger/stripe/events", events),
    ("GET", "/ledger/wms/callbacks", callbacks),
    ("GET", "/ledger/wms/stock", stock),
    ("GET", "/ledger/{system}/effects", effects),
    ("GET", "/ledger/{system}/attempts", attempts),
)

"""The tester's own door: faults, lies, holds, the warehouse's goods, the ledgers. No real system has one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.sandbox import lies, periods, psp, refunds, shelves, stripe, witness
from adapters.sandbox.answers import Json, Refusal, integer, text
from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.faults import Faults
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.picking import Picking
from adapters.sandbox.shelves import Cause
from adapters.sandbox.shipping import Shipping
from adapters.sandbox.supplying import Supplying
from adapters.sandbox.wire import json_response
from adapters.sandbox.wms import named_node


@dataclass(frozen=True, slots=True)
class Control:
    """What a tester can do to the sandbox and ask of it."""

    ledger: Ledger
    faults: Faults
    shipping: Shipping
    picking: Picking
    events: Callbacks
    payments: Callbacks
    supplying: Supplying
    work: list[asyncio.Task[None]]

    async def answer(self, act: "Act", request: Request) -> Response:
        try:
            return json_response(200, await act(self, request))
        except Refusal as refusal:
            return json_response(refusal.status, refusal.body())


Act = Callable[[Control, Request], Awaitable[Json]]


async def health(control: Control, request: Request) -> Json:
    if any(task.done() for task in control.work):
        raise Refusal(503, "broken", "the warehouse, a store or a supplier has stopped working; restart the sandbox")
    return {"status": "ok"}


async def show_faults(control: Control, request: Request) -> Json:
    return {**control.faults.shown(), "injected": witness.injected(control.ledger)}


async def set_faults(control: Control, request: Request) -> Json:
    control.faults.replace(await read_body(request))
    return await show_faults(control, request)


async def drop_faults(control: Control, request: Request) -> Json:
    control.faults.replace({"rules": []})
    return await show_faults(control, request)


async def hold_money(control: Control, request: Request) -> Json:
    seconds = integer(await read_body(request), "seconds")
    psp.hold_for(control.ledger, seconds)
    return {"seconds": seconds}


async def fail_refund(control: Control, request: Request) -> Json:
    """What was given back comes back after all, days later for all that anybody knew."""
    body = await read_body(request)
    named, code = text(body, "refund_id"), text(body, "code") if "code" in body else "account_closed"
    with control.ledger.transaction():
        refunds.fail(control.ledger, named, code)
    control.payments.wake()
    return {"refund_id": named, "code": code}


async def tell_again(control: Control, request: Request) -> Json:
    """The provider repeats all it has told of a refund, under other ids: a merchant's books must not change by it."""
    named = text(await read_body(request), "refund_id")
    with control.ledger.transaction():
        told = refunds.tell_again(control.ledger, named)
    control.payments.wake()
    return {"refund_id": named, "told": told}


async def close_period(control: Control, request: Request) -> Json:
    closed = (await read_body(request)).get("closed")
    if not isinstance(closed, bool):
        raise Refusal(422, "malformed", "'closed' must be true or false")
    periods.close_period(control.ledger, closed=closed)
    return {"closed": closed}


async def hold(control: Control, request: Request) -> Json:
    wanted = (await read_body(request)).get("hold")
    if not isinstance(wanted, bool):
        raise Refusal(422, "malformed", "'hold' must be true or false")
    control.shipping.hold(held=wanted)
    return {"hold": wanted}


async def ship(control: Control, request: Request) -> Json:
    shipment = text(await read_body(request), "shipment_id")
    return {"id": shipment, "status": "shipped", "callback": control.shipping.ship(shipment)}


async def receive(control: Control, request: Request) -> Json:
    """Goods come in; the first of an article make a shelf at the node."""
    body = await read_body(request)
    return _changed(control, body, "receipt", lambda there: integer(body, "quantity", least=1))


async def lose(control: Control, request: Request) -> Json:
    """Goods are gone, and nobody knows where to."""
    body = await read_body(request)
    return _changed(control, body, "shrink", lambda there: -integer(body, "quantity", least=1))


async def count(control: Control, request: Request) -> Json:
    """Somebody counts a shelf: what lies there is so many from now on."""
    body = await read_body(request)
    return _changed(control, body, "cycle_count", lambda there: integer(body, "counted") - there)


def _changed(control: Control, body: Json, reason: str, delta: Callable[[int], int]) -> Json:
    ledger, node, sku = control.ledger, named_node(body), text(body, "sku").upper()
    reference = text(body, "reference") if body.get("reference") is not None else None
    with ledger.transaction():
        shelves.refuse_unknown_articles(ledger, [sku])
        if reason == "receipt":
            shelves.stock_shelf(ledger, node, sku, 0)
        there = shelves.on_hand(ledger, node, sku)
        shelves.change(ledger, node, sku, delta(there or 0), Cause(reason, reference, ledger.now()))
        return {"node": node, "sku": sku, "on_hand": shelves.on_hand(ledger, node, sku)}


async def show_lies(control: Control, request: Request) -> Json:
    return lies.shown(control.ledger)


async def set_lies(control: Control, request: Request) -> Json:
    lies.replace(control.ledger, await read_body(request))
    return lies.shown(control.ledger)


async def drop_lies(control: Control, request: Request) -> Json:
    lies.replace(control.ledger, {"lies": []})
    return lies.shown(control.ledger)


async def moves(control: Control, request: Request) -> Json:
    return witness.moves(control.ledger, request.query_params)


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


async def payment_callbacks(control: Control, request: Request) -> Json:
    return witness.payment_callbacks(control.ledger, request.query_params)


async def summary(control: Control, request: Request) -> Json:
    return witness.summary(control.ledger)


async def read_body(request: Request) -> Json:
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
    ("POST", "/psp/_hold_for", hold_money),
    ("POST", "/psp/_fail_refund", fail_refund),
    ("POST", "/psp/_tell_again", tell_again),
    ("POST", "/erp/_period", close_period),
    ("POST", "/wms/_hold", hold),
    ("POST", "/wms/_ship", ship),
    ("POST", "/wms/_receive", receive),
    ("POST", "/wms/_lose", lose),
    ("POST", "/wms/_count", count),
    ("GET", "/wms/_lies", show_lies),
    ("POST", "/wms/_lies", set_lies),
    ("DELETE", "/wms/_lies", drop_lies),
    ("GET", "/stripe/_authenticate", authenticate),
    ("GET", "/ledger/summary", summary),
    ("GET", "/ledger/stripe/events", events),
    ("GET", "/ledger/psp/callbacks", payment_callbacks),
    ("GET", "/ledger/wms/callbacks", callbacks),
    ("GET", "/ledger/wms/stock", stock),
    ("GET", "/ledger/wms/moves", moves),
    ("GET", "/ledger/{system}/effects", effects),
    ("GET", "/ledger/{system}/attempts", attempts),
)

"""Callbacks v1: a signed fact becomes a signal of the run it speaks of, once, in one commit."""

from collections.abc import Mapping
from typing import Annotated, Literal

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from pydantic import Field

from gateway.context import Call, call_of
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON
from gateway.resources.callbacks.schemas import (
    Callback,
    CallbackReceipt,
    CarrierCallback,
    PaymentCallback,
    StoreCallback,
    StripeEvent,
)
from gateway.resources.described import described, json_body, parameter
from gateway.store import late_failures
from gateway.store.callbacks import record
from gateway.store.pool import Database
from gateway.store.scans import record_scan
from gateway.store.signals import Signal
from gateway.told import Callbacks

log = structlog.get_logger("omnigate.callbacks")

# Who may tell what, and what it is called among signals.
_KINDS = {
    ("wms", "shipment.shipped"): "shipped",
    **{("store", f"task.{status}"): "task" for status in ("accepted", "rejected", "ready")},
    ("store", "task.handed_over"): "collected",
    ("psp", "refund.succeeded"): "refund_done",
    ("psp", "refund.failed"): late_failures.TOLD,
}

_SIGNED = (
    parameter("header", "webhook-id", Annotated[str, Field(pattern=r"^[A-Za-z0-9_:\-]{1,128}$")], required=True),
    parameter("header", "webhook-timestamp", Annotated[str, Field(pattern="^[0-9]{1,12}$")], required=True),
    parameter("header", "webhook-signature", Annotated[str, Field(min_length=1, max_length=2048)], required=True),
)
_RECEIVE = described(
    "receive_callback",
    answer=(202, CallbackReceipt),
    problems=(404, 409),
    parameters=(
        parameter("path", "system", Annotated[str, Field(pattern=r"^[a-z][a-z0-9_\-]{0,31}$")], required=True),
        *_SIGNED,
    ),
    body=json_body(Callback, required=True),
)
_RECEIVE_STORE = described(
    "receive_store_callback",
    answer=(202, CallbackReceipt),
    problems=(404, 409),
    parameters=_SIGNED,
    body=json_body(StoreCallback, required=True),
)
_RECEIVE_PAYMENT = described(
    "receive_payment_callback",
    answer=(202, CallbackReceipt),
    problems=(404, 409),
    parameters=_SIGNED,
    body=json_body(PaymentCallback, required=True),
)
_RECEIVE_CARRIER = described(
    "receive_carrier_callback",
    answer=(202, CallbackReceipt),
    problems=(404, 409),
    parameters=_SIGNED,
    body=json_body(CarrierCallback, required=True),
)
_RECEIVE_STRIPE = described(
    "receive_stripe_event",
    answer=(202, CallbackReceipt),
    problems=(409,),
    parameters=(
        parameter("header", "stripe-signature", Annotated[str, Field(min_length=1, max_length=2048)], required=True),
    ),
    body=json_body(StripeEvent, required=True),
)


def callbacks(database: Database, *, mint: Mint, foreign: Mapping[str, Callbacks]) -> APIRouter:
    router = APIRouter(prefix="/v1/callbacks", tags=["callbacks"])

    @router.post("/stripe", **_RECEIVE_STRIPE)
    async def receive_stripe_event(request: Request) -> Response:
        """What is of no matter to us, or about nothing of ours, is taken note of, so that it is not sent again."""
        call = call_of(request.scope)
        status = await _record_foreign(database, call, "stripe", foreign["stripe"], mint)
        return _receipt(call.body["id"], status)

    @router.post("/store", **_RECEIVE_STORE)
    async def receive_store_callback(request: Request) -> Response:
        return await _received(database, request, "store", mint)

    @router.post("/psp", **_RECEIVE_PAYMENT)
    async def receive_payment_callback(request: Request) -> Response:
        return await _received(database, request, "psp", mint)

    @router.post("/carrier", **_RECEIVE_CARRIER)
    async def receive_carrier_callback(request: Request) -> Response:
        return await _scanned(database, request, mint)

    @router.post("/{system}", **_RECEIVE)
    async def receive_callback(request: Request) -> Response:
        return await _received(database, request, call_of(request.scope).path_parameters["system"], mint)

    return router


async def _received(database: Database, request: Request, system: str, mint: Mint) -> Response:
    call, name = call_of(request.scope), request.headers["webhook-id"]
    told = await record(database, call, _signal(call, system, name), mint)
    if not told.known_run:  # it may have overtaken our own commit: the sender repeats it
        raise NotFound("nothing of ours has that reference (yet)")
    return _receipt(name, "recorded" if told.new else "known")


async def _scanned(database: Database, request: Request, mint: Mint) -> Response:
    """The first scan of a return counts, whatever parcel of it that was."""
    name = request.headers["webhook-id"]
    status = await record_scan(database, call_of(request.scope), name, mint)
    if status is None:
        raise NotFound("there is no such return (yet)")
    return _receipt(name, status)


async def _record_foreign(
    database: Database, call: Call, system: str, manner: Callbacks, mint: Mint
) -> Literal["recorded", "known", "ignored"]:
    told = manner.told(call.body)
    if told is None:
        log.info("callback ignored", system=system, type=call.body["type"])
        return "ignored"
    source = f"callback:{system}"
    fact = Signal(f"{system}:{told.id}", told.run_id, told.kind, source, told.data, role=manner.role)
    recorded = await record(database, call, fact, mint)
    if not recorded.known_run:
        log.warning("callback about nothing of ours", system=system, type=call.body["type"], event_id=told.id)
        return "ignored"
    return "recorded" if recorded.new else "known"


def _receipt(name: str, status: Literal["recorded", "known", "ignored"]) -> Response:
    receipt: CallbackReceipt = {"webhook_id": name, "status": status}
    return Response(orjson.dumps(receipt), 202, media_type=JSON)


def _signal(call: Call, system: str, name: str) -> Signal:
    """*name* is the sender's for this fact, the same in every attempt to deliver it."""
    body = call.body
    kind = _KINDS.get((system, body["type"]))
    if kind is None:
        raise NotFound(f"{system} is not one that tells of {body['type']}")
    run_id = body["data"]["reference"].partition(":")[0]  # our operation key names the run that asked
    if system == "psp" and not run_id.startswith("rfd_"):
        raise NotFound("nothing of ours has that reference")
    since = {"collected_at": body["data"]["at"]} if kind == "collected" else {}
    return Signal(f"{system}:{name}", run_id, kind, f"callback:{system}", {**body["data"], **since})

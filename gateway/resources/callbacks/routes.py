"""Callbacks v1: a signed fact becomes a signal of the run it speaks of, once, in one commit."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from gateway.context import Call, call_of
from gateway.domain.identifiers import Mint
from gateway.refusals import NotFound
from gateway.resources.answers import JSON
from gateway.resources.callbacks.schemas import Callback, CallbackReceipt
from gateway.resources.described import described, json_body, parameter
from gateway.store.callbacks import record
from gateway.store.pool import Database
from gateway.store.signals import Signal

# Who may tell what, and what it is called among signals.
_KINDS = {("wms", "shipment.shipped"): "shipped"}

_RECEIVE = described(
    "receive_callback",
    answer=(202, CallbackReceipt),
    problems=(404, 409),
    parameters=(
        parameter("path", "system", Annotated[str, Field(pattern=r"^[a-z][a-z0-9_\-]{0,31}$")], required=True),
        parameter("header", "webhook-id", Annotated[str, Field(pattern=r"^[A-Za-z0-9_:\-]{1,128}$")], required=True),
        parameter("header", "webhook-timestamp", Annotated[str, Field(pattern="^[0-9]{1,12}$")], required=True),
        parameter("header", "webhook-signature", Annotated[str, Field(min_length=1, max_length=2048)], required=True),
    ),
    body=json_body(Callback, required=True),
)


def callbacks(database: Database, *, mint: Mint) -> APIRouter:
    router = APIRouter(prefix="/v1/callbacks", tags=["callbacks"])

    @router.post("/{system}", **_RECEIVE)
    async def receive_callback(request: Request) -> Response:
        call = call_of(request.scope)
        name = request.headers["webhook-id"]
        told = await record(database, call, _signal(call, name), audit_id=mint("aud"))
        if not told.known_run:  # it may have overtaken our own commit: the sender repeats it
            raise NotFound("no order of that id is known here (yet)")
        receipt: CallbackReceipt = {"webhook_id": name, "status": "recorded" if told.new else "known"}
        return Response(orjson.dumps(receipt), 202, media_type=JSON)

    return router


def _signal(call: Call, name: str) -> Signal:
    """*name* is the sender's for this fact, the same in every attempt to deliver it."""
    system, body = call.path_parameters["system"], call.body
    kind = _KINDS.get((system, body["type"]))
    if kind is None:
        raise NotFound(f"{system} is not one that tells of {body['type']}")
    return Signal(f"{system}:{name}", body["data"]["order_id"], kind, f"callback:{system}", body["data"])

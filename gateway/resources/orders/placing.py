"""From a body that the contract lets through to a command that the trade lets through, and to its receipt."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.access import Decision, Deny, Matter
from gateway.domain.documents import apart
from gateway.domain.identifiers import Mint
from gateway.domain.intake import TOTALS, Breach, breaches, breaches_of_shape, is_history
from gateway.domain.operation import Operation
from gateway.domain.orders import Order, order_from
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339
from gateway.refusals import Fault, Invalid, NaturalKeyConflict, TotalsMismatch, denied
from gateway.resources.answers import JSON, key_taken
from gateway.resources.orders.schemas import Receipt
from gateway.store.accept import Acceptance
from gateway.store.placing import Taken
from gateway.workflows.place_order import NAME, VERSION

Decide = Callable[[Principal, Operation, Matter], Iterable[Decision]]

_MOST_FAULTS = 100


def permit(call: Call, decide: Decide) -> None:
    """Raises `Forbidden` unless the caller may place such an order; asked before its first answer and every replay."""
    assert call.operation is not None, "the operation stage has run"
    asked_at = call.given_before.at if call.given_before else call.now  # history is what was old when first asked
    channel_id = call.body["channel"]["channel_id"]
    matter = Matter(channel_id, history=is_history(datetime.fromisoformat(call.body["placed_at"]), now=asked_at))
    for decision in decide(call.caller, call.operation, matter):
        call.decisions.append(decision)
        if isinstance(decision, Deny):
            raise denied(decision, channel_id=channel_id)


def admitted(call: Call, order_id: str) -> Order:
    """The order in the call's body. Raises what refuses it, with every fault at once."""
    _refuse(breaches_of_shape(call.body))
    order = order_from(call.body, order_id)
    _refuse(breaches(order, now=call.now))
    return order


def _refuse(found: Sequence[Breach]) -> None:
    if not found:
        return
    faults = tuple(Fault(*breach) for breach in found[:_MOST_FAULTS])
    if all(breach.code == TOTALS for breach in found):
        raise TotalsMismatch("the totals do not follow from lines and charges", faults=faults)
    raise Invalid("the order cannot be what it says", faults=faults)


def accepted(call: Call, order: Order, *, public: str, mint: Mint) -> Acceptance:
    assert call.canonical is not None, "the idempotency stage has run"
    kept, personal = apart(call.body)
    row: dict[str, Any] = {
        "channel_id": order.channel_id,
        "channel_order_id": order.channel_order_id,
        "content_hash": hashlib.sha256(call.canonical).digest(),
        "currency": order.currency,
        "grand_total": str(order.totals.grand_total.amount),  # as text: one statement, whatever the integer's size
        "placed_at": order.placed_at,
        "document": orjson.dumps(kept).decode(),
    }
    return Acceptance(
        resource_id=order.order_id,
        answer=_receipt(call, order, public),
        saga=NAME,
        version=VERSION,
        event_type="com.omnigate.order.received.v1",
        event={"status": "received"},
        event_id=mint("evt"),
        audit_id=mint("aud"),
        personal_id=mint("per"),
        personal=personal,
        row=row,
    )


def _receipt(call: Call, order: Order, public: str) -> Answer:
    receipt: Receipt = {
        "order_id": order.order_id,
        "channel": {"channel_id": order.channel_id},
        "channel_order_id": order.channel_order_id,
        "status": "received",
        "received_at": rfc3339(call.now),
    }
    headers = {"content-type": JSON, "location": f"{public}/v1/orders/{order.order_id}", "etag": '"1"'}
    return Answer(202, headers, orjson.dumps(receipt))


def conflicting(call: Call, taken: Taken) -> NaturalKeyConflict:
    """The refusal that says where the order placed before differs, as far as that is the caller's to know."""
    detail = "an order of this channel has this channel_order_id and says something else"
    return key_taken(call, taken.document, detail, first="was placed before")

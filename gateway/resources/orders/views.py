"""Orders as the partner reads them: rows become the documents of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from gateway.domain.orders import allowed_actions
from gateway.domain.time import rfc3339
from gateway.resources.orders.hold_views import open_holds
from gateway.resources.orders.offer_views import open_offers
from gateway.resources.orders.order_schemas import FulfilmentView, PaymentView, Reference
from gateway.resources.orders.schemas import OrderPage, OrderSummary
from gateway.store.order_lists import SummaryRow
from gateway.store.order_views import EventRow, OrderRow

# What a partner may know of a workflow's effects: the kind, and whose books it stands in.
_BOOKS = {
    "authorisation": "payments",
    "capture": "payments",
    "sales_order": "erp",
    "invoice": "erp",
    "shipment": "wms",
}


def order_view(row: OrderRow) -> bytes:
    document = {
        **row.document,
        "lines": [_line(line, row) for line in row.document["lines"]],
        "delivery_groups": [_group(group, row) for group in row.document["delivery_groups"]],
        "order_id": row.order_id,
        "version": row.version,
        "status": row.status.value,
        "payment": _payment(row),
        "fulfilments": [_fulfilment(part, row.document["currency"]) for part in row.parts],
        "references": _references(row),
        "allowed_actions": allowed_actions(row.status, cancel_asked=row.cancel is not None),
        "received_at": rfc3339(row.received_at),
        "updated_at": rfc3339(row.updated_at),
    }
    derived = {"payment_status": row.payment_status, "fulfilment_status": row.fulfilment_status}

    document |= {name: status for name, status in derived.items() if status is not None}
    document["return_status"] = row.return_status
    if row.reason is not None:
        document["reason"] = row.reason
    if row.cancel is not None:
        document["cancel"] = row.cancel
    if row.holds:
        document["holds"] = open_holds(row.holds)
    if row.offers:
        document["offers"] = open_offers(row.offers)
    return orjson.dumps(document)


def _group(group: Mapping[str, Any], row: OrderRow) -> Mapping[str, Any]:
    """With what is promised of it, and by whom: in the channel's own words, as long as nothing else was agreed to."""
    made = row.promises.get(group["id"])
    if made is not None:
        by = rfc3339(datetime.fromisoformat(made["by"]))
        return {**group, "promise": {"by": by, "source": made["source"]}}
    if "promised_by" in group:
        return {**group, "promise": {"by": group["promised_by"], "source": "channel"}}
    return group


def _line(line: Mapping[str, Any], row: OrderRow) -> Mapping[str, Any]:
    """With where its pieces stand, as far as there are any that stand so, and why some were cancelled."""
    pieces = asdict(row.pieces[line["line_id"]]) if line["line_id"] in row.pieces else {}
    standing = {name: count for name, count in pieces.items() if count}
    told = {"pieces": standing, "reason": row.reasons.get(line["line_id"])}
    return {**line, **{name: value for name, value in told.items() if value}}


def _fulfilment(part: Mapping[str, Any], currency: str) -> FulfilmentView:
    view: FulfilmentView = {
        "fulfilment_id": part["fulfilment_id"],
        "group_id": part["group_id"],
        "status": part["status"],
        "method": part["method"],
        "amount": {"amount": part["amount"], "currency": currency},
        "lines": part["lines"],
    }
    if part["reason"] is not None:
        view["reason"] = part["reason"]
    return view


def _payment(row: OrderRow) -> PaymentView:
    """Without the token; with what the customer has to do, for as long as it would still do."""
    payment: PaymentView = {"method": row.document["payment"]["method"], "amount": row.document["payment"]["amount"]}
    if row.action is not None:
        url, expires_at = row.action
        payment["next_action"] = {"type": "redirect", "url": url, "expires_at": expires_at}
    return payment


def _references(row: OrderRow) -> list[Reference]:
    """Effects are kept as step.kind -> id; several steps may have touched the same thing."""
    found = {(name.rpartition(".")[2], value) for name, value in row.references.items()}
    return [{"system": _BOOKS[kind], "type": kind, "value": value} for kind, value in sorted(found) if kind in _BOOKS]


def order_page(rows: Sequence[SummaryRow], next_page_token: str) -> bytes:
    page: OrderPage = {"orders": [_summary(row) for row in rows], "next_page_token": next_page_token}
    return orjson.dumps(page)


def _summary(row: SummaryRow) -> OrderSummary:
    return {
        "order_id": row.order_id,
        "channel": {"channel_id": row.channel_id},
        "channel_order_id": row.channel_order_id,
        "status": row.status.value,
        "version": row.version,
        "currency": row.currency,
        "grand_total": {"amount": row.grand_total, "currency": row.currency},
        "placed_at": row.placed_at,
        "received_at": rfc3339(row.received_at),
    }


def event_page(rows: Sequence[EventRow], next_page_token: str) -> bytes:
    events = [
        {
            "event_id": row.event_id,
            "sequence": row.sequence,
            "type": row.type,
            "occurred_at": rfc3339(row.occurred_at),
            "data": row.data,
        }
        for row in rows
    ]
    return orjson.dumps({"events": events, "next_page_token": next_page_token})

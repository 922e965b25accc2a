"""Offers as they are told: what the customer has to know to answer, and what the answer was."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.domain.time import rfc3339
from gateway.resources.orders.offer_schemas import OfferView, OpenOffer
from gateway.store.offer_decisions import Decided


def offer_view(decided: Decided) -> OfferView:
    return {
        "offer_id": decided.offer_id,
        "order_id": decided.order_id,
        "kind": decided.kind,
        "state": decided.state,
        "decided_at": rfc3339(decided.decided_at),
    }


def open_offers(found: Iterable[Mapping[str, Any]]) -> list[OpenOffer]:
    """As the order's own row came with them: moments are text. Who would send it is the retailer's own matter."""
    return [_open(each) for each in found]


def _open(each: Mapping[str, Any]) -> OpenOffer:
    view: OpenOffer = {
        "offer_id": each["offer_id"],
        "group_id": each["group_id"],
        "kind": each["kind"],
        "lines": [{"line_id": line_id, "quantity": pieces} for line_id, pieces in sorted(each["lines"].items())],
        "expires_at": rfc3339(datetime.fromisoformat(each["expires_at"])),
    }
    if each["promise_by"] is not None:
        view["promised_by"] = rfc3339(datetime.fromisoformat(each["promise_by"]))
    if each["kind"] == "other_store":
        view["node_id"] = each["node_id"]
        view["node_name"] = each["node_name"]
    return view

"""A fact as a CloudEvent. Only what is named here is told: ids, states and amounts, and no sentence of anybody's."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.time import rfc3339
from gateway.resources.events.schemas import KNOWN
from gateway.store.event_feed import EventRow

_TOLD = ("status", "state", "version", "hold", "offer", "group_id", "refund", "revision", "asn_id", "receipt_id")


def event_view(row: EventRow, *, source: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": row.event_id,
        "source": source,
        "type": row.type,
        "subject": row.subject,
        "sequence": f"{row.sequence:010d}",  # the extension is a text whose order is that of the numbers
        "time": rfc3339(row.occurred_at),
        "datacontenttype": "application/json",
        "data": _data(row.data) if row.type in KNOWN else {},
    }


def _data(facts: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: facts[name] for name in _TOLD if name in facts}
    reason = facts.get("reason")
    return told | ({"reason": reason["code"]} if isinstance(reason, dict) else {})

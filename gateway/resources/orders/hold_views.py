"""Holds as they are told: all of it to who may see it, no more than the order's partner has to know to the partner."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.domain.time import rfc3339
from gateway.resources.orders.hold_schemas import HoldView, OpenHold
from gateway.store.holds import HoldRow


def hold_view(row: HoldRow) -> HoldView:
    view: HoldView = {
        "hold_id": row.hold_id,
        "order_id": row.order_id,
        "type": row.type,
        "state": row.state,
        "reason": row.reason,
        "placed_by": row.placed_by,
        "placed_at": rfc3339(row.placed_at),
    }
    if row.expires_at is not None:
        view["expires_at"] = rfc3339(row.expires_at)
    if row.released_by is not None and row.released_at is not None and row.release_reason is not None:
        view["released_by"] = row.released_by
        view["released_at"] = rfc3339(row.released_at)
        view["release_reason"] = row.release_reason
    return view


def open_holds(found: Iterable[Mapping[str, Any]]) -> list[OpenHold]:
    """As the order's own row came with them: moments are text."""
    return [_open(each) for each in found]


def _open(each: Mapping[str, Any]) -> OpenHold:
    view: OpenHold = {"hold_id": each["hold_id"], "type": each["type"], "placed_at": _moment(each["placed_at"])}
    if each["expires_at"] is not None:
        view["expires_at"] = _moment(each["expires_at"])
    return view


def _moment(text: str) -> str:
    return rfc3339(datetime.fromisoformat(text))

"""A reservation as it is told."""

from collections.abc import Sequence
from typing import Any

import orjson

from gateway.domain.reservations import Allocation, Reservation, Wish
from gateway.domain.time import rfc3339


def body_of(reservation: Reservation) -> bytes:
    return orjson.dumps(_view(reservation))


def receipt_of(reservation: Reservation, wish: Wish, allocation: Allocation) -> bytes:
    """As it was made: with what could not be had, if it is a part only."""
    view = _view(reservation)
    if allocation.lacks:
        view["short"] = [
            {
                "line_id": wish.lines[lack.index].line_id,
                "sku": wish.lines[lack.index].sku,
                "wanted": lack.wanted,
                "available": lack.available,
            }
            for lack in allocation.lacks
        ]
    return orjson.dumps(view)


def page_of(reservations: Sequence[Reservation], following: str) -> bytes:
    return orjson.dumps({"reservations": [_view(each) for each in reservations], "next_page_token": following})


def _view(reservation: Reservation) -> dict[str, Any]:
    holder = reservation.holder
    ends = {"expires_at": rfc3339(reservation.expires_at)} if reservation.expires_at is not None else {}
    lines = [
        {
            "line_id": held.line_id,
            "sku": held.sku,
            "node_id": held.node_id,
            "condition": held.condition,
            "quantity": held.quantity,
            "consumed": held.consumed,
            "released": held.released,
            "open": held.open,
        }
        for held in reservation.lines
    ]
    return {
        "reservation_id": reservation.reservation_id,
        "kind": reservation.kind,
        "holder": {"type": holder.type, "id": holder.id, "attempt": holder.attempt},
        "state": reservation.state,
        "version": reservation.version,
        **ends,
        "lines": lines,
        "created_at": rfc3339(reservation.created_at),
        "updated_at": rfc3339(reservation.updated_at),
    }

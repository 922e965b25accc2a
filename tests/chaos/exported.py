"""What Omnigate says of an order over its API, in the checker's words; and whether it hangs on an operator."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.checker.evidence import Event, Order, Part

Json = dict[str, Any]

PARTS_ENDED = ("completed", "cancelled", "rejected")


def cause_of(document: Json, parked: Mapping[str, str]) -> str | None:
    """Why it waits for an operator: its own run, or one of a part of it. None: it does not."""
    runs = (document["order_id"], *(part["fulfilment_id"] for part in document["fulfilments"]))
    return next((parked[run] for run in runs if run in parked), None)


def is_stuck(document: Json, parked: Mapping[str, str]) -> bool:
    """Does it hang on an operator, and nothing of it go on? A booked part may wait for one that is stuck."""
    going = [
        part["fulfilment_id"] for part in document["fulfilments"] if part["status"] not in (*PARTS_ENDED, "booked")
    ]
    return cause_of(document, parked) is not None and set(going) <= parked.keys()


def order_of(document: Json, events: Sequence[Json], *, partner: str, parked: str | None) -> Order:
    return Order(
        order_id=document["order_id"],
        partner=partner,
        channel=document["channel"]["channel_id"],
        channel_order_id=document["channel_order_id"],
        status=document["status"],
        version=document["version"],
        events=tuple(
            Event(sequence=each["sequence"], type=each["type"], status=each["data"].get("status")) for each in events
        ),
        parked=parked,
        parts=tuple(
            Part(
                part_id=part["fulfilment_id"],
                status=part["status"],
                amount=part["amount"]["amount"],
                lines=tuple((line["line_id"], line["quantity"]) for line in part["lines"]),
                method=part["method"],
            )
            for part in document["fulfilments"]
        ),
        pieces=tuple(
            (line["line_id"], where, count)
            for line in document["lines"]
            for where, count in sorted(line.get("pieces", {}).items())
        ),
        payment=document.get("payment_status"),
    )

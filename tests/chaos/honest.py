"""A little evidence made by hand in which nothing is wrong: an order of each end, each seen by its client."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.chaos.checker.evidence import (
    Attempt,
    Circumstances,
    Effect,
    Event,
    Evidence,
    Exchange,
    Order,
    Shelf,
    Wanted,
)

Change = Callable[[Evidence], Evidence]

LINES = (("1", "LAMP-7", 2), ("2", "MUG-RED", 1))
AMOUNT = 2595
ASKED = {
    ("psp", "authorisation"): "authorise",
    ("psp", "void"): "void",
    ("psp", "capture"): "capture",
    ("erp", "sales_order"): "create_sales_order",
    ("erp", "cancel"): "cancel_sales_order",
    ("erp", "invoice"): "create_invoice",
    ("wms", "shipment"): "create_shipment",
    ("wms", "cancel"): "cancel_shipment",
}
WITH_LINES = ("sales_order", "shipment", "shipped")
FORWARD = (("psp", "authorisation"), ("erp", "sales_order"), ("wms", "shipment"))
BACKWARD = (("wms", "cancel"), ("erp", "cancel"), ("psp", "void"))
STORIES: dict[str, tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "ord_done": (
        "completed",
        ("received", "accepted", "processing", "completed"),
        (*FORWARD, ("wms", "shipped"), ("psp", "capture"), ("erp", "invoice")),
    ),
    "ord_stopped": (
        "cancelled",
        ("received", "accepted", "processing", "cancel_requested", "cancelled"),
        (*FORWARD, *BACKWARD),
    ),
    "ord_declined": ("rejected", ("received", "rejected"), ()),
    "ord_parked": ("processing", ("received", "accepted", "processing"), FORWARD),
}


def honest() -> Evidence:
    effects = tuple(_effects())
    return Evidence(
        circumstances=Circumstances(started=0.0, last_fault=100.0, rested=110.0, ended=130.0),
        wanted=tuple(_wanted(order_id) for order_id in STORIES),
        exchanges=tuple(each for at, order_id in enumerate(STORIES) for each in _exchanges(order_id, float(at))),
        effects=effects,
        attempts=tuple(_attempt(effect) for effect in effects if effect.kind != "shipped"),
        orders=tuple(_order(order_id) for order_id in STORIES),
        shelves=(
            Shelf(sku="LAMP-7", start=10, on_hand=8, allocated=2, available=6),
            Shelf(sku="MUG-RED", start=5, on_hand=4, allocated=1, available=3),
        ),
    )


def _wanted(order_id: str) -> Wanted:
    return Wanted(
        partner="web",
        request=f"request of {order_id}",
        channel="web-uk",
        channel_order_id=f"{order_id} at web-uk",
        amount=AMOUNT,
        currency="GBP",
        goods=2200,
        lines=LINES,
    )


def _order(order_id: str) -> Order:
    status, moves, _ = STORIES[order_id]
    return Order(
        order_id=order_id,
        partner="web",
        channel="web-uk",
        channel_order_id=f"{order_id} at web-uk",
        status=status,
        version=len(moves),
        events=tuple(Event(sequence=at, type=f"order.{move}", status=move) for at, move in enumerate(moves, 1)),
        parked="refused_after_pivot" if order_id == "ord_parked" else None,
    )


def _effects() -> list[Effect]:
    found: list[Effect] = []
    for order_id, (_, _, kinds) in STORIES.items():
        for system, kind in kinds:
            found.append(_effect(order_id, system, kind, sequence=len(found) + 1))
    return found


def _effect(order_id: str, system: str, kind: str, *, sequence: int) -> Effect:
    about = {"shipped": "shipment", ("wms", "cancel"): "shipment", ("erp", "cancel"): "sales_order"}
    thing = about.get(kind) or about.get((system, kind)) or kind
    asked = ASKED.get((system, kind))
    name = f"{order_id}:{asked}" if asked else None
    data: dict[str, Any] = {
        "sales_order": {"channel": "web-uk", "goods": 2200},
        "capture": {"authorisation": f"authorisation of {order_id}"},
        "void": {"authorisation": f"authorisation of {order_id}"},
        "invoice": {
            "payment": f"capture of {order_id}",
            "sales_order": f"sales_order of {order_id}",
            "paid": AMOUNT,
        },
    }.get(kind, {})
    return Effect(
        system=system,
        sequence=sequence,
        kind=kind,
        id=f"{thing} of {order_id}",
        key=None if system == "erp" else name,
        reference=name if system == "erp" else order_id,
        order_id=order_id,
        amount=None if system == "wms" else AMOUNT,
        currency=None if system == "wms" else "GBP",
        lines=LINES if kind in WITH_LINES else None,
        data=data,
    )


def _attempt(effect: Effect) -> Attempt:
    return Attempt(
        system=effect.system,
        sequence=effect.sequence,
        operation=ASKED[effect.system, effect.kind],
        key=effect.key,
        reference=effect.reference,
        order_id=effect.order_id,
        status=201,
        fault=None,
        applied=True,
        replayed=False,
    )


def _exchanges(order_id: str, at: float) -> list[Exchange]:
    """Placed twice under one key, read while it was new, and read in the last seconds."""
    status, moves, _ = STORIES[order_id]
    placed = Exchange(
        sent=at,
        answered=at + 0.5,
        partner="web",
        operation="place",
        key=f"key of {order_id}",
        request=f"request of {order_id}",
        order_id=order_id,
        status=202,
        body=f"receipt of {order_id}",
        headers={"etag": '"1"'},
    )
    again = replace(placed, sent=at + 1, answered=at + 1.5)
    read = Exchange(sent=0, answered=0, partner="web", operation="read", order_id=order_id, status=200)
    first = replace(read, sent=at + 2, answered=at + 2.5, version=1, stands="received")
    looks = [
        replace(read, sent=122.0 + number, answered=122.1 + number, version=len(moves), stands=status)
        for number in range(6)
    ]
    return [placed, again, first, *looks]


def changed(name: str, at: int, **other: Any) -> Change:
    """The record at that place of *name* says something else."""

    def change(evidence: Evidence) -> Evidence:
        records = list(getattr(evidence, name))
        records[at] = replace(records[at], **other)
        return replace(evidence, **{name: tuple(records)})

    return change


def dropped(name: str, at: int) -> Change:
    return lambda evidence: replace(
        evidence, **{name: tuple(each for place, each in enumerate(getattr(evidence, name)) if place != at)}
    )


def repeated(name: str, at: int, **other: Any) -> Change:
    """The record at that place comes once more, at the end, saying something else."""
    return lambda evidence: replace(
        evidence, **{name: (*getattr(evidence, name), replace(getattr(evidence, name)[at], **other))}
    )


def under(**other: Any) -> Change:
    """Other circumstances."""
    return lambda evidence: replace(evidence, circumstances=replace(evidence.circumstances, **other))


def both(*changes: Change) -> Change:
    def change(evidence: Evidence) -> Evidence:
        for each in changes:
            evidence = each(evidence)
        return evidence

    return change

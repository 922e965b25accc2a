"""A little evidence made by hand in which nothing is wrong: an order of each end, one of them served in two parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.checker.evidence import (
    Attempt,
    Circumstances,
    Effect,
    Event,
    Evidence,
    Exchange,
    Order,
    Part,
    Shelf,
    Wanted,
)

Change = Callable[[Evidence], Evidence]

LINES = (("1", "LAMP-7", 2), ("2", "MUG-RED", 1))
SKUS = {line: sku for line, sku, _ in LINES}
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
    ("psp", "refund"): "refund",
    ("erp", "credit_memo"): "create_credit_memo",
}
WITH_LINES = ("sales_order", "shipment", "shipped")
OF_ORDER = ("authorisation", "void")
FORWARD = (("psp", "authorisation"), ("erp", "sales_order"), ("wms", "shipment"))
GONE = (("wms", "shipped"), ("psp", "capture"), ("erp", "invoice"))
BACKWARD = (("wms", "cancel"), ("erp", "cancel"), ("psp", "void"))


@dataclass(frozen=True, slots=True)
class Story:
    """`effects`: those of a part come once for each part. `stand`: where pieces are in the end; None: not told."""

    status: str
    moves: tuple[str, ...]
    parts: tuple[Part, ...]
    effects: tuple[tuple[str, str], ...]
    stand: str | None = None
    payment: str | None = None


def _part(part_id: str, status: str, amount: int, *lines: tuple[str, int]) -> Part:
    return Part(part_id=part_id, status=status, amount=amount, lines=lines)


def _all_of_it(name: str, status: str) -> tuple[Part, ...]:
    return (_part(f"ful_{name}", status, AMOUNT, ("1", 2), ("2", 1)),)


STORIES: dict[str, Story] = {
    "ord_done": Story(
        "completed",
        ("received", "accepted", "processing", "completed"),
        _all_of_it("done", "completed"),
        (*FORWARD, *GONE),
        "in_transit",
        "captured",
    ),
    "ord_stopped": Story(
        "cancelled",
        ("received", "accepted", "processing", "cancel_requested", "cancelled"),
        _all_of_it("stopped", "cancelled"),
        (*FORWARD, *BACKWARD),
        "cancelled",
        "voided",
    ),
    "ord_declined": Story("rejected", ("received", "rejected"), (), ()),
    "ord_parked": Story(
        "processing",
        ("received", "accepted", "processing"),
        _all_of_it("parked", "released"),
        FORWARD,
        "released",
        "authorised",
    ),
    "ord_split": Story(
        "completed",
        ("received", "accepted", "processing", "completed"),
        (
            _part("ful_south", "completed", 1145, ("1", 1)),  # bears the shipping
            _part("ful_north", "completed", 1450, ("1", 1), ("2", 1)),
        ),
        (*FORWARD, *GONE),
        "in_transit",
        "captured",
    ),
}
NODES = {"ful_south": "south", "ful_north": "north"}


def honest() -> Evidence:
    effects = tuple(_effects())
    return Evidence(
        circumstances=Circumstances(started=0.0, last_fault=100.0, rested=110.0, ended=130.0),
        wanted=tuple(_wanted(order_id) for order_id in STORIES),
        exchanges=tuple(each for at, order_id in enumerate(STORIES) for each in _exchanges(order_id, float(at))),
        effects=effects,
        attempts=tuple(attempt_at(effect) for effect in effects if effect.kind != "shipped"),
        orders=tuple(_order(order_id) for order_id in STORIES),
        shelves=(
            Shelf(sku="LAMP-7", start=10, on_hand=8, allocated=2, available=6),
            Shelf(sku="MUG-RED", start=5, on_hand=4, allocated=1, available=3),
            Shelf(sku="LAMP-7", node="south", start=1, on_hand=0, allocated=0, available=0),
            Shelf(sku="LAMP-7", node="north", start=3, on_hand=2, allocated=0, available=2),
            Shelf(sku="MUG-RED", node="north", start=1, on_hand=0, allocated=0, available=0),
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
        prices=(("1", "7.50"), ("2", "7.00")),
        worth=(("1", 1500), ("2", 700)),
        shipping=395,
    )


def _order(order_id: str) -> Order:
    story = STORIES[order_id]
    return Order(
        order_id=order_id,
        partner="web",
        channel="web-uk",
        channel_order_id=f"{order_id} at web-uk",
        status=story.status,
        version=len(story.moves),
        events=tuple(Event(sequence=at, type=f"order.{move}", status=move) for at, move in enumerate(story.moves, 1)),
        parked="refused_after_pivot" if order_id == "ord_parked" else None,
        parts=story.parts,
        pieces=tuple((line, story.stand, units) for line, _, units in LINES) if story.stand else (),
        payment=story.payment,
    )


def _effects() -> list[Effect]:
    found: list[Effect] = []
    for order_id, story in STORIES.items():
        for system, kind in story.effects:
            for part in story.parts[:1] if kind in OF_ORDER else story.parts:
                found.append(_effect(order_id, part, (system, kind), sequence=len(found) + 1))
    return found


def _effect(order_id: str, part: Part, what: tuple[str, str], *, sequence: int) -> Effect:
    system, kind = what
    owner = order_id if kind in OF_ORDER else part.part_id
    about = {"shipped": "shipment", ("wms", "cancel"): "shipment", ("erp", "cancel"): "sales_order"}
    thing = about.get(kind) or about.get(what) or kind
    name = f"{owner}:{ASKED.get(what, 'create_shipment')}"
    amount = None if system == "wms" else AMOUNT if kind in OF_ORDER else part.amount
    return Effect(
        system=system,
        sequence=sequence,
        kind=kind,
        id=f"{thing} of {owner}",
        key=None if system == "erp" or kind == "shipped" else name,
        reference=order_id if system == "psp" else name,
        order_id=order_id,
        amount=amount,
        currency=None if system == "wms" else "GBP",
        lines=tuple((line, SKUS[line], units) for line, units in part.lines) if kind in WITH_LINES else None,
        data=_data(order_id, part, kind),
    )


def _data(order_id: str, part: Part, kind: str) -> Mapping[str, Any]:
    goods = {"1": 750, "2": 700}
    found: dict[str, dict[str, Any]] = {
        "sales_order": {"channel": "web-uk", "goods": sum(goods[line] * units for line, units in part.lines)},
        "shipment": {"node": NODES.get(part.part_id, "main")},
        "shipped": {"node": NODES.get(part.part_id, "main")},
        "capture": {"authorisation": f"authorisation of {order_id}"},
        "void": {"authorisation": f"authorisation of {order_id}"},
        "invoice": {
            "payment": f"capture of {part.part_id}",
            "sales_order": f"sales_order of {part.part_id}",
            "paid": part.amount,
        },
    }
    return found.get(kind, {})


def attempt_at(effect: Effect) -> Attempt:
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
    story = STORIES[order_id]
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
        replace(read, sent=122.0 + number, answered=122.1 + number, version=len(story.moves), stands=story.status)
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

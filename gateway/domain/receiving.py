"""Goods that came for a purchase order: what of them is accepted, what is too many, and how far the order has come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.domain.purchase_orders import PurchaseLine
from gateway.domain.shipping import Wrong

Progress = Literal["partially_received", "received"]


@dataclass(frozen=True, slots=True)
class ReceivingTerms:
    over_percent: int = 5  # so many pieces more than ordered are taken


@dataclass(frozen=True, slots=True)
class Delivered:
    """Of one line of an order, so far."""

    shipped: int = 0
    received: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one line, in one receipt. Whole is `received - damaged`; *over* of it is beyond what is tolerated."""

    line_id: str
    received: int
    damaged: int
    accepted: int
    over: int


NOTHING = Delivered()


def count(said: Mapping[str, Any], line: PurchaseLine, before: Delivered, terms: ReceivingTerms) -> Counted:
    received, damaged = int(said["received"]), int(said.get("damaged", 0))
    room = max(line.quantity * (100 + terms.over_percent) // 100 - before.accepted, 0)
    accepted = min(received - damaged, room)
    return Counted(line.line_id, received, damaged, accepted, received - damaged - accepted)


def progress(lines: Sequence[PurchaseLine], delivered: Mapping[str, Delivered]) -> Progress | None:
    """None: nothing that could be accepted has come."""
    accepted = {line.line_id: delivered.get(line.line_id, NOTHING).accepted for line in lines}
    if not any(accepted.values()):
        return None
    return "received" if all(accepted[line.line_id] >= line.quantity for line in lines) else "partially_received"


def all_came(lines: Sequence[PurchaseLine], delivered: Mapping[str, Delivered]) -> bool:
    """Of every line as much as was ordered was accepted."""
    return progress(lines, delivered) == "received"


def comes_to(lines: Sequence[PurchaseLine], delivered: Mapping[str, Delivered], surplus: Mapping[str, int]) -> int:
    """Minor units: what the order costs when *surplus* is bought besides what was accepted, and the rest comes."""
    came = {line.line_id: delivered.get(line.line_id, NOTHING).accepted for line in lines}
    return sum(
        max(line.quantity, came[line.line_id] + surplus.get(line.line_id, 0)) * line.unit_price for line in lines
    )


def wrong_counts(said: Sequence[Mapping[str, Any]], lines: Sequence[PurchaseLine]) -> Iterator[Wrong]:
    known, seen = {line.line_id for line in lines}, set[str]()
    for index, each in enumerate(said):
        name = each["line_id"]
        if name not in known:
            yield Wrong(f"#/lines/{index}/line_id", "unknown_line", "the order has no such line")
        if name in seen:
            yield Wrong(f"#/lines/{index}/line_id", "line_id_repeated", "names an earlier line")
        seen.add(name)
        if int(each.get("damaged", 0)) > int(each["received"]):
            detail = "more are damaged than came"
            yield Wrong(f"#/lines/{index}/damaged", "damaged_exceeds_received", detail)

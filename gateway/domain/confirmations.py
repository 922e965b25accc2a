"""What a supplier says to an order, line by line, and whether a policy takes it or a buyer has to decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from gateway.domain.purchase_orders import PurchaseLine

Word = Literal["accepted", "changed", "backordered", "rejected"]
Outcome = Literal["confirmed", "proposed", "declined"]


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is taken without asking anybody; cheaper and earlier always is, more never."""

    price_percent: int = 2  # so much dearer
    fewer_percent: int = 2  # so many pieces fewer
    days_late: int = 2


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """*quantity*, *unit_price* and *date* as the supplier will deliver."""

    line_id: str
    word: Word
    quantity: int
    unit_price: int
    date: str


def read_words(said: Sequence[Mapping[str, Any]], lines: Sequence[PurchaseLine]) -> tuple[ConfirmedLine, ...]:
    """What is not said is as it was ordered. Each line of the order is answered once; the caller has seen to it."""
    ordered = {line.line_id: line for line in lines}
    return tuple(_read(each, ordered[each["line_id"]]) for each in said)


def _read(said: Mapping[str, Any], line: PurchaseLine) -> ConfirmedLine:
    return ConfirmedLine(
        line.line_id,
        said["status"],
        int(said.get("quantity", line.quantity)),
        int(said.get("unit_price", line.unit_price)),
        said.get("date", line.requested_date),
    )


def within(line: PurchaseLine, said: ConfirmedLine, tolerances: Tolerances) -> bool:
    """Backorders and rejections are never a policy's to take."""
    if said.word not in ("accepted", "changed"):
        return False
    latest = date.fromisoformat(line.requested_date) + timedelta(days=tolerances.days_late)
    return (
        said.unit_price * 100 <= line.unit_price * (100 + tolerances.price_percent)
        and line.quantity * (100 - tolerances.fewer_percent) <= said.quantity * 100 <= line.quantity * 100
        and date.fromisoformat(said.date) <= latest
    )


def outcome(lines: Sequence[PurchaseLine], said: Sequence[ConfirmedLine], tolerances: Tolerances) -> Outcome:
    ordered = {line.line_id: line for line in lines}
    if all(each.word == "rejected" for each in said):
        return "declined"
    taken = all(within(ordered[each.line_id], each, tolerances) for each in said)
    return "confirmed" if taken else "proposed"


def agreed(lines: Sequence[PurchaseLine], said: Sequence[ConfirmedLine]) -> tuple[PurchaseLine, ...]:
    """The order as the supplier will deliver it, in the order's order; what it rejects is gone."""
    words = {each.line_id: each for each in said}
    return tuple(
        replace(line, quantity=word.quantity, unit_price=word.unit_price, requested_date=word.date)
        for line in lines
        if (word := words[line.line_id]).word != "rejected"
    )

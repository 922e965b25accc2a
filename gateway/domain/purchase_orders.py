"""Purchase orders: what they pass through, by whose hand, and what their lines come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from gateway.domain.money import Money


class OrderState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"  # people's yes is asked for, or given
    ISSUED = "issued"  # the supplier sees it
    CONFIRMED = "confirmed"  # the supplier will deliver it so
    CHANGE_PROPOSED = "change_proposed"  # or otherwise; a buyer decides
    DECLINED = "declined"  # or not at all
    CANCELLED = "cancelled"
    CLOSED = "closed"  # what came of it stays, and nothing more is awaited


Trigger = Literal["revise", "submit", "issue", "cancel", "close", "accept", "propose", "decline", "refuse"]
Action = Literal["revise", "submit", "issue", "cancel", "decide", "confirm"]

# From, by which trigger, to. What does not stand here does not happen.
MOVES: Mapping[tuple[OrderState, Trigger], OrderState] = {
    (OrderState.DRAFT, "revise"): OrderState.DRAFT,
    (OrderState.SUBMITTED, "revise"): OrderState.DRAFT,
    (OrderState.ISSUED, "revise"): OrderState.DRAFT,
    (OrderState.DRAFT, "submit"): OrderState.SUBMITTED,
    (OrderState.SUBMITTED, "issue"): OrderState.ISSUED,
    (OrderState.ISSUED, "accept"): OrderState.CONFIRMED,
    (OrderState.ISSUED, "propose"): OrderState.CHANGE_PROPOSED,
    (OrderState.ISSUED, "decline"): OrderState.DECLINED,
    (OrderState.CHANGE_PROPOSED, "accept"): OrderState.CONFIRMED,
    (OrderState.CHANGE_PROPOSED, "refuse"): OrderState.ISSUED,
    (OrderState.CHANGE_PROPOSED, "revise"): OrderState.DRAFT,
    (OrderState.DECLINED, "revise"): OrderState.DRAFT,
    (OrderState.CHANGE_PROPOSED, "cancel"): OrderState.CANCELLED,
    (OrderState.DECLINED, "cancel"): OrderState.CANCELLED,
    (OrderState.DRAFT, "cancel"): OrderState.CANCELLED,
    (OrderState.SUBMITTED, "cancel"): OrderState.CANCELLED,
    (OrderState.ISSUED, "cancel"): OrderState.CANCELLED,
    (OrderState.CONFIRMED, "cancel"): OrderState.CANCELLED,
    (OrderState.CONFIRMED, "close"): OrderState.CLOSED,
}

AGREED = (OrderState.CONFIRMED, OrderState.CLOSED)  # and it is, or was, delivered
MOST_REVISIONS = 100
MOST = 2**53 - 1  # minor units: what JSON carries everywhere without loss


_OF_BUYERS: tuple[Action, ...] = ("revise", "submit", "issue", "cancel")


def actions(state: OrderState) -> list[Action]:
    """What it allows to those inside."""
    told = [each for each in _OF_BUYERS if (state, each) in MOVES]
    return [*told, "decide"] if state is OrderState.CHANGE_PROPOSED else told


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """*unit_price* in minor units of the order's currency."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int
    requested_date: str  # a day
    tax_points: int = 0  # basis points of its amount

    @property
    def document(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__slots__}
        return told if self.tax_points else {name: value for name, value in told.items() if name != "tax_points"}


def read_lines(said: Sequence[Mapping[str, Any]]) -> tuple[PurchaseLine, ...]:
    """As a caller or a row says them: 3.0 is an integer to JSON Schema, hence the conversion."""
    return tuple(
        PurchaseLine(
            each["line_id"],
            each["sku"].upper(),
            int(each["quantity"]),
            int(each["unit_price"]),
            each["requested_date"],
            int(each.get("tax_points", 0)),
        )
        for each in said
    )


def total(lines: Sequence[PurchaseLine], currency: str) -> Money:
    return Money(sum(line.quantity * line.unit_price for line in lines), currency)

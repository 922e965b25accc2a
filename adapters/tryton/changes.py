"""What left a Tryton warehouse, which cannot call us: its shipments, in the order in which they last changed."""

from typing import Any

from adapters.tryton.conversation import Conversation
from adapters.tryton.trail import AT_ONCE, Position, Trail
from gateway.told import Page, Told

SHIPMENT = "stock.shipment.out"
LEFT = ["shipped", "done"]
OURS = ["OR", ["reference", "like", "ful\\_%"], ["reference", "like", "ord\\_%"]]


class TrytonChanges:
    """`gateway.told.Changes` over Tryton's shipments."""

    def __init__(self, conversation: Conversation, *, at_once: int = AT_ONCE) -> None:
        self._tryton = conversation
        self._left = Trail(conversation, SHIPMENT, [["state", "in", LEFT], OURS], ["reference"], at_once)

    async def since(self, cursor: str | None) -> Page:
        read = await self._left.on(Position.read(cursor))
        if not all(isinstance(row.get("reference"), str) for row in read.rows):
            raise self._tryton.unreadable("a shipment has no reference")
        return Page([_told(row) for row in read.rows], read.cursor, read.more)


def order_of(reference: str) -> str:
    """The order that a shipment under a reference of ours is for."""
    return reference.partition(":")[0]


def _told(row: dict[str, Any]) -> Told:
    reference, moment = row["reference"], row["last_modified_at"]
    data = {"shipment_id": str(row["id"]), "reference": reference, "shipped_at": moment.isoformat()}
    return Told(f"shipped:{row['id']}", order_of(reference), "shipped", data)

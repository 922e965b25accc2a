"""
What left a Tryton warehouse, which cannot call us: its shipments, asked for in the order in which they last changed.

A cursor is the change that was read last (its moment and id) and the newest moment that was seen. Pages follow each
other until one is not full; then reading begins again OVERLAP before the newest, because a change bears the moment at
which its transaction began, and may become visible behind newer ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.tryton.conversation import Conversation
from gateway.told import Page, Told

AT_ONCE = 200
OVERLAP = timedelta(seconds=60)  # longer than a transaction of Tryton's takes
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
LEFT = ["shipped", "done"]
ORDER = [["last_modified_at", "ASC"], ["id", "ASC"]]
FIELDS = ["reference", "last_modified_at"]
OURS = "ord\\_%"


@dataclass(frozen=True, slots=True)
class Position:
    """How far has been read: behind this change, and the newest moment seen on the way."""

    moment: datetime = BEGINNING
    id: int = 0
    newest: datetime = BEGINNING

    @classmethod
    def read(cls, cursor: str | None) -> "Position":
        if cursor is None:
            return cls()
        moment, number, newest = cursor.split("/")
        return cls(datetime.fromisoformat(moment), int(number), datetime.fromisoformat(newest))

    def __str__(self) -> str:
        return f"{self.moment.isoformat()}/{self.id}/{self.newest.isoformat()}"

    def behind(self, moment: datetime, number: int) -> "Position":
        return Position(moment, number, max(self.newest, moment))

    def again(self) -> "Position":
        """All has been read that is visible now."""
        return Position(max(BEGINNING, self.newest - OVERLAP), 0, self.newest)


class TrytonChanges:
    """`gateway.told.Changes` over Tryton's shipments."""

    def __init__(self, conversation: Conversation, *, at_once: int = AT_ONCE) -> None:
        self._tryton = conversation
        self._at_once = at_once

    async def since(self, cursor: str | None) -> Page:
        position = Position.read(cursor)
        rows = await self._read(position)
        for row in rows:
            position = position.behind(row["last_modified_at"], row["id"])
        more = len(rows) == self._at_once
        return Page([_told(row) for row in rows], str(position if more else position.again()), more)

    async def _read(self, position: Position) -> Sequence[dict[str, Any]]:
        moment = position.moment
        behind = ["OR", ["last_modified_at", ">", moment],
                  [["last_modified_at", "=", moment], ["id", ">", position.id]]]  # fmt: skip
        domain = [["state", "in", LEFT], ["reference", "like", OURS], behind]
        asked = ("model.stock.shipment.out.search_read", domain, 0, self._at_once, ORDER, FIELDS)
        rows = await self._tryton.ask("changes", *asked)
        if not isinstance(rows, list) or not all(_fits(row) for row in rows):
            raise self._tryton.unreadable("it is no list of shipments")
        return rows


def _fits(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("id"), int)
        and isinstance(row.get("reference"), str)
        and isinstance(row.get("last_modified_at"), datetime)
    )


def _told(row: dict[str, Any]) -> Told:
    order_id, moment = row["reference"].partition(":")[0], row["last_modified_at"]
    data = {"shipment_id": str(row["id"]), "reference": row["reference"], "shipped_at": moment.isoformat()}
    return Told(f"shipped:{row['id']}", order_id, "shipped", data)

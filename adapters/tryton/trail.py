"""
How far has been read in records of Tryton's, in the order in which they last changed.

A cursor is the change that was read last (its moment and id) and the newest moment that was seen. Pages follow each
other until one is not full; then reading begins again OVERLAP before the newest, because a change bears the moment at
which its transaction began, and may become visible behind newer ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.tryton.conversation import Conversation, Json

AT_ONCE = 200
OVERLAP = timedelta(seconds=60)  # longer than a transaction of Tryton's takes
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
ORDER = [["last_modified_at", "ASC"], ["id", "ASC"]]


@dataclass(frozen=True, slots=True)
class Position:
    """How far has been read: behind this change, and the newest moment seen on the way."""

    moment: datetime = BEGINNING
    id: int = 0
    newest: datetime = BEGINNING

    @classmethod
    def read(cls, cursor: str | None, *, begin: datetime = BEGINNING) -> "Position":
        if cursor is None:
            return cls(begin, 0, begin)
        moment, number, newest = cursor.split("/")
        return cls(datetime.fromisoformat(moment), int(number), datetime.fromisoformat(newest))

    def __str__(self) -> str:
        return f"{self.moment.isoformat()}/{self.id}/{self.newest.isoformat()}"

    def behind(self, moment: datetime, number: int) -> "Position":
        return Position(moment, number, max(self.newest, moment))

    def again(self) -> "Position":
        """All has been read that is visible now."""
        return Position(max(BEGINNING, self.newest - OVERLAP), 0, self.newest)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some records in their order, and where the next ones begin."""

    rows: Sequence[Json]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """Records of one model that fit a domain."""

    tryton: Conversation
    model: str
    domain: Sequence[Any]
    fields: Sequence[str]
    at_once: int = AT_ONCE

    async def on(self, position: Position) -> Stretch:
        moment = position.moment
        behind = ["OR", ["last_modified_at", ">", moment],
                  [["last_modified_at", "=", moment], ["id", ">", position.id]]]  # fmt: skip
        fields = [*self.fields, "last_modified_at"]
        asked = (f"model.{self.model}.search_read", [*self.domain, behind], 0, self.at_once, ORDER, fields)
        rows = await self.tryton.ask("changes", *asked)
        if not isinstance(rows, list) or not all(_fits(row) for row in rows):
            raise self.tryton.unreadable(f"it is no list of changed {self.model}")
        for row in rows:
            position = position.behind(row["last_modified_at"], row["id"])
        more = len(rows) == self.at_once
        return Stretch(rows, str(position if more else position.again()), more)


def _fits(row: object) -> bool:
    return (
        isinstance(row, dict) and isinstance(row.get("id"), int) and isinstance(row.get("last_modified_at"), datetime)
    )

"""Following changes: a page at a time, from a cursor that skips nothing; whoever wishes waits for the next one."""

from collections.abc import Sequence
from datetime import timedelta

import orjson

from gateway.context import Call
from gateway.domain.time import rfc3339
from gateway.resources.following import Following
from gateway.resources.pages import PageTokens, page_size
from gateway.resources.preferences import Wait
from gateway.store.pool import Database
from gateway.store.stock_changes import BEGINNING, KEPT, ChangeRow, Cursor, changes_after, newest

_QUESTION = ("list_inventory_changes",)
_LATEST = "latest"


class Changes:
    """Tells what changed after a cursor."""

    def __init__(self, database: Database, pages: PageTokens) -> None:
        self._database = database
        self._pages = pages
        self._following = Following(self._look)

    def stop(self) -> None:
        """The process is about to end: whoever waits is answered now."""
        self._following.stop()

    async def page(self, call: Call, wait: Wait | None) -> tuple[bytes, bool]:
        """The page, and whether the wish to wait was granted."""
        size, after = page_size(call.query), await self._beginning(call)
        rows = await changes_after(self._database, after, limit=size)
        granted = False
        if not rows and wait is not None:
            granted = await self._following.rest(call, wait, "", after)
            rows = await changes_after(self._database, after, limit=size)
        cursor = await self._pages.seal(_QUESTION, rows[-1].at if rows else after, now=call.now)
        return orjson.dumps(_page(rows, cursor)), granted

    async def _beginning(self, call: Call) -> Cursor:
        text = call.query.get("after")
        if text is None:
            return BEGINNING
        if text == _LATEST:
            return await newest(self._database)
        transaction, version = await self._pages.open(text, _QUESTION, now=call.now, lifetime=timedelta(days=KEPT))
        return transaction, version

    async def _look(self, asked: Sequence[str]) -> dict[str, Cursor]:
        end = await newest(self._database)
        return dict.fromkeys(asked, end)


def _page(rows: Sequence[ChangeRow], cursor: str) -> dict[str, object]:
    changes = [
        {
            "position_version": row.at[1],
            "sku": row.sku,
            "node_id": row.node_id,
            "condition": row.condition,
            "available": max(0, row.available),
            "confidence": row.confidence,
            "cause": row.cause,
            "changed_at": rfc3339(row.changed_at),
        }
        for row in rows
    ]
    return {"changes": changes, "cursor": cursor}

"""Following changes: a page at a time, from a cursor that skips nothing; whoever wishes waits for the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import monotonic

import orjson

from gateway.context import Call
from gateway.domain.time import rfc3339
from gateway.resources.pages import PageTokens, page_size
from gateway.resources.preferences import Wait
from gateway.resources.resting import resting
from gateway.store.gathered import Gathered
from gateway.store.pool import Database
from gateway.store.stock_changes import BEGINNING, KEPT, ChangeRow, Cursor, changes_after, newest

LOOK = 0.25  # seconds between looks for all who wait in this process together
_QUESTION = ("list_inventory_changes",)
_LATEST = "latest"


class Changes:
    """Tells what changed after a cursor."""

    def __init__(self, database: Database, pages: PageTokens) -> None:
        self._database = database
        self._pages = pages
        self._newest: Gathered[str, Cursor] = Gathered(self._look)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """The process is about to end: whoever waits is answered now."""
        self._stopping.set()

    async def page(self, call: Call, wait: Wait | None) -> tuple[bytes, bool]:
        """The page, and whether the wish to wait was granted."""
        size, after = page_size(call.query), await self._beginning(call)
        rows = await changes_after(self._database, after, limit=size)
        granted = False
        if not rows and wait is not None:
            granted = await self._rest(call, wait, after)
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

    async def _rest(self, call: Call, wait: Wait, after: Cursor) -> bool:
        """Until there is something to tell, the time is over, or nobody is there to be told. False: not granted."""
        assert call.gone is not None, "the limits stage has run"
        with resting(call, wait.seconds) as granted:
            if not granted:
                return False
            end = monotonic() + wait.seconds
            over = asyncio.create_task(self._over(call.gone))
            try:
                while (left := end - monotonic()) > 0 and await self._newest.get("") in (BEGINNING, after):
                    await asyncio.wait((over,), timeout=min(LOOK, left))
                    if over.done():
                        break
            finally:
                over.cancel()
        return not self._stopping.is_set()

    async def _over(self, gone: Callable[[], Awaitable[None]]) -> None:
        """Returns when the caller has hung up or the process is about to end."""
        watched = [asyncio.ensure_future(gone()), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in watched:
                each.cancel()

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

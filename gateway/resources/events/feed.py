"""A partner's feed: a page at a time, from a cursor that skips nothing and is refused once it is too old."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import orjson

from gateway.context import Call
from gateway.refusals import CursorExpired
from gateway.resources.events.views import event_view
from gateway.resources.following import Following
from gateway.resources.pages import PageTokens, page_size
from gateway.resources.preferences import Wait
from gateway.store.event_feed import BEGINNING, KEPT, Cursor, EventRow, events_after, newest
from gateway.store.pool import Database

_LATEST = "latest"
_READABLE = timedelta(days=3650)  # so that an old cursor is told from one that is none


class EventFeed:
    """Tells a partner what happened to its own after a cursor."""

    def __init__(self, database: Database, pages: PageTokens) -> None:
        self._database = database
        self._pages = pages
        self._following = Following(partial(newest, database))

    def stop(self) -> None:
        """The process is about to end: whoever waits is answered now."""
        self._following.stop()

    async def page(self, call: Call, wait: Wait | None, *, source: str) -> tuple[bytes, bool]:
        """The page, and whether the wish to wait was granted."""
        partner = call.caller.partner or ""  # who has none follows nothing
        size, after = page_size(call.query), await self._beginning(call, partner)
        rows = await events_after(self._database, partner, after, limit=size)
        granted = False
        if not rows and wait is not None:
            granted = await self._following.rest(call, wait, partner, after)
            rows = await events_after(self._database, partner, after, limit=size)
        cursor = await self._sealed(call, partner, rows, after)
        page = {"events": [event_view(row, source=source) for row in rows], "cursor": cursor}
        return orjson.dumps(page), granted

    async def _beginning(self, call: Call, partner: str) -> Cursor:
        text = call.query.get("after")
        if text is None:
            return BEGINNING
        if text == _LATEST:
            return (await newest(self._database, [partner])).get(partner, BEGINNING)
        opened = await self._pages.open(text, _question(partner), now=call.now, lifetime=_READABLE)
        transaction, position, told_at = opened
        if call.now.timestamp() - told_at > timedelta(days=KEPT).total_seconds():
            raise CursorExpired(
                f"this cursor is older than {KEPT} days, and events after it may be forgotten; compare what you know "
                "with the resources, and begin anew without 'after'"
            )
        return transaction, position

    async def _sealed(self, call: Call, partner: str, rows: Sequence[EventRow], after: Cursor) -> str:
        """A cursor is as old as the page that gave it: what came before it was told."""
        end = rows[-1].at if rows else after
        return await self._pages.seal(_question(partner), (*end, int(call.now.timestamp())), now=call.now)


def _question(partner: str) -> tuple[str, str]:
    return ("list_events", partner)

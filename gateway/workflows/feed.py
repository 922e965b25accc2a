"""Systems that cannot call us are asked: what they did becomes the signals of callbacks, and changes of stock."""

import asyncio

import structlog

from gateway.store import change_feeds
from gateway.told import Changes
from gateway.workflows.pauses import look_for_ever
from gateway.workflows.tools import Tools

log = structlog.get_logger("worker.feed")

TURN = 6.0  # seconds; a dead worker's turn is over within them, and a look that takes longer is given up


class Feed:
    """One system's changes. Every worker has one; one of them at a time reads, the others stand by."""

    def __init__(self, source: str, changes: Changes, tools: Tools, *, holder: str) -> None:
        self.source, self.changes, self.tools, self.holder = source, changes, tools, holder

    async def follow(self) -> None:
        await look_for_ever(self.read, self._failed, self.tools)

    def _failed(self, error: Exception, failed: int) -> None:
        self.tools.metrics.asked(self.source, "failed")
        log.warning("changes not read", source=self.source, error=type(error).__name__, failed=failed)

    async def read(self) -> bool:
        """One page, if it is our turn. True: there is more to read at once."""
        turn = await change_feeds.turn(self.tools.database, self.source, self.holder, seconds=TURN)
        if turn is None:
            return False
        async with asyncio.timeout(TURN):
            page = await self.changes.since(turn.cursor)
        tools = self.tools
        taken = await change_feeds.take_over(
            tools.database, turn, page, now=tools.clock(), mint=tools.mint, books=tools.books
        )
        self.tools.metrics.asked(self.source, "read")
        if taken.new or taken.foreign or taken.moved:
            log.info("changes read", source=self.source, new=taken.new, foreign=taken.foreign, moved=taken.moved)
        return page.more

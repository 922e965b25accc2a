"""
Who waits for the decision on an order, and the one connection of this process that hears of decisions.

The transaction that decides an order notifies, so the word comes with the commit or not at all. It is a hint, never the
truth: whoever hears it looks, and whoever hears nothing looks now and then, because notifications do not reach us while
the connection is being made again, nor through a pooler that lends it to others.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg

from gateway.endings import end
from gateway.store.pool import Connection, Line

_CHANNEL: LiteralString = "order_decided"
_UNHEARD = 1.0  # seconds between looks while nobody listens
_HEARD = 5.0  # and while somebody does: what a pooler swallows is found all the same
_BACKOFF = (0.1, 5.0)  # seconds until the connection is tried again: the first time, and at most
_ALIVE: dict[str, Any] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}  # is it still there

# Part of a statement with a parameter `order_id`: sent when its transaction commits.
ANNOUNCE: LiteralString = f"pg_notify('{_CHANNEL}', %(order_id)s)"


async def announce(connection: Connection, order_id: str) -> None:
    """In the transaction that decides the order or asks its customer: notifying commits stand in line for one lock."""
    await connection.execute(f"select {ANNOUNCE}", {"order_id": order_id})


class Place:
    """One who waits: woken by whatever makes it worth to look at the order again."""

    def __init__(self) -> None:
        self.over = False  # there is nothing to wait for any more: nobody will be told, or we are about to stop
        self._news = asyncio.Event()

    async def news(self, *, within: float) -> None:
        """Returns when there may be something to see, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._news.wait()
        self._news.clear()

    def wake(self) -> None:
        self._news.set()

    def end(self) -> None:
        self.over = True
        self._news.set()


class Decisions:
    """Hears of decisions for all who wait in this process. Nobody holds a connection of the pool while waiting."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._places: dict[str, set[Place]] = {}
        self._listening = False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="omnigate-decisions")

    async def close(self) -> None:
        self.stop()
        if self._task is not None:
            await end([self._task])

    def stop(self) -> None:
        """The process is about to end: everybody is answered now, and nobody begins to wait."""
        self._stopping = True
        for place in self._everybody():
            place.end()

    @property
    def patience(self) -> float:
        """Seconds after which to look although nothing was heard."""
        return _HEARD if self._listening else _UNHEARD

    @contextmanager
    def place(self, order_id: str) -> Iterator[Place]:
        """A place among those who wait for the order. Take it first, then look: so no word is missed in between."""
        place = Place()
        if self._stopping:
            place.end()
        self._places.setdefault(order_id, set()).add(place)
        try:
            yield place
        finally:
            self._places[order_id].discard(place)
            if not self._places[order_id]:
                del self._places[order_id]

    def _everybody(self) -> list[Place]:
        return [place for places in self._places.values() for place in places]

    async def _listen(self) -> None:
        pause, longest = _BACKOFF
        while True:
            with suppress(psycopg.Error, OSError):
                async with await self._connected() as connection:
                    await connection.execute(f"listen {_CHANNEL}")
                    pause = _BACKOFF[0]
                    await self._hear(connection)
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _connected(self) -> Connection:
        return await Line.connect(
            self._url, autocommit=True, connect_timeout=2, application_name="omnigate-decisions", **_ALIVE
        )

    async def _hear(self, connection: Connection) -> None:
        """For as long as the connection holds. What was decided before it did, nobody has told us."""
        self._listening = True
        try:
            for place in self._everybody():
                place.wake()
            async for heard in connection.notifies():
                for place in self._places.get(heard.payload, ()):
                    place.wake()
        finally:
            self._listening = False

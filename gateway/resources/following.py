"""Following news from a cursor: whoever wishes waits for the next, all of a process by one look at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

from gateway.context import Call
from gateway.resources.preferences import Wait
from gateway.resources.resting import resting
from gateway.store.gathered import Gathered

LOOK = 0.25  # seconds between looks for all who wait in this process together
Cursor = tuple[int, int]


class Following:
    """Waits until the news of a key go on after a cursor. *look*: where the news of these keys end."""

    def __init__(self, look: Callable[[Sequence[str]], Awaitable[Mapping[str, Cursor]]]) -> None:
        self._newest: Gathered[str, Cursor] = Gathered(look)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """The process is about to end: whoever waits is answered now."""
        self._stopping.set()

    async def rest(self, call: Call, wait: Wait, key: str, after: Cursor) -> bool:
        """Until there is something to tell, the time is over, or nobody is there to be told. False: not granted."""
        assert call.gone is not None, "the limits stage has run"
        with resting(call, wait.seconds) as granted:
            if not granted:
                return False
            end = monotonic() + wait.seconds
            over = asyncio.create_task(self._over(call.gone))
            try:
                while (left := end - monotonic()) > 0 and (await self._newest.get(key) or after) <= after:
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

"""How what runs beside is ended: told until it has heard."""

import asyncio
from collections.abc import Iterable

HEARD = 1.0  # seconds in which a task that was cancelled ends, or is told again


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels *tasks* and returns when all of them have ended, whatever they ended with.

    Once is not enough: `asyncio.wait_for` of Python 3.11, with which the pool waits for a connection, keeps a
    cancellation to itself when the connection comes at the same moment (https://github.com/python/cpython/issues/86296).
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=HEARD)
        for task in ended:
            if not task.cancelled():
                task.exception()  # looked at, so that nobody warns of it

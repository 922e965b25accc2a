"""How what runs beside is ended: told until it has heard."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

HEARD = 1.0  # seconds in which a task that was cancelled ends, or is told again


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels *tasks* and returns when all of them have ended, whatever they ended with.

    Once is not enough: `asyncio.wait_for` of Python 3.11, with which the pool waits for a connection, keeps a
    cancellation to itself when the connection comes at the same moment (https://github.com/python/cpython/issues/86296).
    """
    told = list(tasks)
    left = set(told)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=HEARD)
    for task in told:
        with suppress(asyncio.CancelledError):
            task.exception()  # taken, what it ended with no longer keeps open what it had open

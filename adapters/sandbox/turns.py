"""How work is done in its time: what is due, then rest until something else is."""

import asyncio
from collections.abc import Callable


async def in_turns(turn: Callable[[], float], wake: asyncio.Event) -> None:
    """Take turns for ever. A turn does what is due and answers for how many seconds there is nothing more to do, unless
    somebody wakes it."""
    while True:
        wake.clear()
        try:
            async with asyncio.timeout(turn()):
                await wake.wait()
        except TimeoutError:
            continue

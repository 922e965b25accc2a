"""Those who look again and again beside the runs, and how long they pause."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.workflows.tools import Tools

EVERY = 1.0  # seconds between looks while there is nothing new
LONGEST = 30.0  # seconds, while somebody is in trouble


async def look_for_ever(
    look: Callable[[], Awaitable[bool]], trouble: Callable[[Exception, int], None], tools: Tools, *, breath: float = 0.0
) -> None:
    """*look* answers True when there is more at once, after a *breath*. Trouble, whatever it is, costs time only."""
    failed = 0
    while True:
        try:
            more, failed = await look(), 0
        except Exception as error:
            more, failed = False, failed + 1
            trouble(error, failed)
        await asyncio.sleep(breath if more else pause_after(failed, tools))


def pause_after(failed: int, tools: Tools) -> float:
    """Seconds, after so many looks in a row that failed; not in step with the other workers."""
    return min(LONGEST, EVERY * 2.0 ** min(failed, 10)) * (0.5 + tools.dice() / 2)

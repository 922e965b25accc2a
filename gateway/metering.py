"""What a process tells of itself while it runs: its event loop is watched, and its metrics port is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.domain.time import Ticks
from gateway.errors import Misconfigured
from gateway.settings import Settings
from gateway.store.figures import Watch
from gateway.store.pool import Database
from observability.metrics import ProcessMetrics
from observability.metrics_port import MOST_TRIES, open_port, watch_loop


@asynccontextmanager
async def metered(
    metrics: ProcessMetrics, *, settings: Settings, database: Database, ticks: Ticks
) -> AsyncIterator[None]:
    """Nothing unless `OMNIGATE_METRICS_PORT` is set. Then the first free port from there on is this process's."""
    if settings.metrics_port is None:
        yield
        return
    watch = Watch(database, ticks)

    async def sample() -> None:
        metrics.sampled.show(database.load(), await watch.installation())

    first = settings.metrics_port
    near = range(first, min(first + MOST_TRIES, 65_536))
    ports = [port for port in near if port != settings.port]  # the public one is not open yet, and is not to be taken
    async with AsyncExitStack() as stack:
        stack.push_async_callback(watch.close)
        opening = open_port(metrics.registry, host=settings.metrics_host, ports=ports, sample=sample)
        try:
            await stack.enter_async_context(opening)
        except OSError as error:
            raise Misconfigured(f"OMNIGATE_METRICS_HOST and _PORT: {error.strerror or error}") from error
        looking = asyncio.create_task(watch_loop(metrics.loop_lag))
        stack.callback(looking.cancel)
        yield

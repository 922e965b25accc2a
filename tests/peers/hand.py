"""A clerk at work all day: ships whatever has been assigned, while a test or the demo goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.peers.clerk import STEPS, Clerk
from tests.peers.tryton import Tryton

LOOK = 0.3  # seconds between looks at what is to be done


@asynccontextmanager
async def warehouse_at_work(server: Tryton) -> AsyncIterator[None]:
    working = asyncio.create_task(_work(await asyncio.to_thread(Clerk, server)))
    try:
        yield
        assert not working.done(), working.exception()
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await working


async def _work(clerk: Clerk) -> None:
    while True:
        with suppress(AssertionError):  # Tryton was in its own way (503): a clerk tries again
            await asyncio.to_thread(_ship_what_is_assigned, clerk)
        await asyncio.sleep(LOOK)


def _ship_what_is_assigned(clerk: Clerk) -> None:
    for shipment in clerk.found("stock.shipment.out", ["state"], ["state", "in", list(STEPS)]):
        clerk.ship(shipment["id"])

"""Snapshots that are complete are applied beside the runs: a batch at a time, from where it stands."""

import asyncio

import structlog

from gateway.domain.inventory import InventoryPolicy
from gateway.store import applying
from gateway.store.views import Hearing
from gateway.workflows.pauses import pause_after
from gateway.workflows.tools import Tools

log = structlog.get_logger("worker.snapshots")

TURN = 15.0  # seconds; a dead worker's turn is over within them
BREATH = 0.01  # seconds between batches, in which others get at the places
SWEEPS = 600  # looks between rounds of forgetting


class Snapshots:
    """Every worker looks; each snapshot is in the hands of one of them at a time."""

    def __init__(self, tools: Tools, policy: InventoryPolicy, *, holder: str) -> None:
        self.tools, self.policy, self.holder = tools, policy, holder

    async def follow(self) -> None:
        """For ever. Trouble, whatever it is, costs time only."""
        failed = looked = 0
        while True:
            try:
                more, failed = await self.go_on(), 0
                looked += 1
                if looked % SWEEPS == 1:
                    await applying.sweep(self.tools.database, self.tools.clock())
            except Exception as error:
                more, failed = False, failed + 1
                log.warning("snapshot not applied", error=type(error).__name__, failed=failed)
            await asyncio.sleep(BREATH if more else pause_after(failed, self.tools))

    async def go_on(self) -> bool:
        """One batch, if there is one. True: there may be more to do at once."""
        held = await applying.turn(self.tools.database, self.holder, seconds=TURN)
        if held is None:
            return False
        hearing = Hearing(self.tools.clock(), self.tools.mint, self.policy)
        state = await applying.go_on(self.tools.database, held, hearing)
        if state != "applying":
            log.info("snapshot ended", snapshot_id=held.snapshot_id, source=held.source_id, state=state)
        return True

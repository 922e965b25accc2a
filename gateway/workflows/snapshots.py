"""Snapshots that are complete are applied beside the runs: a batch at a time, from where it stands."""

from itertools import count

import structlog

from gateway.domain.inventory import InventoryPolicy
from gateway.store import applying
from gateway.store.views import Hearing
from gateway.workflows.pauses import look_for_ever
from gateway.workflows.tools import Tools

log = structlog.get_logger("worker.snapshots")

TURN = 15.0  # seconds; a dead worker's turn is over within them
BREATH = 0.01  # seconds between batches, in which others get at the places
SWEEPS = 600  # looks between rounds of forgetting


class Snapshots:
    """Every worker looks; each snapshot is in the hands of one of them at a time."""

    def __init__(self, tools: Tools, policy: InventoryPolicy, *, holder: str) -> None:
        self.tools, self.policy, self.holder = tools, policy, holder
        self._looked = count()

    async def follow(self) -> None:
        await look_for_ever(self._look, _failed, self.tools, breath=BREATH)

    async def _look(self) -> bool:
        more = await self.go_on()
        if next(self._looked) % SWEEPS == 0:
            await applying.sweep(self.tools.database, self.tools.clock())
        return more

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


def _failed(error: Exception, failed: int) -> None:
    log.warning("snapshot not applied", error=type(error).__name__, failed=failed)

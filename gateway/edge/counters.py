"""Partners' budgets counted inside this process: the port that a shared store will serve too."""

from collections.abc import Sequence

from gateway.domain.time import Ticks
from gateway.edge.gcra import Debts, remaining, wait
from gateway.ports import Bucket, Draw, Level

_CAPACITY = 65_536


class InProcessCounters:
    """Draws from several buckets at once, all or nothing. Nothing is awaited, so nothing can come between."""

    def __init__(self, ticks: Ticks, *, capacity: int = _CAPACITY) -> None:
        self._debts = Debts(ticks, capacity=capacity)

    async def draw(self, buckets: Sequence[Bucket]) -> Draw:
        retry_after = max((wait(bucket, self._debts.of(bucket)) for bucket in buckets), default=0.0)
        if not retry_after:
            for bucket in buckets:
                self._debts.add(bucket, 1)
        return Draw(not retry_after, tuple(self._level(bucket) for bucket in buckets), retry_after)

    async def refund(self, buckets: Sequence[Bucket]) -> None:
        for bucket in buckets:
            self._debts.add(bucket, -1)

    def _level(self, bucket: Bucket) -> Level:
        debt = self._debts.of(bucket)
        return Level(bucket, remaining(bucket, debt), debt)

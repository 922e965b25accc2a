"""Partners' budgets counted inside this process: all of them, or its share of what several edges grant together."""

from collections.abc import Sequence

from gateway.domain.time import Ticks
from gateway.edge.gcra import Debts, remaining, share, wait
from gateway.ports import Bucket, Draw, Level, Outage

_CAPACITY = 65_536


class InProcessCounters:
    """Draws from several buckets at once, all or nothing. Nothing is awaited, so nothing can come between."""

    def __init__(self, ticks: Ticks, *, edges: int = 1, capacity: int = _CAPACITY) -> None:
        self._debts = Debts(ticks, capacity=capacity)
        self._edges = edges

    async def draw(self, buckets: Sequence[Bucket], on_outage: Outage = "local_share") -> Draw:
        ours = [share(bucket, self._edges) for bucket in buckets]
        retry_after = max((wait(bucket, self._debts.of(bucket)) for bucket in ours), default=0.0)
        if not retry_after:
            for bucket in ours:
                self._debts.add(bucket, 1)
        return Draw(not retry_after, tuple(self._level(bucket) for bucket in ours), retry_after)

    async def refund(self, draw: Draw) -> None:
        for level in draw.levels:
            self._debts.add(level.bucket, -1)

    def learn(self, levels: Sequence[Level]) -> None:
        """What is owed to all edges together is owed here, as the same part of the window."""
        for level in levels:
            ours = share(level.bucket, self._edges)
            self._debts.owe(ours, level.resets_in * ours.window / level.bucket.window)

    def _level(self, bucket: Bucket) -> Level:
        debt = self._debts.of(bucket)
        return Level(bucket, remaining(bucket, debt), debt)

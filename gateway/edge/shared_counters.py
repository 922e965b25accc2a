"""Partners' budgets counted in Redis, where all edges draw from the same; and what happens while it is away."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from gateway.edge.counters import InProcessCounters
from gateway.edge.gcra import remaining, wait
from gateway.edge.redis_line import PATIENCE, Away, RedisLine
from gateway.errors import Unavailable
from gateway.ports import Bucket, Draw, Level, Outage

_PREFIX = "omnigate:quota:"
_TRIAL = Bucket("trial", "trial", 1_000_000, 1.0)  # drawn from to see that Redis counts


class SharedCounters:
    """Counts where every edge counts. While that is away, does at once what the partner's plan says."""

    def __init__(self, url: str, *, local: InProcessCounters, patience: float = PATIENCE) -> None:
        script = Path(__file__).with_name("gcra.lua").read_text(encoding="utf-8")
        self._line = RedisLine(url, script=script, trial=tuple(_words(1, [_TRIAL])), patience=patience)
        self._local = local

    async def __aenter__(self) -> Self:
        await self._line.open()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._line.close()

    async def draw(self, buckets: Sequence[Bucket], on_outage: Outage = "local_share") -> Draw:
        try:
            answer = await self._line.run(*_words(1, buckets))
        except Away:
            return await self._alone(buckets, on_outage)
        draw = _draw(buckets, answer)
        self._local.learn(draw.levels)  # so that an outage is no fresh start
        return draw

    async def refund(self, draw: Draw) -> None:
        if not draw.shared:
            await self._local.refund(draw)
            return
        with suppress(Away):  # the partner is a unit short until it has come back by itself
            await self._line.run(*_words(-1, [level.bucket for level in draw.levels]))

    async def _alone(self, buckets: Sequence[Bucket], on_outage: Outage) -> Draw:
        if on_outage == "closed":
            raise Unavailable("requests cannot be counted just now", effect="none")
        if on_outage == "open":
            return Draw(granted=True, levels=(), retry_after=0.0)
        return await self._local.draw(buckets)


def _words(units: int, buckets: Sequence[Bucket]) -> Iterator[str | float]:
    yield len(buckets)
    for bucket in buckets:
        yield _PREFIX + bucket.key
    yield units
    for bucket in buckets:
        yield bucket.quota
        yield bucket.window


def _draw(buckets: Sequence[Bucket], answer: Sequence[Any]) -> Draw:
    granted, now, *settled = answer
    debts = [float(moment) - float(now) for moment in settled]
    levels = tuple(Level(b, remaining(b, debt), debt) for b, debt in zip(buckets, debts, strict=True))
    retry_after = 0.0 if granted else max(wait(b, debt) for b, debt in zip(buckets, debts, strict=True))
    return Draw(bool(granted), levels, retry_after, shared=True)

"""The generic cell rate algorithm: a budget that refills evenly, kept as one moment per key."""

from collections import OrderedDict

from gateway.domain.time import Ticks
from gateway.ports import Bucket

_EXACT = 1e-6  # seconds: floats must not refuse what arithmetic grants


def per_unit(bucket: Bucket) -> float:
    return bucket.window / bucket.quota


def wait(bucket: Bucket, debt: float) -> float:
    """Seconds until one more unit fits."""
    seconds = debt + per_unit(bucket) - bucket.window
    return seconds if seconds > _EXACT else 0.0


def remaining(bucket: Bucket, debt: float) -> int:
    """Whole units that fit now."""
    return max(0, int((bucket.window - debt + _EXACT) / per_unit(bucket)))


def share(bucket: Bucket, edges: int) -> Bucket:
    """What one of *edges* processes may grant by itself: whole units, at exactly its part of the rate."""
    if edges == 1:
        return bucket
    quota = max(1, bucket.quota // edges)
    return Bucket(bucket.name, bucket.key, quota, quota * edges * per_unit(bucket))


class Debts:
    """Seconds of refilling that each key owes. Bounded: who was quiet longest is forgotten first."""

    def __init__(self, now: Ticks, *, capacity: int) -> None:
        self._now = now
        self._capacity = capacity
        self._settled_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._settled_at)

    def of(self, bucket: Bucket) -> float:
        debt = self._settled_at.get(bucket.key, 0.0) - self._now()
        if debt > bucket.window:  # more than fits: it was owed under another plan, and is forgotten
            self.owe(bucket, bucket.window)
            debt = self._settled_at[bucket.key] - self._now()
        return min(max(0.0, debt), bucket.window)

    def add(self, bucket: Bucket, units: int) -> None:
        """One unit more or less; never below nothing, never above a full window."""
        self.owe(bucket, self.of(bucket) + units * per_unit(bucket))

    def owe(self, bucket: Bucket, debt: float) -> None:
        """So much, whatever it was before."""
        self._settled_at[bucket.key] = self._now() + min(max(0.0, debt), bucket.window)
        self._settled_at.move_to_end(bucket.key)
        if len(self._settled_at) > self._capacity:
            self._settled_at.popitem(last=False)

"""Redis and the process agree: whatever is drawn and refunded, whenever, both say the same to the last bit.

The server's clock is the server's. That T seconds pass is the same as that every moment it remembers lies T earlier, so
that is what a test does; T is a multiple of what the floats of these years can hold exactly. What the clock said at a
draw is read off a bucket that is drawn along with the others: how much it owed then, and until when. Which rule comes
next depends on nothing that was granted: real time passes, too.
"""

import asyncio
import math
from pathlib import Path
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gateway.edge.counters import InProcessCounters
from gateway.edge.shared_counters import SharedCounters
from gateway.ports import Bucket, Draw
from tests.edge.test_counters import Watch
from tests.redis_server import RedisServer, ended

GRAIN = 2.0**-20  # seconds; the floats of unix time in this century are multiples of a quarter of it
FAR = 2**26
BUDGETS = st.tuples(st.integers(1, 40), st.sampled_from([0.04, 1.0, 7.0, 60.0, 3600.0, 86_400.0]))


class Both(RuleBasedStateMachine):
    """The same story told to the process and to Redis."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.redis = server.client()
        self.watch = Watch()
        self.here = InProcessCounters(self.watch)
        self.there = SharedCounters(server.url, local=InProcessCounters(Watch()), patience=60)
        self.loop.run(self.there.__aenter__())
        self.run = uuid4().hex
        self.hand = Bucket("clock", f"{{{self.run}}}:clock", 2 * FAR, 2.0 * FAR)  # owes a second more with each draw
        self.passed = 0.0
        self.redis.set(f"omnigate:quota:{self.hand.key}", int(self.redis.time()[0]) + FAR)
        self.buckets: list[Bucket] = []
        self.drawn: list[tuple[Draw, Draw]] = []
        self.told: tuple[list[Bucket], float] = ([], 0.0)

    @initialize(budgets=st.lists(BUDGETS, min_size=1, max_size=3))
    def plan(self, budgets: list[tuple[int, float]]) -> None:
        self.buckets = [
            Bucket(f"budget{number}", f"{{{self.run}}}:{number}", *budget) for number, budget in enumerate(budgets)
        ]

    @rule(chosen=st.lists(st.booleans(), min_size=3, max_size=3), times=st.integers(1, 12))
    def draw(self, chosen: list[bool], times: int) -> None:
        buckets = [bucket for bucket, taken in zip(self.buckets, chosen, strict=False) if taken]
        for _ in range(times):
            self._draw(buckets or self.buckets)

    def _draw(self, chosen: list[Bucket]) -> bool:
        settled = float(self.redis.get(f"omnigate:quota:{self.hand.key}") or 0)
        there = self.loop.run(self.there.draw([self.hand, *chosen]))
        assert there.shared
        self.watch.now = settled - (there.levels[0].resets_in - there.granted) + self.passed
        here = self.loop.run(self.here.draw(chosen))

        assert (there.granted, there.levels[1:], there.retry_after) == (here.granted, here.levels, here.retry_after)
        self.told = (chosen, here.retry_after)
        if here.granted:
            self.drawn.append((here, there))
        return here.granted

    @rule(which=st.integers(0, 5), budget=BUDGETS)
    def change_plan(self, which: int, budget: tuple[int, float]) -> None:
        number = which % len(self.buckets)
        old = self.buckets[number]
        self.buckets[number] = Bucket(old.name, old.key, *budget)
        self.drawn.clear()
        self.told = ([], 0.0)

    @rule(which=st.integers(0, 99))
    def refund(self, which: int) -> None:
        if self.drawn:
            here, there = self.drawn.pop(which % len(self.drawn))
            self.loop.run(self.here.refund(here))
            self.loop.run(self.there.refund(there))

    @rule(seconds=st.one_of(st.floats(0, 2), st.floats(0, 90_000)))
    def pass_by(self, seconds: float) -> None:
        whole = math.ceil(seconds / GRAIN) * GRAIN
        self.passed += whole
        self.watch.now += whole
        for bucket in self.buckets:
            if settled := self.redis.get(key := f"omnigate:quota:{bucket.key}"):
                self.redis.set(key, repr(float(settled) - whole), keepttl=True)

    @rule()
    def wait_as_told(self) -> None:
        refused, retry_after = self.told
        if retry_after:
            self.pass_by(retry_after)
            assert self._draw(refused)

    def teardown(self) -> None:
        self.loop.run(self.there.__aexit__())
        self.loop.close()
        self.redis.close()


def test_redis_and_the_process_say_the_same(tmp_path: Path) -> None:
    with ended(RedisServer(tmp_path)) as server:
        asyncio.run(server.start())
        run_state_machine_as_test(
            lambda: Both(server), settings=settings(deadline=None, max_examples=25, stateful_step_count=30)
        )

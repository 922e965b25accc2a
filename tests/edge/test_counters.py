"""The laws of a budget: never more than is granted, all buckets or none, nothing below nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import http_sf
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.counters import InProcessCounters
from gateway.edge.gcra import Debts
from gateway.edge.ratelimit import headers
from gateway.ports import Bucket, Draw

BUDGETS = st.builds(lambda quota, window: (quota, float(window)), st.integers(1, 50), st.integers(1, 3600))
STEPS = st.lists(st.floats(0, 30), min_size=1, max_size=120)
LAWS = settings(deadline=None, max_examples=50)


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(work: Coroutine[Any, Any, Draw]) -> Draw:
    return asyncio.run(work)


@LAWS
@given(budget=BUDGETS, steps=STEPS)
def test_no_window_sees_more_than_a_burst_and_what_refilled_meanwhile(
    budget: tuple[int, float], steps: list[float]
) -> None:
    quota, window = budget
    watch = Watch()
    counters = InProcessCounters(watch)
    bucket = Bucket("burst", "a", quota, window)
    begun, granted = watch.now, 0

    async def story() -> None:
        nonlocal granted
        for step in steps:
            watch.now += step
            granted += (await counters.draw([bucket])).granted

    asyncio.run(story())
    assert granted <= quota + (watch.now - begun) * quota / window + 1e-3


@LAWS
@given(budget=BUDGETS, draws=st.integers(1, 120))
def test_at_one_moment_exactly_the_quota_is_granted(budget: tuple[int, float], draws: int) -> None:
    bucket = Bucket("burst", "a", *budget)
    counters = InProcessCounters(Watch())

    async def story() -> list[Draw]:
        return [await counters.draw([bucket]) for _ in range(draws)]

    answers = asyncio.run(story())
    assert sum(draw.granted for draw in answers) == min(draws, bucket.quota)
    assert all(draw.levels[0].remaining == max(0, bucket.quota - number) for number, draw in enumerate(answers, 1))


@LAWS
@given(budget=BUDGETS, steps=STEPS)
def test_whoever_waits_as_long_as_told_is_granted(budget: tuple[int, float], steps: list[float]) -> None:
    watch = Watch()
    counters = InProcessCounters(watch)
    bucket = Bucket("burst", "a", *budget)

    async def story() -> None:
        for step in steps:
            watch.now += step
            draw = await counters.draw([bucket])
            if not draw.granted:
                assert 0 < draw.retry_after <= bucket.window
                watch.now += draw.retry_after
                assert (await counters.draw([bucket])).granted

    asyncio.run(story())


@LAWS
@given(small=st.integers(1, 20), large=st.integers(1, 20), draws=st.integers(1, 60))
def test_a_draw_takes_from_all_buckets_or_from_none(small: int, large: int, draws: int) -> None:
    counters = InProcessCounters(Watch())
    buckets = [Bucket("burst", "a:burst", small, 60.0), Bucket("daily", "a:daily", large, 86_400.0)]

    async def story() -> list[Draw]:
        return [await counters.draw(buckets) for _ in range(draws)]

    answers = asyncio.run(story())
    taken = sum(draw.granted for draw in answers)
    assert taken == min(small, large, draws)
    assert [level.remaining for level in answers[-1].levels] == [small - taken, large - taken]


@LAWS
@given(budget=BUDGETS, draws=st.integers(1, 60))
def test_what_is_refunded_can_be_drawn_again(budget: tuple[int, float], draws: int) -> None:
    bucket = Bucket("burst", "a", *budget)
    counters = InProcessCounters(Watch())

    async def story() -> None:
        for _ in range(draws):
            drawn = await counters.draw([bucket])
            assert drawn.granted
            await counters.refund(drawn)
        await counters.refund(drawn)  # never above the quota
        assert (await counters.draw([bucket])).levels[0].remaining == bucket.quota - 1

    asyncio.run(story())


def test_memory_is_bounded_and_the_quiet_are_forgotten_first() -> None:
    debts = Debts(Watch(), capacity=100)
    loud = Bucket("burst", "loud", 10, 60.0)

    for number in range(1000):
        debts.add(Bucket("burst", str(number), 10, 60.0), 1)
        debts.add(loud, 1)

    assert len(debts) == 100
    assert debts.of(loud) > 0


@LAWS
@given(quotas=st.lists(BUDGETS, min_size=1, max_size=3), steps=STEPS)
def test_the_fields_are_what_the_draft_says(quotas: list[tuple[int, float]], steps: list[float]) -> None:
    watch = Watch()
    counters = InProcessCounters(watch)
    buckets = [Bucket(f"budget{number}", f"a:{number}", *quota) for number, quota in enumerate(quotas)]

    for step in steps:
        watch.now += step
        draw = run(counters.draw(buckets))
        fields = headers(draw)
        policies = dict(http_sf.parse(fields["ratelimit-policy"].encode(), tltype="list"))
        levels = dict(http_sf.parse(fields["ratelimit"].encode(), tltype="list"))
        assert {name: value["q"] for name, value in policies.items()} == {b.name: b.quota for b in buckets}
        assert levels.keys() <= policies.keys()
        assert all(0 <= level["r"] <= policies[name]["q"] for name, level in levels.items())
        assert all(1 <= level["t"] <= policies[name]["w"] for name, level in levels.items() if "t" in level)
        if not draw.granted:
            assert levels
            assert all(level["r"] == 0 for level in levels.values())

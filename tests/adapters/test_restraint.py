"""What is not sent, to spare a back end: told by what a server heard, on a clock that the test moves."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from adapters.outbound import Answer, Bounds, Call, Outbound
from gateway.errors import Failed, Unknown
from gateway.ports import Promise, RetryClass, sending
from gateway.promises import Pace
from observability.metrics import BackEndMetrics

KEYED = Promise(RetryClass.KEYED)
QUESTION = Call(method="GET", path="/things", promise=Promise(RetryClass.NATURAL))
BOUNDS = Bounds(failures=3, rest=5.0, repeats_per_second=0.2, wait=0.05)


@dataclass
class BackEnd(httpx2.AsyncBaseTransport):
    """Says what it is told to; a status, or silence."""

    status: int | None = 200
    heard: int = 0
    now: float = 1000.0
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.heard += 1
        if self.status is None:
            raise httpx2.ReadError("cut")
        return httpx2.Response(self.status, stream=httpx2.ByteStream(b"{}"))

    def told(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, {"system": "erp", **labels}) or 0.0


@asynccontextmanager
async def client(back_end: BackEnd, bounds: Bounds = BOUNDS) -> AsyncIterator[Outbound]:
    metrics = BackEndMetrics(back_end.registry)
    outbound = Outbound(
        "erp", url="http://erp", bounds=bounds, transport=back_end, ticks=lambda: back_end.now, metrics=metrics
    )
    async with outbound:
        yield outbound


async def asked(outbound: Outbound, key: str = "", *, promise: Promise = KEYED) -> Answer:
    with sending(datetime.now(UTC) + timedelta(seconds=60), key=key):
        return await outbound.send(Call(method="POST", path="/things", promise=promise))


async def in_trouble(outbound: Outbound, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unknown):
            await asked(outbound)


@pytest.mark.parametrize("status", [None, 500, 503])
async def test_a_back_end_in_trouble_is_left_alone(status: int | None) -> None:
    back_end = BackEnd(status)
    async with client(back_end) as outbound:
        for _ in range(3):
            try:
                assert (await asked(outbound)).status == status
            except Unknown:
                assert status is None

        with pytest.raises(Failed) as refused:
            await asked(outbound)

    assert back_end.heard == 3
    assert refused.value.facts["code"] == "breaker_open"
    assert back_end.told("omnigate_back_end_breaker_open") == 1
    assert back_end.told("omnigate_back_end_breaker_opened_total") == 1
    assert back_end.told("omnigate_back_end_refusals_total", why="breaker_open") == 1


async def test_one_call_tries_whether_it_is_well_again_and_then_all_may() -> None:
    back_end = BackEnd(None)
    async with client(back_end) as outbound:
        await in_trouble(outbound, 3)
        back_end.now += 5.0
        await in_trouble(outbound, 1)
        with pytest.raises(Failed):
            await asked(outbound)
        back_end.now, back_end.status = back_end.now + 5.0, 200

        for _ in range(4):
            await asked(outbound)

    assert back_end.heard == 3 + 1 + 4
    assert back_end.told("omnigate_back_end_breaker_open") == 0


async def test_look_ups_that_are_answered_do_not_hide_that_effects_are_not() -> None:
    back_end = BackEnd(None)
    async with client(back_end) as outbound:
        for _ in range(3):
            back_end.status = None
            await in_trouble(outbound, 1)
            back_end.status = 200
            await outbound.send(QUESTION)

        with pytest.raises(Failed):
            await asked(outbound)
        assert (await outbound.send(QUESTION)).status == 200


async def test_a_no_is_no_trouble() -> None:
    back_end = BackEnd(409)
    async with client(back_end) as outbound:
        statuses = [(await asked(outbound)).status for _ in range(10)]

    assert statuses == [409] * 10


async def test_a_5xx_that_a_system_says_when_it_is_well_is_no_trouble() -> None:
    lost = Call(method="POST", path="/things", promise=KEYED, asks=True, busy=frozenset({503}))
    async with client(BackEnd(503)) as outbound:
        statuses = [(await outbound.send(lost)).status for _ in range(10)]

    assert statuses == [503] * 10


async def test_a_pace_is_kept_by_all_operations_that_declare_it() -> None:
    back_end, unhurried = BackEnd(), Promise(RetryClass.KEYED, pace=Pace(2.0, burst=3))
    other = Promise(RetryClass.NATURAL, pace=Pace(2.0, burst=3))
    async with client(back_end) as outbound:
        granted = [await granted_to(outbound, promise) for promise in (unhurried, other, unhurried, other)]
        back_end.now += 0.5
        later = [await granted_to(outbound, promise) for promise in (other, unhurried)]
        await asked(outbound)

    assert (granted, later) == ([True, True, True, False], [True, False])
    assert back_end.told("omnigate_back_end_refusals_total", why="paced") == 2


async def test_several_processes_keep_a_pace_together() -> None:
    back_end, unhurried = BackEnd(), Promise(RetryClass.KEYED, pace=Pace(2.0))
    async with client(back_end, Bounds(processes=4, wait=0)) as outbound:
        granted = []
        for _ in range(8):
            granted.append(await granted_to(outbound, unhurried))
            back_end.now += 0.5

    assert sum(granted) == 2


async def granted_to(outbound: Outbound, promise: Promise) -> bool:
    try:
        await asked(outbound, promise=promise)
    except Failed:
        return False
    return True


async def test_repeats_are_paid_for_by_first_calls() -> None:
    """Two may be repeated in ten seconds anyway, and one in ten of the forty."""
    back_end = BackEnd(404)
    keys = [f"key-{number}" for number in range(40)]
    async with client(back_end) as outbound:
        for key in keys:
            await asked(outbound, key)

        assert await repeated(outbound, keys) == 4 + 2
        back_end.now += 60
        assert await repeated(outbound, keys) == 2

    assert back_end.heard == 40 + 6 + 2


async def repeated(outbound: Outbound, keys: Sequence[str]) -> int:
    granted, codes = 0, list[object]()
    for key in keys:
        try:
            await asked(outbound, key)
            granted += 1
        except Failed as refused:
            codes.append(refused.facts["code"])
    assert set(codes) <= {"repeats_spent"}
    return granted


async def test_what_was_never_sent_is_no_repeat() -> None:
    back_end = BackEnd(None)
    async with client(back_end) as outbound:
        await in_trouble(outbound, 3)
        for _ in range(30):
            with pytest.raises(Failed):
                await asked(outbound, "one key")
        back_end.now, back_end.status = back_end.now + 5.0, 200

        assert (await asked(outbound, "one key")).status == 200


async def test_the_calls_of_one_attempt_are_no_repeats_of_each_other() -> None:
    back_end = BackEnd()
    async with client(back_end, Bounds(repeats=0, repeats_per_second=0)) as outbound:
        with sending(datetime.now(UTC) + timedelta(seconds=60), key="several calls"):
            for _ in range(5):
                await outbound.send(Call(method="POST", path="/things", promise=KEYED))

    assert back_end.heard == 5

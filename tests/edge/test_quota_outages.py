"""While Redis is away every plan gets what it asked for, and what was drawn goes back where it was drawn."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import orjson
import pytest

from gateway.edge.counters import InProcessCounters
from gateway.edge.shared_counters import SharedCounters
from gateway.governance.bundle import Bundle
from gateway.governance.quotas import Budget, Plan
from gateway.ports import Bucket, Outage
from tests.edge.notes import notes
from tests.edge.test_counters import Watch
from tests.gate import Gate, open_gate
from tests.proof.processes import until
from tests.redis_server import RedisServer, ended

NOTE = "/v1/notes/hello"
HOURLY = Bucket("hourly", "{partner:web}:hourly", 10, 3600.0)
PASSWORD = "canary-5c1d-do-not-log"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with ended(RedisServer(tmp_path)) as server:
        yield server


def counting(url: str, *, edges: int = 1) -> SharedCounters:
    """An edge's counters; patient enough for a busy machine, and no more than a test can bear to wait."""
    return SharedCounters(url, local=InProcessCounters(Watch(), edges=edges), patience=1.0)


@asynccontextmanager
async def edge_of_two(
    redis: RedisServer, database_url: str, home: Path, bundle: Bundle, on_outage: Outage
) -> AsyncIterator[Gate]:
    """One of two edges, and a plan that grants six an hour."""
    plans = {"hourly": Plan((Budget("hourly", 6, 3600),), {}, on_outage)}
    bundle = replace(bundle, quotas=replace(bundle.quotas, plans=plans, default_plan="hourly"))
    async with (
        counting(redis.url, edges=2) as counters,
        open_gate(database_url, home, bundle=bundle, router=notes(database_url), counters=counters) as gate,
    ):
        yield gate


@pytest.mark.parametrize("kind", ["killed", "frozen", "refusing"])
@pytest.mark.parametrize(
    ("on_outage", "expected"),
    [
        ("local_share", [200, 200, 429, 429]),  # 2 of 6 are spent: the same part of our 3
        ("open", [200, 200, 200, 200]),
        ("closed", [503, 503, 503, 503]),
    ],
)
async def test_a_plan_gets_what_it_asked_for(
    redis: RedisServer, database_url: str, home: Path, bundle: Bundle, kind: str, on_outage: Outage, expected: list[int]
) -> None:
    await redis.start()
    if kind == "refusing":
        redis.kill()
    async with edge_of_two(redis, database_url, home, bundle, on_outage) as gate:
        headers = await gate.bearer(await gate.partner(plan="hourly"))
        if kind != "refusing":
            for left in (5, 4):
                assert f'"hourly";r={left};' in (await gate.http.get(NOTE, headers=headers)).headers["ratelimit"]
            redis.kill() if kind == "killed" else redis.freeze()

        answers = [await gate.http.get(NOTE, headers=headers) for _ in range(4)]

    granted_anew = kind == "refusing" and on_outage == "local_share"
    assert [answer.status_code for answer in answers] == ([200, 200, 200, 429] if granted_anew else expected)
    policies = {answer.headers.get("ratelimit-policy") for answer in answers}
    assert policies == ({'"hourly";q=3;w=3600'} if on_outage == "local_share" else {None})
    if on_outage == "closed":
        assert {(a.json()["code"], a.json()["effect"], a.headers["retry-after"]) for a in answers} == {
            ("unavailable", "none", "1")
        }


@pytest.mark.parametrize("kind", ["killed", "frozen"])
async def test_an_outage_is_noticed_once_and_so_is_its_end(tmp_path: Path, lines: BytesIO, kind: str) -> None:
    with ended(RedisServer(tmp_path, "--requirepass", PASSWORD)) as redis:
        await redis.start()
        async with counting(redis.url.replace("//", f"//:{PASSWORD}@")) as edge:
            assert (await edge.draw([HOURLY])).shared
            redis.kill() if kind == "killed" else redis.freeze()
            for _ in range(20):
                assert not (await edge.draw([HOURLY])).shared
            if kind == "killed":
                await redis.start()
            else:
                redis.thaw()
            await until(lambda: _shared(edge), what="Redis counts again", within=60)

    told = [orjson.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["event"] for line in told] == ["redis_present", "redis_away", "redis_present"]
    assert {line["address"] for line in told} == {f"127.0.0.1:{redis.port}"}
    assert PASSWORD.encode() not in lines.getvalue()


async def _shared(edge: SharedCounters) -> bool:
    return (await edge.draw([HOURLY])).shared


async def test_what_was_drawn_in_redis_is_given_back_there_or_not_at_all(redis: RedisServer) -> None:
    await redis.start()
    async with counting(redis.url) as edge:
        drawn = [await edge.draw([HOURLY]) for _ in range(4)]
        redis.freeze()
        for draw in drawn:
            await edge.refund(draw)
        alone = await edge.draw([HOURLY])

    assert drawn[-1].levels[0].remaining == 6
    assert (alone.shared, alone.levels[0].remaining) == (False, 5)


async def test_what_was_drawn_alone_is_given_back_here_although_redis_is_there_again(redis: RedisServer) -> None:
    async with counting(redis.url) as edge:
        alone = [await edge.draw([HOURLY]) for _ in range(4)]
        await redis.start()
        await until(lambda: _shared(edge), what="Redis counts", within=60)
        before = await edge.draw([HOURLY])
        for draw in alone:
            await edge.refund(draw)
        after = await edge.draw([HOURLY])

    assert [draw.shared for draw in alone] == [False] * 4
    assert after.levels[0].remaining == before.levels[0].remaining - 1


async def test_a_draw_without_an_answer_ends_when_the_edge_does(redis: RedisServer) -> None:
    await redis.start()
    edge = SharedCounters(redis.url, local=InProcessCounters(Watch()), patience=60)
    async with edge:
        redis.freeze()
        drawing = [asyncio.create_task(edge.draw([HOURLY])) for _ in range(3)]
        await asyncio.sleep(0)

    assert [(await draw).shared for draw in drawing] == [False] * 3


async def test_a_caller_who_gives_up_does_not_disturb_the_others(redis: RedisServer) -> None:
    await redis.start()
    async with counting(redis.url) as edge:
        leaving = asyncio.create_task(edge.draw([HOURLY]))
        staying = asyncio.create_task(edge.draw([HOURLY]))
        await asyncio.sleep(0)
        leaving.cancel()

        draw = await staying
        later = await edge.draw([HOURLY])

    assert draw.shared
    assert later.shared

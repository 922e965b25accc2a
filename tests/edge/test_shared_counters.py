"""Budgets that several edges share: one count, that cleans up behind itself and survives what Redis forgets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.edge.counters import InProcessCounters
from gateway.edge.shared_counters import SharedCounters
from gateway.errors import Misconfigured
from gateway.governance.bundle import Bundle
from gateway.governance.quotas import Budget, Plan
from gateway.ports import Bucket
from tests.edge.notes import notes
from tests.edge.test_counters import Watch
from tests.gate import Gate, open_gate
from tests.proof.processes import until
from tests.redis_server import RedisServer, ended

NOTE = "/v1/notes/hello"
HOURLY = Bucket("hourly", "{partner:web}:hourly", 10, 3600.0)
DAILY = Bucket("daily", "{partner:web}:daily", 25, 86_400.0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with ended(RedisServer(tmp_path_factory.mktemp("redis"))) as server:
        asyncio.run(server.start())
        yield server


@pytest.fixture
def redis(running: RedisServer) -> RedisServer:
    """An empty Redis."""
    with running.client() as client:
        client.flushall()
    return running


def counting(redis: RedisServer) -> SharedCounters:
    """An edge's counters, as patient as a busy machine needs."""
    return SharedCounters(redis.url, local=InProcessCounters(Watch()), patience=60)


async def test_what_many_edges_grant_at_once_is_the_quota(redis: RedisServer) -> None:
    async with counting(redis) as one, counting(redis) as other:
        draws = await asyncio.gather(*(edge.draw([HOURLY, DAILY]) for _ in range(40) for edge in (one, other)))

    assert sum(draw.granted for draw in draws) == HOURLY.quota
    assert {level.bucket.name: level.remaining for level in draws[-1].levels} == {"hourly": 0, "daily": 15}


async def test_keys_go_by_themselves_and_at_once_when_nothing_is_owed(redis: RedisServer) -> None:
    async with counting(redis) as edge:
        drawn = [await edge.draw([HOURLY, DAILY]) for _ in range(2)]
        with redis.client() as client:
            lives = {key: client.pttl(key) for key in client.keys("*{*")}
            for draw in drawn:
                await edge.refund(draw)
            left = client.keys("*{*")

    assert set(lives) == {b"omnigate:quota:{partner:web}:hourly", b"omnigate:quota:{partner:web}:daily"}
    assert all(0 < life <= 2 * 3_600_000 for life in lives.values())
    assert left == []


async def test_a_redis_that_forgot_the_script_is_told_it_again(redis: RedisServer) -> None:
    async with counting(redis) as edge:
        await edge.draw([HOURLY])
        with redis.client() as client:
            client.script_flush()

        draws = await asyncio.gather(*(edge.draw([HOURLY]) for _ in range(5)))

    assert all(draw.shared for draw in draws)
    assert min(draw.levels[0].remaining for draw in draws) == 4


async def test_what_is_not_ours_under_our_key_is_overwritten(redis: RedisServer) -> None:
    with redis.client() as client:
        client.lpush(f"omnigate:quota:{HOURLY.key}", "not a moment")
        client.set(f"omnigate:quota:{DAILY.key}", "nor this")
    async with counting(redis) as edge:
        draw = await edge.draw([HOURLY, DAILY])

    assert [level.remaining for level in draw.levels] == [9, 24]


async def test_a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_window(redis: RedisServer) -> None:
    second = Bucket("burst", "{partner:web}:burst", 5, 1.0)
    key = f"omnigate:quota:{second.key}"
    async with counting(redis) as edge:
        with redis.client() as client:
            now = int(client.time()[0])
            client.set(key, now + 86_400)
            draw = await edge.draw([second])
            settled = float(client.get(key) or 0)

    assert not draw.granted
    assert draw.retry_after <= 1
    assert settled <= now + 3


async def test_one_partners_buckets_lie_together_in_a_cluster(tmp_path: Path) -> None:
    with ended(RedisServer(tmp_path, "--cluster-enabled", "yes")) as node:
        await node.start()
        with node.client() as client:
            client.execute_command("CLUSTER ADDSLOTS", *range(16_384))
        async with counting(node) as edge:

            async def whole() -> bool:  # the node takes a moment to find that it is the whole cluster
                return (await edge.draw([HOURLY, DAILY])).shared

            await until(whole, what="the cluster counts", within=60)
            draw = await edge.draw([HOURLY, DAILY])

    assert [level.remaining for level in draw.levels] == [8, 23]


@asynccontextmanager
async def replicas(redis: RedisServer, database_url: str, home: Path, bundle: Bundle) -> AsyncIterator[list[Gate]]:
    """Two edges over one database and one Redis."""
    plans = {"hourly": Plan((Budget("hourly", 6, 3600),), {}, "local_share")}
    bundle = replace(bundle, quotas=replace(bundle.quotas, plans=plans, default_plan="hourly"))
    async with AsyncExitStack() as stack:
        gates = []
        for _ in range(2):
            counters = await stack.enter_async_context(counting(redis))
            gate = open_gate(database_url, home, bundle=bundle, router=notes(database_url), counters=counters)
            gates.append(await stack.enter_async_context(gate))
        yield gates


async def test_two_edges_share_a_partners_quota(
    redis: RedisServer, database_url: str, home: Path, bundle: Bundle
) -> None:
    async with replicas(redis, database_url, home, bundle) as (one, other):
        headers = await one.bearer(await one.partner(plan="hourly"))

        answers = [await gate.http.get(NOTE, headers=headers) for _ in range(5) for gate in (one, other)]

    assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 4
    assert answers[5].headers["ratelimit"].startswith('"hourly";r=0;t=')
    assert answers[-1].json()["violated_policies"] == ["hourly"]


@pytest.mark.parametrize("path", ["/v1/notes/crash", "/v1/notes/away"])
async def test_faults_of_ours_cost_nothing_anywhere(
    redis: RedisServer, database_url: str, home: Path, bundle: Bundle, path: str
) -> None:
    async with replicas(redis, database_url, home, bundle) as (one, other):
        headers = await one.bearer(await one.partner(plan="hourly"))

        faults = [(await gate.http.get(path, headers=headers)).status_code for _ in range(5) for gate in (one, other)]
        answer = await other.http.get(NOTE, headers=headers)

    assert min(faults) >= 500
    assert answer.headers["ratelimit"].startswith('"hourly";r=5;')


async def test_replays_cost_nothing_anywhere(redis: RedisServer, database_url: str, home: Path, bundle: Bundle) -> None:
    async with replicas(redis, database_url, home, bundle) as (one, other):
        headers = await one.bearer(await one.partner(plan="hourly"))
        keyed = {**headers, "idempotency-key": "0123456789abcdef"}

        for _ in range(5):
            for gate in (one, other):
                assert (await gate.http.post("/v1/notes", json={"text": "hello"}, headers=keyed)).status_code == 200
        answer = await other.http.get(NOTE, headers=headers)

    assert answer.headers["ratelimit"].startswith('"hourly";r=4;')


@pytest.mark.parametrize("url", ["http://:canary@redis:6379", "redis://:canary@redis:port", "redis://h?canary=1"])
def test_an_address_that_is_no_redis_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(Misconfigured, match="REDIS_URL is no address of a Redis; write redis://") as refused:
        SharedCounters(url, local=InProcessCounters(Watch()))

    assert "canary" not in str(refused.value)

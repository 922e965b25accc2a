"""R15: two edges over one Redis under five times the quota: what is admitted, and do the fields tell the truth."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import http_sf
import uvloop

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners.registry import Registry
from gateway.settings import ROOT
from gateway.store.pool import Database
from tests.benchmarks.figures import Findings, Row, goal
from tests.benchmarks.gate import Gate, installation, token_of
from tests.benchmarks.processes import folder, free_port, omnigate, running
from tests.redis_server import RedisServer, ended

QUOTA, OFFERED = 100, 5
WARM_UP = 3.0  # seconds until the burst that a rested budget holds is spent
CONNECTIONS = 8  # to each edge
OBEDIENT = 8  # partners that do as they are told
QUOTAS = f"""
default_plan: hundred
plans:
  hundred:
    burst: {{quota: {QUOTA}, window: 1}}
    daily: {{quota: 10000000, window: 86400}}
  five:
    burst: {{quota: 5, window: 1}}
  slow:
    slow: {{quota: 2, window: 20}}
addresses: {{quota: 1000000, window: 60}}
token_route: {{quota: 1000, window: 60}}
"""


@dataclass(slots=True)
class Seen:
    offered: int = 0
    admitted: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    fields: set[tuple[str, str]] = field(default_factory=set)
    retries: list[bool] = field(default_factory=list)  # by those who waited as long as told: were they admitted
    late: list[float] = field(default_factory=list)  # seconds between when `t` said there is more, and when there was


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]


Free = asyncio.Queue["Connection"]


class Connection:
    """One keep-alive connection to an edge."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
        self.reader, self.writer, self.seen = reader, writer, seen

    async def list(self, token: str) -> Answer:
        self.writer.write(
            b"GET /v1/orders?page_size=1 HTTP/1.1\r\nhost: edge\r\nauthorization: Bearer %b\r\n\r\n" % token.encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        await self.reader.readexactly(int(headers["content-length"]))
        self.seen.statuses[int(head[0][9:12])] += 1
        self.seen.fields.add((headers.get("ratelimit", ""), headers.get("ratelimit-policy", "")))
        return Answer(int(head[0][9:12]), headers)


def measure(*, seconds: float) -> Findings:
    with _replicas() as (gate, ports, logs), asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        seen = loop.run(_measured(gate, ports, seconds))
        alone = sum(log.read_text().count('"redis_away"') for log in logs)
    part = seen.admitted / (QUOTA * seconds)
    obeyed = sum(seen.retries) / max(1, len(seen.retries))
    sound, sane = _parsed(seen)
    worst = max(map(abs, seen.late), default=0.0)
    rows = [
        Row(f"R15 admitted in {seconds:g} s, two edges, {QUOTA}/s",
            f"{seen.admitted:,} of {seen.offered:,}", f"{part:.4f} of the quota",
            *goal(part, "0.98 to 1.01", at_least=0.98, at_most=1.01)),
        Row("R15 fields that parse, with r >= 0", f"{sane:,} of {sound:,} different", "",
            *goal(sane / sound, "all", at_least=1)),
        Row("R15 `t` against when there was more", f"off by at most {worst:.2f} s ({len(seen.late)} times)", "",
            *goal(worst, "<= 1 s", at_most=1)),
        Row("R15 admitted after `Retry-After`", f"{sum(seen.retries):,} of {len(seen.retries):,}", f"{obeyed:.1%}",
            *goal(obeyed, ">= 99 %", at_least=0.99)),
    ]  # fmt: skip
    told = (
        f"R15: {QUOTA * OFFERED} lists of orders a second from one partner, by turns to both edges, counted for"
        f" {seconds:g} s after {WARM_UP:g} s in which the burst is spent (a rested budget holds {QUOTA} more). Beside"
        f" it {OBEDIENT} partners with a quota of 5 a second who wait as long as `Retry-After` says, and one with 2 in"
        f" 20 s. Answers: {dict(seen.statuses)}. The edges lost sight of Redis {alone} times, for lack of a processor:"
        " then each goes on with its share by itself."
    )
    return Findings(rows, [told])


@contextmanager
def _replicas() -> Iterator[tuple[Gate, tuple[int, int], tuple[Path, Path]]]:
    with ExitStack() as stack:
        home = stack.enter_context(folder())
        shutil.copytree(ROOT / "tests" / "governance" / "policies", home / "policies")
        shutil.copy(ROOT / "policies" / "access.yaml", home / "policies")
        (home / "policies" / "quotas.yaml").write_text(QUOTAS)
        redis = stack.enter_context(ended(RedisServer(home)))
        asyncio.run(redis.start())
        told = {"REDIS_URL": redis.url, "OMNIGATE_EDGES": "2", "OMNIGATE_POLICIES": str(home / "policies")}
        gate = stack.enter_context(installation(**told))
        port = free_port()
        env = {**gate.env, "OMNIGATE_PORT": str(port), "OMNIGATE_PUBLIC_URL": f"http://127.0.0.1:{gate.port}"}
        ready = f"http://127.0.0.1:{port}/readyz"
        stack.enter_context(running(*omnigate("serve"), env=env, log=home / "second.log", ready=ready))
        yield gate, (gate.port, port), (gate.home / "serve.log", home / "second.log")


async def _measured(gate: Gate, ports: tuple[int, int], seconds: float) -> Seen:
    seen = Seen()
    hundred = await _partner(gate, "flood", "hundred")
    fives = [await _partner(gate, f"five-{number}", "five") for number in range(OBEDIENT)]
    slow = await _partner(gate, "slow", "slow")
    until = time.perf_counter() + WARM_UP + seconds
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_flood(ports, hundred, until, seconds, seen))
        for number, token in enumerate(fives):
            tasks.create_task(_obey(ports[number % 2], token, until, seen))
        tasks.create_task(_wait_for_more(ports, slow, until, seen))
    return seen


async def _partner(gate: Gate, name: str, plan: str) -> str:
    database = Database(gate.database, connections=2, name="omnigate-bench")
    await database.open()
    try:
        registry = Registry(database, clock=system_clock, mint=mint)
        scopes, channels = frozenset({"orders:read"}), frozenset({f"{name}-uk"})
        partner = await registry.add(name, channels=channels, scopes=scopes, plan=plan, operator="bench")
    finally:
        await database.close()
    return await asyncio.to_thread(token_of, f"http://127.0.0.1:{gate.port}", partner)


async def _flood(ports: tuple[int, int], token: str, until: float, seconds: float, seen: Seen) -> None:
    """An open loop over a few connections, five times the quota."""
    counts_from, number = until - seconds, 0
    begun = until - seconds - WARM_UP
    async with _connected(ports[0], seen) as one, _connected(ports[1], seen) as other:
        free = (one, other)

        async def ask(side: int) -> None:
            connection = await free[side].get()
            if time.perf_counter() < until:  # on a busy machine some wait for a connection until the end
                answer = await connection.list(token)
                counts = counts_from <= time.perf_counter() < until
                seen.offered += counts
                seen.admitted += counts and answer.status == 200
            free[side].put_nowait(connection)

        async with asyncio.TaskGroup() as asking:
            while (sent := begun + number / (QUOTA * OFFERED)) < until:
                await asyncio.sleep(max(0.0, sent - time.perf_counter()))
                asking.create_task(ask(number % 2))
                number += 1


async def _obey(port: int, token: str, until: float, seen: Seen) -> None:
    async with _connected(port, seen, 1) as free:
        connection, told = free.get_nowait(), False
        while time.perf_counter() < until:
            answer = await connection.list(token)
            if told:
                seen.retries.append(answer.status == 200)
            told = answer.status == 429
            await asyncio.sleep(int(answer.headers["retry-after"]) if told else 0.05)


async def _wait_for_more(ports: tuple[int, int], token: str, until: float, seen: Seen) -> None:
    """Asks again and again; what was promised by the first refusal is compared with when the next one was admitted."""
    async with _connected(ports[0], seen, 1) as here, _connected(ports[1], seen, 1) as there:
        connections, promised = (here.get_nowait(), there.get_nowait()), 0.0
        for number in range(1_000_000):
            if time.perf_counter() > until:
                break
            answer = await connections[number % 2].list(token)
            if answer.status == 200 and promised:
                seen.late.append(time.perf_counter() - promised)
            if answer.status == 200:
                promised = 0.0
            elif not promised:
                level = http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list")[0][1]
                promised = time.perf_counter() + int(level["t"])
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _connected(
    port: int, seen: Seen, connections: int = CONNECTIONS
) -> AsyncIterator["asyncio.Queue[Connection]"]:
    free: Free = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(Connection(*await asyncio.open_connection("127.0.0.1", port), seen))
    opened = [free.get_nowait() for _ in range(connections)]
    for connection in opened:
        free.put_nowait(connection)
    try:
        yield free
    finally:
        for connection in opened:
            connection.writer.close()


def _parsed(seen: Seen) -> tuple[int, int]:
    """How many pairs of fields there were, and how many are what the draft says."""
    good = 0
    for level, policy in seen.fields:
        try:
            levels = dict(http_sf.parse(level.encode(), tltype="list"))
            policies = dict(http_sf.parse(policy.encode(), tltype="list"))
        except ValueError:
            continue
        good += bool(levels) and all(v["r"] >= 0 and name in policies for name, v in levels.items())
    return len(seen.fields), good

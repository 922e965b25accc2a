"""`omnigate serve --workers`: several processes on one port, watched over, each with its share of what is allowed."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest
from cryptography.fernet import Fernet
from httpx2 import AsyncClient, HTTPError, Response

from gateway.domain.identifiers import mint
from gateway.domain.time import system_clock
from gateway.partners import SCOPES
from gateway.partners.registry import Registry
from gateway.settings import ROOT
from gateway.store.pool import Database
from tests.proof.processes import Process, free_port, start, until
from tests.redis_server import RedisServer, ended

STARTED = 120.0  # seconds, on a busy machine
QUOTAS = """
default_plan: hourly
plans:
  hourly:
    hourly: {quota: 8, window: 3600}
    operations:
      list_orders: {quota: 6, window: 3600}
addresses: {quota: 200, window: 60}
token_route: {quota: 60, window: 60}
"""

Serve = Callable[..., Process]


@pytest.fixture
def address() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def serve(database_url: str, home: Path, address: str) -> Iterator[Serve]:
    """Starts `omnigate serve` over a database of the test's own."""
    policies = home / "policies"
    shutil.copytree(ROOT / "tests" / "governance" / "policies", policies)  # its plans are no others'
    (policies / "quotas.yaml").write_text(QUOTAS)
    (policies / "access.yaml").write_bytes((ROOT / "policies" / "access.yaml").read_bytes())
    environment = {
        "OMNIGATE_HOME": str(home),
        "OMNIGATE_SECRET_KEY": Fernet.generate_key().decode(),
        "OMNIGATE_POLICIES": str(policies),
        "OMNIGATE_PORT": address.rpartition(":")[2],
        "DATABASE_URL": database_url,
    }
    started: list[Process] = []

    def start_it(*options: str, **more: str) -> Process:
        log = home / f"serve-{len(started)}.log"
        started.append(start("serve", "serve", *options, environment=environment | more, log=log))
        return started[-1]

    yield start_it
    for process in started:
        process.end(within=60)


def serving(supervisor: Process) -> set[int]:
    """The processes that serve."""
    pid = supervisor.running.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def answers(url: str, process: Process) -> None:
    async def ready() -> bool:
        assert process.alive, process.log.read_text()[-2000:]
        try:
            async with AsyncClient() as http:
                return (await http.get(url)).status_code == 200
        except HTTPError:
            return False

    await until(ready, what=f"{url} answers", within=STARTED)


async def lists(address: str, token: str, times: int) -> list[Response]:
    """Lists of orders, each asked for on a connection of its own, so that no process is its favourite."""
    seen = []
    for _ in range(times):
        async with AsyncClient(timeout=60) as http:
            seen.append(await http.get(f"{address}/v1/orders", headers={"authorization": f"Bearer {token}"}))
    return seen


async def token_for(address: str, database_url: str) -> str:
    database = Database(database_url, connections=2, name="test")
    await database.open()
    try:
        registry = Registry(database, clock=system_clock, mint=mint)
        channels = frozenset({"web-uk"})
        partner = await registry.add("web", channels=channels, scopes=SCOPES, plan="hourly", operator="tess")
    finally:
        await database.close()
    async with AsyncClient(timeout=60) as http:
        form, basic = {"grant_type": "client_credentials"}, (partner.client_id, partner.client_secret)
        token: str = (await http.post(f"{address}/oauth/token", data=form, auth=basic)).json()["access_token"]
    return token


@pytest.mark.proof
async def test_processes_share_quotas_out_and_dead_ones_are_replaced(
    serve: Serve, address: str, database_url: str
) -> None:
    supervisor = serve("--workers", "2")
    await answers(f"{address}/readyz", supervisor)
    seen = await lists(address, await token_for(address, database_url), 30)
    first = serving(supervisor)
    victim = min(first)
    os.kill(victim, SIGKILL)

    async def whole() -> bool:
        return len(serving(supervisor) - {victim}) == 2

    await until(whole, what="the dead process is replaced", within=STARTED)
    await answers(f"{address}/readyz", supervisor)
    second = serving(supervisor)

    assert await asyncio.to_thread(supervisor.end, SIGTERM, within=60) == 0
    assert not any(lives(pid) for pid in first | second)
    assert {answer.headers["ratelimit-policy"] for answer in seen} == {'"hourly";q=4;w=3600, "list_orders";q=3;w=3600'}
    assert 3 <= sum(answer.status_code == 200 for answer in seen) <= 6
    assert '"counted":"in each process","share_of_a_process":"1/2"' in supervisor.log.read_text()


@pytest.mark.proof
async def test_with_redis_they_draw_from_the_whole(
    serve: Serve, address: str, database_url: str, tmp_path: Path
) -> None:
    with ended(RedisServer(tmp_path)) as redis:
        await redis.start()
        supervisor = serve("--workers", "2", REDIS_URL=redis.url)
        await answers(f"{address}/readyz", supervisor)
        token = await token_for(address, database_url)

        async def counted_together() -> bool:
            (answer,) = await lists(address, token, 1)
            return answer.headers["ratelimit-policy"] == '"hourly";q=8;w=3600, "list_orders";q=6;w=3600'

        await until(counted_together, what="Redis has counted", within=STARTED)

    assert '"counted":"in Redis","share_of_a_process":"1/2"' in supervisor.log.read_text()


@pytest.mark.proof
async def test_no_process_outlives_its_supervisor(serve: Serve, address: str) -> None:
    supervisor = serve("--workers", "2")
    await answers(f"{address}/readyz", supervisor)
    processes = serving(supervisor)

    supervisor.end(SIGKILL)

    async def gone() -> bool:
        return not any(lives(pid) for pid in processes)

    await until(gone, what="the processes have ended", within=STARTED)


@pytest.mark.proof
async def test_what_cannot_start_is_not_tried_for_ever(serve: Serve) -> None:
    supervisor = serve("--workers", "2", OMNIGATE_SECRET_KEY="no-key")

    code = await asyncio.to_thread(supervisor.running.wait, STARTED)

    assert code == 3
    assert '"event":"edge_cannot_start"' in supervisor.log.read_text()


async def test_an_address_that_is_no_redis_stops_the_start_and_is_not_repeated(serve: Serve) -> None:
    process = serve(REDIS_URL="redis://h?canary=1")

    code = await asyncio.to_thread(process.running.wait, STARTED)

    told = process.log.read_text()
    assert code == 1
    assert "omnigate: REDIS_URL is no address of a Redis; write redis://" in told
    assert "canary" not in told

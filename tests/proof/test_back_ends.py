"""One back end hangs, another is away: the others go on, and neither is asked more than it can bear."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.proof.books import effects
from tests.proof.client import Channel
from tests.proof.load import Load
from tests.proof.paced_erp import PACE
from tests.proof.processes import free_port, until
from tests.proof.rig import Rig
from tests.scrape import scrape

pytestmark = pytest.mark.proof

Json = dict[str, Any]

BUYERS, BETWEEN, WORKERS = 4, 1.0, 2
BEFORE, TROUBLE, AFTER = 4.0, 20.0, 12.0
LAST = 4.0  # seconds: what was placed in them may be under way when the books are read
WINDOW = 5.0  # seconds over which a pace is looked at; a busy machine delivers calls unevenly


@dataclass(frozen=True)
class Scene:
    rig: Rig
    channel: Channel
    load: Load
    ports: tuple[int, ...]

    async def strike(self, system: str, kind: str) -> None:
        """Every call of the system, from now on."""
        struck = {"system": system, "kind": kind, "probability": 1}
        rules = [{**struck, "operation": operation} for operation in ("*", "*reads")]
        (await self.rig.sandbox.post("/faults", json={"rules": rules})).raise_for_status()

    async def mend(self) -> None:
        (await self.rig.sandbox.delete("/faults")).raise_for_status()

    async def metric(self, name: str, **labels: str) -> list[float]:
        return [(await scrape(port)).of(name, **labels) for port in self.ports]

    async def attempts(self, system: str) -> list[Json]:
        found: list[Json] = []
        after: int | None = 0
        while after is not None:
            asked = {"after": str(after), "limit": "1000"}
            page = (await self.rig.sandbox.get(f"/ledger/{system}/attempts", params=asked)).raise_for_status().json()
            found, after = found + page["attempts"], page["next"]
        return found


@pytest.fixture
async def scene(rig: Rig) -> AsyncIterator[Scene]:
    async with under_load(rig) as opened:
        yield opened


@asynccontextmanager
async def under_load(rig: Rig) -> AsyncIterator[Scene]:
    _, address = await rig.start_edge()
    ports = tuple(free_port() for _ in range(WORKERS))
    for number, port in enumerate(ports):
        told = {"OMNIGATE_METRICS_PORT": str(port), "OMNIGATE_WORKERS": str(WORKERS)}
        worker = rig.launch(f"worker-{number}", "worker", OMNIGATE_ERP="tests.proof.paced_erp:paced", **told)
        await rig.answers(f"http://127.0.0.1:{port}/metrics", worker)
    async with rig.channel(address) as channel:
        load = Load(channel, buyers=BUYERS, pace=BETWEEN)
        await load.goes_on(BEFORE)
        yield Scene(rig, channel, load, ports)


async def seconds_until(scene: Scene, name: str, wanted: float, *, what: str, **labels: str) -> float:
    """Until it stands so at every worker."""

    async def stands() -> bool:
        return all((value > 0) == (wanted > 0) for value in await scene.metric(name, **labels))

    begun = time.monotonic()
    await until(stands, what=what, within=60, pause=0.1)
    return time.monotonic() - begun


async def test_a_warehouse_that_hangs_leaves_payments_erp_and_edge_alone(scene: Scene) -> None:
    before = len(scene.channel.acked)
    await scene.strike("wms", "hang_before")
    unanswered = {"system": "wms", "outcome": "unknown"}
    known = await seconds_until(scene, "omnigate_back_end_calls_total", 1, what="trouble is known", **unanswered)
    opened = await seconds_until(scene, "omnigate_back_end_breaker_open", 1, what="the breaker opens", system="wms")
    await scene.load.goes_on(TROUBLE)
    meanwhile = len(scene.channel.acked) - before
    await scene.load.goes_on(LAST)
    booked = {effect["order_id"] for effect in await effects(scene.rig.sandbox) if effect["kind"] == "sales_order"}
    asked = sum(attempt["fault"] == "hang_before" for attempt in await scene.attempts("wms"))
    placed = [acked.order_id for acked in scene.channel.acked[before : before + meanwhile]]
    await scene.mend()
    closed = await seconds_until(scene, "omnigate_back_end_breaker_open", 0, what="it closes", system="wms")
    await scene.load.ends()
    promised = await scene.rig.audit(scene.channel, within=180)

    good = sum(order_id in booked for order_id in placed) / len(placed)
    print(f"\nwarehouse hangs: {len(placed)} orders placed meanwhile, {good:.1%} of them paid for and booked meanwhile")
    print(f"  the warehouse was sent {asked} calls; known after {known:.1f} s, breaker open {opened:.1f} s later")
    print(f"  closed {closed:.1f} s after the warehouse was well; {len(promised)} orders completed")
    assert len(placed) >= BUYERS * TROUBLE / BETWEEN / 2
    assert scene.channel.refused == []
    assert good >= 0.95
    assert {order.status for order in promised} == {"completed"}


async def test_an_erp_that_is_down_is_not_asked_more_than_it_is_offered(scene: Scene) -> None:
    before = len(scene.channel.acked)
    await scene.strike("erp", "error_before")
    await scene.load.goes_on(TROUBLE)
    offered = len(scene.channel.acked) - before
    asked = [attempt for attempt in await scene.attempts("erp") if attempt["fault"] == "error_before"]
    await scene.mend()
    mended = time.monotonic()
    await scene.load.goes_on(AFTER)
    await scene.load.ends()
    promised = await scene.rig.audit(scene.channel, within=180)
    drained = time.monotonic() - mended
    since = [moment(attempt) for attempt in await scene.attempts("erp") if attempt["fault"] is None]
    most = max(sum(begin <= at < begin + WINDOW for at in since) for begin in since)

    print(
        f"\nERP down for {TROUBLE:.0f} s: {offered} orders offered, {len(asked)} calls sent: {len(asked) / offered:.2f}"
    )
    print(
        f"  afterwards at most {most} calls in {WINDOW:.0f} s, {most / WINDOW:.1f} a second, of {PACE.per_second:.0f}"
    )
    print(f"  {len(promised)} orders completed, the last {drained:.0f} s after the ERP was well")
    assert offered >= BUYERS * TROUBLE / BETWEEN / 2
    assert len(asked) <= 1.1 * offered
    assert most <= 1.2 * (PACE.per_second * WINDOW + PACE.burst)
    assert {order.status for order in promised} == {"completed"}


def moment(attempt: Json) -> float:
    return datetime.fromisoformat(attempt["received_at"]).timestamp()

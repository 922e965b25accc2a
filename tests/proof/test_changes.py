"""A worker killed between what it has read of a system's changes and its commit: nothing lost, nothing told twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest

from tests.proof.client import order
from tests.proof.processes import until
from tests.proof.rig import Rig, open_rig

pytestmark = pytest.mark.proof

WAITS = """
select pid from pg_stat_activity
 where application_name = 'omnigate-worker' and wait_event_type = 'Lock' and query like '%lock_run%'
"""
SIGNALS = "select count(*) from signal join run using (run_id) where %s in (run_id, parent_id) and kind = 'shipped'"


@pytest.fixture
async def rig(database_url: str, home: Path) -> AsyncIterator[Rig]:
    async with open_rig(database_url, home, settings_too={"OMNIGATE_WMS_POLLED": "true"}) as opened:
        yield opened


async def hold_shipping(rig: Rig, *, hold: bool) -> None:
    assert (await rig.sandbox.post("/wms/_hold", json={"hold": hold})).is_success


async def test_a_worker_killed_between_reading_and_commit(rig: Rig, database_url: str) -> None:
    lost = {"system": "wms", "operation": "create_shipment", "kind": "lost_callback", "next": 1}
    assert (await rig.sandbox.post("/faults", json={"rules": [lost]})).is_success
    await hold_shipping(rig, hold=True)
    _, address = await rig.start_edge()
    worker = rig.start_worker()

    async with rig.channel(address) as channel, await psycopg.AsyncConnection.connect(database_url) as held:
        order_id = (await channel.place(order())).order_id

        async def released() -> bool:
            return await channel.status(order_id) == "processing"

        async def blocked() -> bool:
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as looking:
                return await (await looking.execute(WAITS)).fetchone() is not None

        await until(released, what="the order is released", within=30)
        await held.execute("select from run where run_id = %s for update", (order_id,))
        await hold_shipping(rig, hold=False)
        await until(blocked, what="the worker has read that the goods left, and waits to write it down", within=30)
        worker.end(SIGKILL)
        await held.rollback()
        half = await (await held.execute(SIGNALS, (order_id,))).fetchone()
        await held.rollback()
        rig.start_worker()
        promised = await rig.audit(channel)
        whole = await (await held.execute(SIGNALS, (order_id,))).fetchone()

    assert half == (0,)
    assert [each.status for each in promised] == ["completed"]
    assert whole == (1,)

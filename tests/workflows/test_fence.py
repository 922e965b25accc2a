"""One owner: whoever lost the lease or the epoch writes nothing any more."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from gateway.store import housekeeping, journal, runs
from gateway.store.journal import Ending, Intent, Lease
from gateway.store.pool import Database
from gateway.workflows import engine

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INTENT = Intent("hold_money", 1, "do", "payments", "authorise", "r1:hold_money", 2.0)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, connections=4, name="test")
    await opened.open()
    async with opened.transaction() as connection:
        await connection.execute(
            "insert into run (run_id, saga, version, state, created_at, updated_at)"
            " values ('r1', 'place_order', 1, 'running', now(), now())"
        )
        await connection.execute("select start_task('r1', 'place_order', 1, 1)")
    yield opened
    await opened.close()


async def claimed(database: Database, worker: str) -> Lease:
    for _ in range(3):  # the claim that sweeps an expired lease does not return its run; the next one does
        if leases := await engine.claim(database, worker, 1):
            return leases[0][0]
    raise AssertionError("nothing to claim")


async def opened_by(database: Database, lease: Lease) -> int:
    async with database.transaction() as connection:
        return (await journal.open_run(connection, lease)).epoch


async def write(database: Database, lease: Lease, epoch: int) -> None:
    async with database.transaction() as connection:
        await journal.end_call(connection, lease, epoch, INTENT, Ending("failed", {}, None, None, None))
        await journal.intend(connection, lease, epoch, INTENT)


async def expire(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("update absurd.r_sagas set claim_expires_at = now() where state = 'running'")


async def test_a_worker_that_was_replaced_can_write_nothing(database: Database) -> None:
    first = await claimed(database, "first")
    epoch = await opened_by(database, first)
    await expire(database)
    second = await claimed(database, "second")
    await opened_by(database, second)

    with pytest.raises(psycopg.Error) as refused:
        await write(database, first, epoch)

    assert journal.is_lost(refused.value)


async def test_a_worker_whose_lease_was_swept_can_write_nothing_even_before_its_successor_does(
    database: Database,
) -> None:
    first = await claimed(database, "first")
    epoch = await opened_by(database, first)
    await expire(database)
    await claimed(database, "second")

    with pytest.raises(psycopg.Error) as refused:
        await write(database, first, epoch)

    assert journal.is_lost(refused.value)


async def test_an_expired_lease_that_nobody_took_is_still_ours(database: Database) -> None:
    first = await claimed(database, "first")
    epoch = await opened_by(database, first)
    await expire(database)

    await write(database, first, epoch)

    async with database.connection() as connection:
        steps = await journal.history(connection, "r1")
    assert [(step.name, step.state, step.tries) for step in steps] == [("hold_money", "intended", 1)]


async def test_a_run_whose_task_was_given_up_is_parked(database: Database) -> None:
    for attempt in range(5):
        await claimed(database, f"worker-{attempt}")
        await expire(database)
    await engine.claim(database, "sweeper", 1)

    parked = await housekeeping.park_given_up(database, NOW)

    seen = (await runs.runs(database, parked=True, limit=5))[0]
    assert parked == ["r1"]
    assert (seen.state, seen.cause and seen.cause["code"]) == ("parked", "attempts_exhausted")

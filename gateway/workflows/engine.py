"""The durable-execution engine's SQL functions, as few as we need: claim, lease, park, wake, end."""

from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from gateway.store.journal import Lease
from gateway.store.pool import Connection, Database

QUEUE = "sagas"
LEASE = 6  # seconds: a dead worker's runs are taken over within this and a little
HEARTBEAT = LEASE / 3


async def claim(database: Database, worker: str, quantity: int) -> list[tuple[Lease, str]]:
    """Up to *quantity* ready tasks for *worker*, each with its task name. Sweeps expired leases on the way."""
    async with database.connection() as connection:
        cursor = await connection.execute(
            "select run_id, task_id, attempt, task_name, params ->> 'run_id' from absurd.claim_task(%s, %s, %s, %s)",
            (QUEUE, worker, LEASE, quantity),
        )
        rows = await cursor.fetchall()
    return [(Lease(subject, run, task, worker, attempt), name) for run, task, attempt, name, subject in rows]


async def extend(database: Database, engine_run: UUID) -> bool:
    """Keep the lease. False when the run is no longer ours."""
    async with database.connection() as connection:
        try:
            await connection.execute("select absurd.extend_claim(%s, %s, %s)", (QUEUE, engine_run, LEASE))
        except psycopg.DatabaseError as error:
            if isinstance(error, psycopg.OperationalError):
                raise
            return False  # AB001 cancelled, AB002 taken over, P0001 asleep
    return True


async def sleep_until(connection: Connection, lease: Lease, moment: datetime) -> None:
    await connection.execute("select absurd.schedule_run(%s, %s, %s)", (QUEUE, lease.engine_run, moment))


async def wait(connection: Connection, lease: Lease, wakes: int, seconds: int) -> bool:
    """Sleep until the run is woken (`wake()` in SQL) or *seconds* are over. False: it has been woken already."""
    name = f"{lease.run_id}:{wakes}"
    cursor = await connection.execute(
        "select should_suspend from absurd.await_event(%s, %s, %s, %s, %s, %s)",
        (QUEUE, lease.engine_task, lease.engine_run, name, name, seconds),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def end(connection: Connection, lease: Lease, outcome: str) -> None:
    """The task is over: the run has ended, or is parked as a row."""
    await connection.execute(
        "select absurd.complete_run(%s, %s, %s)", (QUEUE, lease.engine_run, Jsonb({"outcome": outcome}))
    )


async def give_back(connection: Connection, lease: Lease, seconds: float) -> None:
    """Let another worker have it, *seconds* from now; costs no attempt. Nothing, if it is not ours any more."""
    await connection.execute(
        "select absurd.schedule_run(%s, run_id, absurd.current_time() + make_interval(secs => %s)) from absurd.r_sagas"
        " where run_id = %s and state = 'running' and claimed_by = %s",
        (QUEUE, seconds, lease.engine_run, lease.worker),
    )


async def crash(connection: Connection, lease: Lease, error: str, seconds: float) -> None:
    """Our own code failed: use up one attempt, try again *seconds* from now. Nothing, if it is not ours any more."""
    await connection.execute(
        "select absurd.fail_run(%s, run_id, %s, absurd.current_time() + make_interval(secs => %s)) from absurd.r_sagas"
        " where run_id = %s and state = 'running' and claimed_by = %s",
        (QUEUE, Jsonb({"name": error}), seconds, lease.engine_run, lease.worker),
    )

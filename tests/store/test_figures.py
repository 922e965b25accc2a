"""The figures of the whole installation, as any process reads them."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from gateway.store.figures import FRESH, Installation, Watch
from gateway.store.pool import Connection, Database
from tests.gate import StillClock

START = "select start_task(%s, 'place_order', 1, 1)"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    pool = Database(database_url, connections=2, name="test-figures", patience=0.2)
    await pool.open()
    yield pool
    await pool.close()


async def run(connection: Connection, *, state: str = "running", cause: str | None = None) -> str:
    """A run with its task, as accepting an order leaves them."""
    run_id = uuid4().hex
    await connection.execute(
        "insert into run (run_id, saga, version, state, cause, created_at, updated_at)"
        " values (%s, 'place_order', 1, %s, jsonb_build_object('code', %s::text), now(), now())",
        (run_id, state, cause),
    )
    if state != "parked":
        await connection.execute(START, (run_id,))
    return run_id


async def begin_step(
    connection: Connection, run_id: str, *, state: str, ago: str, operation: str = "authorise"
) -> None:
    await connection.execute(
        "insert into step"
        " (run_id, name, number, saga, version, system, operation, operation_key, state, epoch, begun_at)"
        " values (%s, %s, 1, 'place_order', 1, 'payments', %s, %s, %s, 1, now() - %s::interval)",
        (run_id, operation, operation, run_id, state, ago),
    )


async def figures(database: Database) -> Installation:
    told = await Watch(database, StillClock().ticks).installation()
    assert told is not None
    return told


async def test_an_installation_at_rest_is_all_noughts(database: Database) -> None:
    told = await figures(database)

    assert told == Installation(0, 0, {"ready": 0, "held": 0, "asleep": 0, "parked": 0}, {})


async def test_the_queue_lags_behind_by_its_oldest_run_that_nobody_takes_up(database: Database) -> None:
    async with database.connection() as connection:
        await run(connection)
        await run(connection)
        await connection.execute("update absurd.r_sagas set available_at = now() - interval '90 s' where true")
        await run(connection)

    told = await figures(database)

    assert 90 <= told.queue_lag < 180
    assert told.runs["ready"] == 3


async def test_a_dead_workers_run_lags_from_the_end_of_its_lease(database: Database) -> None:
    async with database.connection() as connection:
        await run(connection)
        await connection.execute("select absurd.claim_task('sagas', 'dead', 6, 1)")
        held = await figures(database)
        await connection.execute("update absurd.r_sagas set claim_expires_at = now() - interval '40 s'")

    told = await figures(database)

    assert (held.queue_lag, held.runs["held"]) == (0, 1)
    assert 40 <= told.queue_lag < 120


@pytest.mark.parametrize(
    ("state", "operation", "due"),
    [
        ("intended", "authorise", True),
        ("unknown", "authorise", True),
        ("failed", "authorise", True),
        ("succeeded", "authorise", False),
        ("rejected", "authorise", False),
        ("intended", "look", False),  # the goods take their time
    ],
)
async def test_the_oldest_step_that_is_not_settled_is_due(
    database: Database, state: str, operation: str, *, due: bool
) -> None:
    async with database.connection() as connection:
        run_id = await run(connection)
        await begin_step(connection, run_id, state=state, ago="500 s", operation=operation)

    told = await figures(database)

    assert (500 <= told.oldest_due_step < 600) if due else (told.oldest_due_step == 0)


async def test_a_run_that_waits_for_a_person_or_a_signal_is_not_due(database: Database) -> None:
    async with database.connection() as connection:
        parked = await run(connection, state="parked", cause="deadline_passed")
        await begin_step(connection, parked, state="unknown", ago="2 days")
        waiting = await run(connection, state="waiting")
        await begin_step(connection, waiting, state="unknown", ago="2 days")
        await connection.execute(
            "update absurd.r_sagas set state = 'sleeping', wake_event = 'w', available_at = now() + interval '1 hour'"
        )
        await run(connection, state="parked", cause="duplicate_effect")
        await run(connection, state="parked", cause="duplicate_effect")

    told = await figures(database)

    assert (told.oldest_due_step, told.queue_lag) == (0, 0)
    assert told.runs == {"ready": 0, "held": 0, "asleep": 1, "parked": 3}
    assert told.parked == {"deadline_passed": 1, "duplicate_effect": 2}
    assert told.exceptions == {"integration/timeout": 1, "integration/duplicate": 2}


async def test_figures_are_asked_for_at_most_every_five_seconds(database: Database) -> None:
    clock = StillClock()
    watch = Watch(database, clock.ticks)
    before = await watch.installation()
    async with database.connection() as connection:
        await run(connection)

    at_once = await watch.installation()
    clock.pass_by(FRESH)
    later = await watch.installation()

    assert before is not None
    assert at_once == before
    assert later is not None
    assert later.runs["ready"] == 1


async def test_a_database_that_does_not_answer_leaves_no_figures_and_asks_once(database: Database) -> None:
    clock = StillClock()
    watch = Watch(database, clock.ticks)
    async with database.transaction() as connection:
        await connection.execute("lock table absurd.r_sagas in access exclusive mode")
        together = await asyncio.gather(*(watch.installation() for _ in range(5)))
        waiting = database.load().waiting

    clock.pass_by(FRESH)

    assert together == [None] * 5
    assert waiting == 0
    while await watch.installation() is None:
        clock.pass_by(FRESH)
    await watch.close()


async def test_a_database_that_is_away_leaves_no_figures(database: Database) -> None:
    await database.close()

    assert await Watch(database, StillClock().ticks).installation() is None

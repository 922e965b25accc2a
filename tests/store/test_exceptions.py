"""Exceptions as rows: one at most is open about one thing, and every parked run is one, kept by the database."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from gateway.refusals import Conflict
from gateway.settings import ROOT
from gateway.store.exceptions import (
    ExceptionRow,
    Opening,
    Sought,
    close_exception,
    list_exceptions,
    open_exception,
    read_exception,
    settle,
)
from gateway.store.pool import Database

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
RUN = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
OF_RUN = "xcp_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


def divergence(number: int, **evidence: int) -> Opening:
    return Opening(f"xcp_{number}", "inventory/divergence", "shrink", "LAMP-7@main", evidence, ("recount",))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    pool = Database(database_url, connections=2, name="tests")
    await pool.open()
    yield pool
    await pool.close()


async def opened(database: Database, opening: Opening) -> bool:
    async with database.transaction() as connection:
        return await open_exception(connection, opening, now=NOW)


async def read(database: Database, exception_id: str) -> ExceptionRow:
    async with database.connection() as connection:
        row = await read_exception(connection, exception_id)
    assert row is not None
    return row


async def run(database: Database, state: str, cause: dict[str, str] | None = None, **columns: Any) -> None:
    """The run of that state, made or changed."""
    named = {"direction": "forward", "outcome": None, **columns}
    async with database.connection() as connection:
        await connection.execute(
            "insert into run (run_id, saga, version, state, cause, direction, outcome, created_at, updated_at)"
            " values (%s, 'place_order', 2, %s, %s, %s, %s, %s, %s) on conflict (run_id) do update"
            " set state = excluded.state, cause = excluded.cause, outcome = excluded.outcome,"
            " direction = excluded.direction",
            (RUN, state, Jsonb(cause) if cause else None, named["direction"], named["outcome"], NOW, NOW),
        )


async def test_the_same_trouble_twice_is_one_exception_with_the_newer_evidence(database: Database) -> None:
    first, second = await opened(database, divergence(1, ours=4)), await opened(database, divergence(2, ours=5))

    (row,) = await list_exceptions(database, Sought(), limit=10)

    assert (first, second) == (True, False)
    assert (row.exception_id, row.occurrences, row.evidence, row.version) == ("xcp_1", 2, {"ours": 5}, 2)
    assert (row.owner, row.due_at) == ("inventory_controller", NOW + timedelta(hours=4))


async def test_what_comes_again_after_it_was_closed_is_another_exception(database: Database) -> None:
    await opened(database, divergence(1))
    about = {"class_": "inventory/divergence", "code": "shrink", "subject": "LAMP-7@main"}
    async with database.transaction() as connection:
        closed = await close_exception(connection, **about, resolution={"why": "counted"}, now=NOW)
        again = await close_exception(connection, **about, resolution={}, now=NOW)

    new = await opened(database, divergence(2))

    assert (closed, again, new) == (True, False, True)
    assert [row.state for row in await list_exceptions(database, Sought(), limit=10)] == ["resolved", "open"]


async def test_a_class_that_nobody_described_is_the_platform_teams(database: Database) -> None:
    await opened(database, Opening("xcp_1", "customs/stuck", "no_papers", "shp_1", {}, ()))

    row = await read(database, "xcp_1")

    assert (row.class_, row.owner, row.severity) == ("customs/stuck", "platform", "medium")


async def test_whoever_looked_before_it_changed_settles_nothing(database: Database) -> None:
    await opened(database, divergence(1))
    seen = await read(database, "xcp_1")
    await opened(database, divergence(2))

    with pytest.raises(Conflict):
        async with database.transaction() as connection:
            await settle(connection, seen, {}, now=NOW)

    assert (await read(database, "xcp_1")).state == "open"


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(), ["xcp_1", "xcp_2"]),
        (Sought(state="open", owner="inventory_controller"), ["xcp_1", "xcp_2"]),
        (Sought(class_="inventory/divergence", code="timing"), ["xcp_2"]),
        (Sought(subject="LAMP-7@main"), ["xcp_1"]),
        (Sought(state="resolved"), []),
    ],
)
async def test_lists_hold_what_was_asked_for(database: Database, sought: Sought, found: list[str]) -> None:
    await opened(database, divergence(1))
    await opened(database, Opening("xcp_2", "inventory/divergence", "timing", "LAMP-8@main", {}, ()))

    assert [row.exception_id for row in await list_exceptions(database, sought, limit=10)] == found


async def test_a_run_that_is_parked_opens_an_exception_and_one_that_goes_on_resolves_it(database: Database) -> None:
    cause = {"code": "refused_after_pivot", "step": "take_money", "detail": "no way back"}
    await run(database, "parked", cause)
    parked = await read(database, OF_RUN)
    await run(database, "running")
    gone_on = await read(database, OF_RUN)
    await run(database, "parked", {"code": "outcome_unknown", "step": "invoice"})
    again = await read(database, OF_RUN)

    assert (parked.state, parked.class_, parked.owner, parked.subject) == (
        *("open", "payment/capture_failed", "finance"),
        RUN,
    )
    assert parked.evidence["step"] == "take_money"
    assert (gone_on.state, gone_on.resolution) == ("resolved", {"run": "running"})
    assert (again.state, again.class_, again.occurrences, again.resolution) == (
        *("open", "integration/timeout", 2),
        None,
    )


@pytest.mark.parametrize(
    ("code", "columns", "actions"),
    [
        ("duplicate_effect", {}, {"retry", "resolve", "compensate", "abandon"}),
        ("undo_refused", {"direction": "backward"}, {"retry", "resolve"}),
        ("shipped_after_cancelled", {"outcome": "cancelled"}, {"abandon"}),
        ("saga_changed", {}, {"retry"}),
        ("never_heard_of", {}, {"retry", "resolve", "compensate", "abandon"}),
    ],
)
async def test_only_what_would_be_done_is_offered(
    database: Database, code: str, columns: dict[str, str], actions: set[str]
) -> None:
    await run(database, "parked", {"code": code, "step": "book_in_erp"}, **columns)

    assert set((await read(database, OF_RUN)).actions) == actions


def test_runs_that_were_parked_before_have_theirs(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("alter table run disable trigger user")
        connection.execute(
            "insert into run (run_id, saga, version, state, cause, created_at, updated_at)"
            " values (%s, 'place_order', 2, 'parked', %s, %s, %s)",
            (RUN, Jsonb({"code": "duplicate_effect"}), NOW, NOW),
        )
        connection.execute("select open_parked(r) from run r where r.state = 'parked'")
        found = connection.execute("select exception_id, class from exception").fetchall()

    assert found == [(OF_RUN, "integration/duplicate")]


def test_every_cause_that_the_guide_explains_has_a_class(database_url: str) -> None:
    guide = (ROOT / "docs" / "guides" / "operations.md").read_text().partition("## Causes, and what to do")[2]
    rows = [line.split("|")[1] for line in guide.partition("Example:")[0].splitlines() if line.startswith("| `")]
    with psycopg.connect(database_url) as connection:
        known = {code for (code,) in connection.execute("select code from exception_cause")}

    assert {cause for row in rows for cause in re.findall(r"`(\w+)`", row)} == known

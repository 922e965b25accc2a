"""Exceptions: what a machine must not settle alone, each a row until somebody has. Parked runs open and end theirs
themselves, by triggers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from gateway.refusals import Conflict
from gateway.store.pool import Connection, Database

State = Literal["open", "resolved"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What has gone wrong, to whom, and what may be done about it. Evidence holds no personal data."""

    exception_id: str
    class_: str  # two levels, like inventory/divergence
    code: str
    subject: str
    evidence: Mapping[str, Any]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    exception_id: str
    class_: str
    code: str
    subject: str
    workflow: bool
    owner: str
    severity: str
    state: State
    opened_at: datetime
    due_at: datetime
    evidence: Mapping[str, Any]
    actions: tuple[str, ...]
    occurrences: int
    resolved_at: datetime | None
    resolution: Mapping[str, Any] | None
    version: int


@dataclass(frozen=True, slots=True)
class Sought:
    """Which exceptions are asked for; None: whatever they are."""

    state: str | None = None
    class_: str | None = None
    code: str | None = None
    owner: str | None = None
    subject: str | None = None


After = tuple[datetime, str]  # due time and id of the last one that was shown

_COLUMNS = """exception_id, class, code, subject, workflow, owner, severity, state, opened_at, due_at, evidence,
    actions, occurrences, resolved_at, resolution, version"""


async def open_exception(connection: Connection, opening: Opening, *, now: datetime) -> bool:
    """In the caller's transaction. False: one of the same class, code and subject was open; it counts up and takes over
    the newer evidence. Owner, severity and due time follow from the class."""
    cursor = await connection.execute(
        "select open_exception(%s, %s, %s, %s, %s, %s, %s)",
        (
            *(opening.exception_id, opening.class_, opening.code, opening.subject),
            *(Jsonb(dict(opening.evidence)), list(opening.actions), now),
        ),
    )
    row = await cursor.fetchone()
    return row == (True,)


async def close_exception(
    connection: Connection, *, class_: str, code: str, subject: str, resolution: Mapping[str, Any], now: datetime
) -> bool:
    """What was wrong is no longer. False: none of that class and code was open about the subject."""
    cursor = await connection.execute(_CLOSE, (now, Jsonb(dict(resolution)), class_, code, subject))
    return await cursor.fetchone() is not None


_CLOSE = """
update exception set state = 'resolved', resolved_at = %s, resolution = %s, version = version + 1
 where class = %s and code = %s and subject = %s and state = 'open' returning 1
"""


async def settle(connection: Connection, seen: ExceptionRow, resolution: Mapping[str, Any], *, now: datetime) -> None:
    """It is resolved as *resolution* says, by whoever saw it as *seen*. Raises `Conflict` if it has changed since; that
    its own run resolved it in this transaction is no change."""
    cursor = await connection.execute(
        _SETTLE, (now, Jsonb(dict(resolution)), seen.exception_id, seen.version, seen.version)
    )
    if await cursor.fetchone() is None:
        raise Conflict(f"{seen.exception_id} has changed meanwhile; look at it again", effect="none")


_SETTLE = """
update exception set state = 'resolved', resolved_at = %s, resolution = %s,
       version = case state when 'open' then version + 1 else version end
 where exception_id = %s and (state = 'open' and version = %s or state = 'resolved' and version = %s + 1)
returning 1
"""


async def tell(connection: Connection, seen: ExceptionRow, more: Mapping[str, Any]) -> ExceptionRow:
    """It stays open, with *more* in its evidence; as it stands then. Raises `Conflict` if it has changed since."""
    evidence = {**seen.evidence, **more}
    if evidence == seen.evidence:
        return seen
    cursor = await connection.execute(_TELL, (Jsonb(evidence), seen.exception_id, seen.version))
    if await cursor.fetchone() is None:
        raise Conflict(f"{seen.exception_id} has changed meanwhile; look at it again", effect="none")
    return replace(seen, evidence=evidence, version=seen.version + 1)


_TELL = """
update exception set evidence = %s, version = version + 1
 where exception_id = %s and state = 'open' and version = %s returning 1
"""


async def explain_resolution(connection: Connection, run_id: str, resolution: Mapping[str, Any]) -> None:
    """The run has left the parking place in this transaction; its exception shall tell by whose hand."""
    await connection.execute(
        "update exception set resolution = %s where subject = %s and workflow and state = 'resolved'",
        (Jsonb(dict(resolution)), run_id),
    )


async def count_open(connection: Connection, class_: str, code: str) -> int:
    cursor = await connection.execute(
        "select count(*) from exception where class = %s and code = %s and state = 'open'", (class_, code)
    )
    row = await cursor.fetchone()
    assert row is not None, "a count is a row"
    return int(row[0])


async def read_exception(connection: Connection, exception_id: str) -> ExceptionRow | None:
    cursor = await connection.execute(f"select {_COLUMNS} from exception where exception_id = %s", (exception_id,))
    row = await cursor.fetchone()
    return _row(row) if row else None


async def list_exceptions(
    database: Database, sought: Sought, *, after: After | None = None, limit: int
) -> list[ExceptionRow]:
    """Those that are due first come first."""
    wanted = {
        **{"state": sought.state, "class": sought.class_, "code": sought.code},
        **{"owner": sought.owner, "subject": sought.subject},
    }
    conditions = [f"{name} = %({name})s" for name, value in wanted.items() if value is not None]
    if after is not None:
        conditions.append("(due_at, exception_id) > (%(due_at)s, %(after)s)")
    where = f"where {' and '.join(conditions)}" if conditions else ""
    values = {**wanted, "due_at": after and after[0], "after": after and after[1], "limit": limit}
    async with database.connection() as connection:
        cursor = await connection.execute(
            f"select {_COLUMNS} from exception {where} order by due_at, exception_id limit %(limit)s", values
        )
        return [_row(row) for row in await cursor.fetchall()]


def _row(row: tuple[Any, ...]) -> ExceptionRow:
    told = dict(zip(ExceptionRow.__slots__, row, strict=True))
    return ExceptionRow(**{**told, "actions": tuple(told["actions"])})

"""Operators, their roles and the hash of their secret; every change leaves an audit row that names who made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.errors import UniqueViolation

from gateway.domain.time import rfc3339
from gateway.refusals import Conflict, NotFound
from gateway.store.audit import Act, record_act
from gateway.store.partners import REPLACING, Keyed, Status
from gateway.store.pool import Connection, Database

_LAST = "the last active admin would be gone, and nobody could add another; first give somebody else that role"


@dataclass(frozen=True, slots=True)
class Operator:
    operator_id: str
    client_id: str
    roles: frozenset[str]
    status: Status = "active"
    older_secret_until: datetime | None = None  # an overlap is under way, or was


_COLUMNS: LiteralString = "operator_id, client_id, roles, status, older_secret_until, secret_hash, older_secret_hash"


async def any_admin(database: Database) -> bool:
    """Is there somebody who may add operators?"""
    async with database.connection() as connection:
        return await _has_admin(connection)


async def add(database: Database, operator: Operator, secret_hash: bytes, act: Act, *, first: bool) -> None:
    """Raises `Conflict` when the name is taken; for a *first* one, also when there has been an admin meanwhile."""
    try:
        async with database.transaction() as connection:
            await _one_at_a_time(connection)
            if first and await _has_admin(connection):
                raise Conflict("there is an admin already, who has to add you")
            await connection.execute(
                "insert into operator (operator_id, client_id, secret_hash, roles, created_at, updated_at)"
                " values (%s, %s, %s, %s, %s, %s)",
                [operator.operator_id, operator.client_id, secret_hash, sorted(operator.roles), act.at, act.at],
            )
            facts = {"roles": sorted(operator.roles)}
            await record_act(connection, act, "operators:add", f"operator:{operator.operator_id}", facts)
    except UniqueViolation:
        raise Conflict(f"the operator '{operator.operator_id}' is registered already") from None


async def replace_secret(
    database: Database, operator_id: str, secret_hash: bytes, act: Act, *, until: datetime | None
) -> Operator:
    """*until*: the one before works as well."""
    facts = {} if until is None else {"older_secret_until": rfc3339(until)}
    values = {"hash": secret_hash, "until": until}
    return await _change(database, REPLACING, values, operator_id, ("operators:rotate-secret", act, facts))


async def set_status(database: Database, operator_id: str, status: Status, act: Act) -> Operator:
    why = (f"operators:{status}", act, dict[str, object]())
    return await _change(database, "status = %(status)s", {"status": status}, operator_id, why)


async def set_roles(database: Database, operator_id: str, roles: frozenset[str], act: Act) -> Operator:
    why = ("operators:change", act, {"roles": sorted(roles)})
    return await _change(database, "roles = %(roles)s", {"roles": sorted(roles)}, operator_id, why)


async def by_client_id(database: Database, client_id: str) -> Keyed[Operator] | None:
    async with database.connection() as connection:
        cursor = await connection.execute(f"select {_COLUMNS} from operator where client_id = %s", [client_id])
        row = await cursor.fetchone()
    return (_operator(row), row[5], row[6]) if row else None


async def everyone(database: Database) -> list[Operator]:
    async with database.connection() as connection:
        cursor = await connection.execute(f"select {_COLUMNS} from operator order by operator_id")
        return [_operator(row) for row in await cursor.fetchall()]


async def _change(
    database: Database,
    assignment: LiteralString,
    values: Mapping[str, object],
    operator_id: str,
    why: tuple[str, Act, Mapping[str, object]],
) -> Operator:
    """Raises `NotFound`, and `Conflict` for what would leave the installation without an admin."""
    action, act, facts = why
    async with database.transaction() as connection:
        await _one_at_a_time(connection)
        cursor = await connection.execute(
            f"update operator set {assignment}, updated_at = %(at)s where operator_id = %(id)s returning {_COLUMNS}",
            {**values, "at": act.at, "id": operator_id},
        )
        row = await cursor.fetchone()
        if row is None:
            raise NotFound(f"there is no operator '{operator_id}'")
        if not await _has_admin(connection):
            raise Conflict(_LAST)
        await record_act(connection, act, action, f"operator:{operator_id}", facts)
    return _operator(row)


async def _one_at_a_time(connection: Connection) -> None:
    """So that two who each leave one admin do not together leave none."""
    await connection.execute("lock table operator in share row exclusive mode")


async def _has_admin(connection: Connection) -> bool:
    cursor = await connection.execute(
        "select exists (select from operator where status = 'active' and 'admin' = any(roles))"
    )
    return await cursor.fetchone() == (True,)


def _operator(row: tuple[Any, ...]) -> Operator:
    operator_id, client_id, roles, status, until = row[:5]
    return Operator(operator_id, client_id, frozenset(roles), status, until)

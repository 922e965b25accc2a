"""Partners, their channels and the hash of their secret; every change leaves an audit row that names its operator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString, TypeVar

from psycopg.errors import UniqueViolation

from gateway.domain.time import rfc3339
from gateway.refusals import Conflict
from gateway.store.audit import Act, record_act
from gateway.store.pool import Connection, Database

Status = Literal["active", "suspended"]
Holder = TypeVar("Holder")
Keyed = tuple[Holder, bytes, bytes | None]  # with the hash of its secret, and of the one before


@dataclass(frozen=True, slots=True)
class Partner:
    partner_id: str
    name: str
    client_id: str
    scopes: frozenset[str]
    plan: str
    channels: frozenset[str]
    status: Status = "active"
    older_secret_until: datetime | None = None  # an overlap is under way, or was


_CLIENT: LiteralString = """
    select p.partner_id, p.name, p.client_id, p.scopes, p.plan, p.status, p.secret_hash,
           p.older_secret_hash, p.older_secret_until,
           array(select channel_id from channel c where c.partner_id = p.partner_id)
    from partner p
"""


async def add(database: Database, partner: Partner, secret_hash: bytes, act: Act) -> None:
    """Raises `Conflict` when the name or one of the channels is taken."""
    try:
        async with database.transaction() as connection:
            await connection.execute(
                "insert into partner (partner_id, name, client_id, secret_hash, scopes, plan, created_at, updated_at)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    *(partner.partner_id, partner.name, partner.client_id, secret_hash),
                    *(sorted(partner.scopes), partner.plan, act.at, act.at),
                ],
            )
            await connection.execute(
                "insert into channel (channel_id, partner_id) select unnest(%s::text[]), %s",
                [sorted(partner.channels), partner.partner_id],
            )
            facts = {"channels": sorted(partner.channels), "scopes": sorted(partner.scopes), "plan": partner.plan}
            await record_act(connection, act, "partners:add", f"partner:{partner.partner_id}", facts)
    except UniqueViolation as error:
        taken = "a channel" if error.diag.table_name == "channel" else "the partner"
        raise Conflict(f"{taken} of '{partner.partner_id}' is registered already") from None


async def replace_secret(
    database: Database, partner_id: str, secret_hash: bytes, act: Act, *, until: datetime | None
) -> str | None:
    """The client id whose secret it now is; None if there is no such partner. *until*: the one before works as well."""
    facts = {} if until is None else {"older_secret_until": rfc3339(until)}
    values = {"hash": secret_hash, "until": until}
    return await _change(database, REPLACING, values, partner_id, ("partners:rotate-secret", act, facts))


REPLACING: LiteralString = """
    older_secret_hash = case when %(until)s::timestamptz is not null then secret_hash end,
    older_secret_until = %(until)s, secret_hash = %(hash)s"""


async def set_status(database: Database, partner_id: str, status: Status, act: Act) -> str | None:
    """The client id; None if there is no such partner."""
    return await _change(
        database, "status = %(status)s", {"status": status}, partner_id, (f"partners:{status}", act, {})
    )


async def change(
    database: Database, partner_id: str, changed: Callable[[Partner], Partner], act: Act
) -> Partner | None:
    """The partner as *changed* makes it; None if there is none. Raises `Conflict` when a channel is taken."""
    try:
        async with database.transaction() as connection:
            cursor = await connection.execute(_CLIENT + "where p.partner_id = %s for update of p", [partner_id])
            row = await cursor.fetchone()
            if row is None:
                return None
            before = _keyed(row)[0]
            after = changed(before)
            await _write(connection, before, after, act)
            await record_act(connection, act, "partners:change", f"partner:{partner_id}", _difference(before, after))
            return after
    except UniqueViolation:
        raise Conflict(f"a channel that '{partner_id}' shall have is registered already") from None


async def _write(connection: Connection, before: Partner, after: Partner, act: Act) -> None:
    await connection.execute(
        "update partner set name = %s, scopes = %s, plan = %s, updated_at = %s where partner_id = %s",
        [after.name, sorted(after.scopes), after.plan, act.at, after.partner_id],
    )
    await connection.execute(
        "delete from channel where partner_id = %s and channel_id = any(%s)",
        [after.partner_id, sorted(before.channels - after.channels)],
    )
    await connection.execute(
        "insert into channel (channel_id, partner_id) select unnest(%s::text[]), %s",
        [sorted(after.channels - before.channels), after.partner_id],
    )


def _difference(before: Partner, after: Partner) -> dict[str, object]:
    facts: dict[str, object] = {}
    for name in ("name", "plan", "scopes", "channels"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            facts[name] = {"from": _plain(old), "to": _plain(new)}
    return facts


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


async def by_client_id(database: Database, client_id: str) -> Keyed[Partner] | None:
    async with database.connection() as connection:
        row = await (await connection.execute(_CLIENT + "where p.client_id = %s", [client_id])).fetchone()
    return _keyed(row) if row else None


async def everyone(database: Database) -> list[Partner]:
    async with database.connection() as connection:
        rows = await (await connection.execute(_CLIENT + "order by p.partner_id")).fetchall()
    return [_keyed(row)[0] for row in rows]


async def _change(
    database: Database,
    assignment: LiteralString,
    values: Mapping[str, object],
    partner_id: str,
    why: tuple[str, Act, Mapping[str, object]],
) -> str | None:
    action, act, facts = why
    async with database.transaction() as connection:
        cursor = await connection.execute(
            f"update partner set {assignment}, updated_at = %(at)s where partner_id = %(id)s returning client_id",
            {**values, "at": act.at, "id": partner_id},
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        await record_act(connection, act, action, f"partner:{partner_id}", facts)
    client_id: str = row[0]
    return client_id


def _keyed(row: tuple[Any, ...]) -> Keyed[Partner]:
    partner_id, name, client_id, scopes, plan, status, secret_hash, older, until, channels = row
    partner = Partner(partner_id, name, client_id, frozenset(scopes), plan, frozenset(channels), status, until)
    return partner, secret_hash, older

"""Partners, their channels and the hash of their secret; every change leaves an audit row that names its operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from gateway.refusals import Conflict
from gateway.store.pool import Connection, Database

Status = Literal["active", "suspended"]


@dataclass(frozen=True, slots=True)
class Partner:
    partner_id: str
    name: str
    client_id: str
    scopes: frozenset[str]
    plan: str
    channels: frozenset[str]
    status: Status = "active"


@dataclass(frozen=True, slots=True)
class Client:
    """A partner as the token endpoint meets it."""

    partner: Partner
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class Act:
    """Who did it and when: what the audit row needs beside the change itself."""

    audit_id: str
    operator: str
    at: datetime


_CLIENT: LiteralString = """
    select p.partner_id, p.name, p.client_id, p.scopes, p.plan, p.status, p.secret_hash,
           array(select channel_id from channel c where c.partner_id = p.partner_id)
    from partner p
"""


async def add(database: Database, client: Client, act: Act) -> None:
    """Raises `Conflict` when the name or one of the channels is taken."""
    partner = client.partner
    try:
        async with database.transaction() as connection:
            await connection.execute(
                "insert into partner (partner_id, name, client_id, secret_hash, scopes, plan, created_at, updated_at)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    *(partner.partner_id, partner.name, partner.client_id, client.secret_hash),
                    *(sorted(partner.scopes), partner.plan, act.at, act.at),
                ],
            )
            await connection.execute(
                "insert into channel (channel_id, partner_id) select unnest(%s::text[]), %s",
                [sorted(partner.channels), partner.partner_id],
            )
            facts = {"channels": sorted(partner.channels), "scopes": sorted(partner.scopes), "plan": partner.plan}
            await _audit(connection, "partners:add", partner.partner_id, act, facts)
    except UniqueViolation as error:
        taken = "a channel" if error.diag.table_name == "channel" else "the partner"
        raise Conflict(f"{taken} of '{partner.partner_id}' is registered already") from None


async def replace_secret(database: Database, partner_id: str, secret_hash: bytes, act: Act) -> str | None:
    """The client id whose secret it now is; None if there is no such partner."""
    return await _change(database, "secret_hash = %s", secret_hash, partner_id, ("partners:rotate-secret", act))


async def set_status(database: Database, partner_id: str, status: Status, act: Act) -> str | None:
    """The client id; None if there is no such partner."""
    return await _change(database, "status = %s", status, partner_id, (f"partners:{status}", act))


async def by_client_id(database: Database, client_id: str) -> Client | None:
    async with database.connection() as connection:
        row = await (await connection.execute(_CLIENT + "where p.client_id = %s", [client_id])).fetchone()
    return _client(row) if row else None


async def everyone(database: Database) -> list[Partner]:
    async with database.connection() as connection:
        rows = await (await connection.execute(_CLIENT + "order by p.partner_id")).fetchall()
    return [_client(row).partner for row in rows]


async def _change(
    database: Database, assignment: LiteralString, value: object, partner_id: str, why: tuple[str, Act]
) -> str | None:
    action, act = why
    async with database.transaction() as connection:
        cursor = await connection.execute(
            f"update partner set {assignment}, updated_at = %s where partner_id = %s returning client_id",
            [value, act.at, partner_id],
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        await _audit(connection, action, partner_id, act, {})
    client_id: str = row[0]
    return client_id


async def _audit(connection: Connection, action: str, partner_id: str, act: Act, facts: Mapping[str, object]) -> None:
    await connection.execute(
        "insert into audit (audit_id, at, actor, subject, partner_id, action, resource, facts)"
        " values (%s, %s, 'operator', %s, %s, %s, %s, %s)",
        [act.audit_id, act.at, act.operator, partner_id, action, f"partner:{partner_id}", Jsonb(facts)],
    )


def _client(row: tuple[Any, ...]) -> Client:
    partner_id, name, client_id, scopes, plan, status, secret_hash, channels = row
    partner = Partner(partner_id, name, client_id, frozenset(scopes), plan, frozenset(channels), status)
    return Client(partner, secret_hash)

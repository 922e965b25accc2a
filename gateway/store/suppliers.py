"""Suppliers as routes see them: made once, loaded, locked and changed, inside the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.suppliers import SupplierStatus
from gateway.store import events
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Supplier:
    supplier_id: str
    code: str
    name: str
    partner_id: str | None
    gln: str | None
    currency: str
    capabilities: Mapping[str, Any]
    status: SupplierStatus
    made_by: str
    moved_by: str | None  # to its status
    version: int
    created_at: datetime
    updated_at: datetime


_SELECT: LiteralString = """
select supplier_id, code, name, partner_id, gln, currency, capabilities, status, made_by, moved_by, version,
       created_at, updated_at
  from supplier"""


def _read(row: tuple[Any, ...]) -> Supplier:
    told: tuple[str, str, str, str | None, str | None, str, Mapping[str, Any]] = row[:7]
    made: tuple[str, str | None, int, datetime, datetime] = row[8:]
    return Supplier(*told, SupplierStatus(row[7]), *made)


async def load_supplier(connection: Connection, supplier_id: str, *, partner: str | None = None) -> Supplier | None:
    """None: there is none, or it is not that partner's. A partner that is None sees everybody's."""
    sought: LiteralString = "where supplier_id = %(id)s and (%(partner)s::text is null or partner_id = %(partner)s)"
    cursor = await connection.execute(f"{_SELECT} {sought}", {"id": supplier_id, "partner": partner})
    row = await cursor.fetchone()
    return _read(row) if row else None


async def is_active(connection: Connection, supplier_id: str) -> bool:
    found = await load_supplier(connection, supplier_id)
    return found is not None and found.status is SupplierStatus.ACTIVE


async def lock_supplier(connection: Connection, supplier_id: str) -> None:
    await connection.execute("select 1 from supplier where supplier_id = %s for no key update", (supplier_id,))


async def list_suppliers(
    database: Database, *, partner: str | None, status: str | None, after: str | None, limit: int
) -> list[Supplier]:
    """The newest first, beginning behind *after*."""
    values = {"partner": partner, "status": status, "after": after, "limit": limit}
    async with database.connection() as connection:
        cursor = await connection.execute(_LIST, values)
        return [_read(row) for row in await cursor.fetchall()]


_LIST: LiteralString = f"""{_SELECT}
 where (%(partner)s::text is null or partner_id = %(partner)s) and (%(status)s::text is null or status = %(status)s)
   and (%(after)s::text is null or supplier_id < %(after)s)
 order by supplier_id desc limit %(limit)s
"""


async def known_code(connection: Connection, code: str) -> tuple[str, bytes, Mapping[str, Any]] | None:
    """The supplier of that number, and what made it: its hash and the document. Nobody else makes one meanwhile."""
    await alone(connection, f"supplier:{code}")
    sought = "select supplier_id, content_hash, document from supplier where code = %s"
    cursor = await connection.execute(sought, (code,))
    row = await cursor.fetchone()
    return (row[0], row[1], row[2]) if row else None


async def alone(connection: Connection, key: str) -> None:
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))


async def partner_is_free(connection: Connection, partner_id: str) -> bool:
    """Nobody else takes it until the transaction ends."""
    await alone(connection, f"supplier-of:{partner_id}")
    cursor = await connection.execute("select from supplier where partner_id = %s", (partner_id,))
    return await cursor.fetchone() is None


async def make_supplier(
    connection: Connection, supplier_id: str, said: Mapping[str, Any], content_hash: bytes, hand: Hand
) -> None:
    values = {
        **{"id": supplier_id, "code": said["code"], "hash": content_hash, "document": Jsonb(dict(said))},
        **{"name": said["name"], "partner": said.get("partner_id"), "gln": said.get("gln")},
        **{"currency": said["currency"], "capabilities": Jsonb(said.get("capabilities", {}))},
        **{"by": hand.who, "trace": hand.trace_id, "now": hand.now},
    }
    await connection.execute(_MAKE, values)
    await _tell(connection, supplier_id, "created", hand, {"status": SupplierStatus.PROSPECT.value})


_MAKE = """
insert into supplier (supplier_id, code, content_hash, document, name, partner_id, gln, currency, capabilities, status,
                      made_by, trace_id, created_at, updated_at)
values (%(id)s, %(code)s, %(hash)s, %(document)s, %(name)s, %(partner)s, %(gln)s, %(currency)s, %(capabilities)s,
        'prospect', %(by)s, %(trace)s, %(now)s, %(now)s)
"""


async def set_capabilities(connection: Connection, supplier_id: str, can: Mapping[str, Any], hand: Hand) -> None:
    await connection.execute(_CAPABILITIES, (Jsonb(dict(can)), hand.now, supplier_id))
    await _tell(connection, supplier_id, "capabilities_changed", hand, {})


async def link(connection: Connection, supplier_id: str, partner_id: str, hand: Hand) -> None:
    await connection.execute(_LINK, (partner_id, hand.now, supplier_id))
    await _tell(connection, supplier_id, "linked", hand, {})


async def move_supplier(connection: Connection, supplier_id: str, after: SupplierStatus, hand: Hand) -> None:
    await connection.execute(_MOVE, (after.value, hand.who, hand.now, supplier_id))
    await _tell(connection, supplier_id, after.value, hand, {"status": after.value})


_TOUCHED: LiteralString = "version = version + 1, updated_at = greatest(updated_at, %s) where supplier_id = %s"
_CAPABILITIES: LiteralString = f"update supplier set capabilities = %s, {_TOUCHED}"
_LINK: LiteralString = f"update supplier set partner_id = %s, {_TOUCHED}"
_MOVE: LiteralString = f"update supplier set status = %s, moved_by = %s, {_TOUCHED}"


async def _tell(connection: Connection, supplier_id: str, kind: str, hand: Hand, data: Mapping[str, Any]) -> None:
    await events.tell(connection, supplier_id, f"com.omnigate.supplier.{kind}.v1", hand, data)

"""Nodes: where stock lies. Every change leaves an audit row in the same commit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.domain.nodes import Node
from gateway.store.pool import Connection, Database

MOST = 1_000


@dataclass(frozen=True, slots=True)
class NodeRow:
    node: Node
    version: int
    updated_at: datetime


_COLUMNS: LiteralString = "node_id, type, name, status, priority, source_id, document, version, updated_at"


async def all_nodes(database: Database) -> list[NodeRow]:
    async with database.connection() as connection:
        cursor = await connection.execute(f"select {_COLUMNS} from node order by node_id limit %s", (MOST,))
        return [_row(row) for row in await cursor.fetchall()]


async def read_node(database: Database, node_id: str) -> NodeRow | None:
    async with database.connection() as connection:
        cursor = await connection.execute(f"select {_COLUMNS} from node where node_id = %s", (node_id,))
        row = await cursor.fetchone()
        return _row(row) if row else None


async def lock_node(connection: Connection, node_id: str) -> NodeRow | None:
    """None: there is none yet, and nobody else makes it meanwhile."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('node:' || %s, 0))", (node_id,))
    cursor = await connection.execute(f"select {_COLUMNS} from node where node_id = %s for no key update", (node_id,))
    row = await cursor.fetchone()
    return _row(row) if row else None


async def has_source(connection: Connection, source_id: str) -> bool:
    cursor = await connection.execute("select from stock_source where source_id = %s", (source_id,))
    return await cursor.fetchone() is not None


async def write_node(connection: Connection, node: Node, *, now: datetime) -> NodeRow:
    """Make or replace it; the caller has locked it."""
    values = (
        *(node.node_id, node.type, node.name, node.status, node.priority, node.source_id),
        *(Jsonb(dict(node.features)), now, now),
    )
    cursor = await connection.execute(_WRITE, values)
    row = await cursor.fetchone()
    assert row is not None, "it was inserted or updated"
    return _row(row)


_WRITE: LiteralString = f"""
insert into node (node_id, type, name, status, priority, source_id, document, created_at, updated_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (node_id) do update
   set type = excluded.type, name = excluded.name, status = excluded.status, priority = excluded.priority,
       source_id = excluded.source_id, document = excluded.document, updated_at = excluded.updated_at,
       version = node.version + 1
returning {_COLUMNS}
"""


async def count_nodes(connection: Connection) -> int:
    cursor = await connection.execute("select count(*) from node")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _row(row: tuple[Any, ...]) -> NodeRow:
    *_, version, updated_at = row
    return NodeRow(Node(*row[:7]), version, updated_at)

"""Who reports stock, what their numbers mean, and the goods that they expect."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.feeds import Inbound, Source
from gateway.store.pool import Connection, Database

MOST = 1_000

_COLUMNS: LiteralString = "source_id, partner_id, semantics, every, version, speaks_of"


async def read_source(database: Database, source_id: str) -> Source | None:
    async with database.connection() as connection:
        return await source_of(connection, source_id)


async def source_of(connection: Connection, source_id: str) -> Source | None:
    cursor = await connection.execute(f"select {_COLUMNS} from stock_source where source_id = %s", (source_id,))
    row = await cursor.fetchone()
    return _source(row) if row else None


async def lock_source(connection: Connection, source_id: str) -> Source | None:
    """None: there is none yet, and nobody else makes it meanwhile."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('source:' || %s, 0))", (source_id,))
    return await source_of(connection, source_id)


async def all_sources(database: Database, *, partner: str | None) -> list[Source]:
    """By id; of a partner only those that it may feed."""
    async with database.connection() as connection:
        cursor = await connection.execute(_ALL, (partner, partner, MOST))
        return [_source(row) for row in await cursor.fetchall()]


_ALL: LiteralString = f"""
select {_COLUMNS} from stock_source where %s::text is null or partner_id = %s order by source_id limit %s
"""


async def has_partner(connection: Connection, partner_id: str) -> bool:
    cursor = await connection.execute("select from partner where partner_id = %s", (partner_id,))
    return await cursor.fetchone() is not None


async def has_spoken(connection: Connection, source_id: str) -> bool:
    cursor = await connection.execute("select from stock_view where source_id = %s limit 1", (source_id,))
    return await cursor.fetchone() is not None


async def write_source(connection: Connection, source: Source, *, now: datetime) -> Source:
    """Make or replace it; the caller has locked it."""
    nodes = None if source.nodes is None else list(source.nodes)
    values = (source.source_id, source.partner_id, source.semantics, source.every, nodes, now, now)
    cursor = await connection.execute(_WRITE, values)
    row = await cursor.fetchone()
    assert row is not None, "it was inserted or updated"
    return _source(row)


_WRITE: LiteralString = f"""
insert into stock_source (source_id, partner_id, semantics, every, speaks_of, created_at, updated_at)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (source_id) do update
   set partner_id = excluded.partner_id, semantics = excluded.semantics, every = excluded.every,
       speaks_of = excluded.speaks_of, updated_at = excluded.updated_at, version = stock_source.version + 1
returning {_COLUMNS}
"""


async def nodes_known(connection: Connection, nodes: Collection[str] | None) -> set[str]:
    """Those of them that exist; None: all there are."""
    asked = None if nodes is None else sorted(nodes)
    cursor = await connection.execute(
        "select node_id from node where %s::text[] is null or node_id = any(%s)", (asked, asked)
    )
    return {row[0] for row in await cursor.fetchall()}


async def expect(connection: Connection, source_id: str, goods: Sequence[Inbound], *, now: datetime) -> int:
    """Take over the lines as they are seen now. Returns how many were different before."""
    columns: dict[str, list[Any]] = {
        "documents": [each.document for each in goods],
        "lines": [each.line for each in goods],
        "skus": [each.sku for each in goods],
        "nodes": [each.node for each in goods],
        "quantities": [each.quantity for each in goods],
        "etas": [each.eta for each in goods],
        "confidences": [each.confidence for each in goods],
    }
    return (await connection.execute(_EXPECT, {"source": source_id, "now": now, **columns})).rowcount


_EXPECT = """
insert into stock_inbound as i (source_id, document, document_line, sku, node_id, quantity, eta, confidence, updated_at)
select %(source)s, t.*, %(now)s from unnest(
       %(documents)s::text[], %(lines)s::text[], %(skus)s::text[], %(nodes)s::text[], %(quantities)s::integer[],
       %(etas)s::timestamptz[], %(confidences)s::numeric[]) as t (document, line, sku, node, quantity, eta, confidence)
 order by document collate "C", line collate "C"
on conflict (source_id, document, document_line) do update
   set sku = excluded.sku, node_id = excluded.node_id, quantity = excluded.quantity, eta = excluded.eta,
       confidence = excluded.confidence, updated_at = excluded.updated_at
 where (i.sku, i.node_id, i.quantity, i.eta, i.confidence) is distinct from
       (excluded.sku, excluded.node_id, excluded.quantity, excluded.eta, excluded.confidence)
"""


async def count_sources(connection: Connection) -> int:
    row = await (await connection.execute("select count(*) from stock_source")).fetchone()
    return int(row[0]) if row else 0


def _source(row: Sequence[Any]) -> Source:
    source_id, partner_id, semantics, every, version, nodes = row
    return Source(source_id, partner_id, semantics, every, version, None if nodes is None else tuple(nodes))

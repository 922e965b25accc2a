"""Stock as several sources tell it, for one test: what they say, and what comes of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from gateway.domain.feeds import Count, Delta, Source
from gateway.domain.identifiers import mint
from gateway.domain.inventory import InventoryPolicy
from gateway.store import stock
from gateway.store.divergences import judge
from gateway.store.feeds import take_deltas
from gateway.store.pool import Database
from gateway.store.views import Hearing, derive, take_counts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WMS = Source("wms", None, "physical", 86_400, 1)
ERP = Source("erp", None, "net_of_orders", 86_400, 1)
LAMP = ("LAMP", "main", "new")


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def fact(quantity: int, minute: float, **more: Any) -> Delta:
    return replace(Delta(f"e-{uuid4()}", LAMP, quantity, "receipt", at(minute)), **more)


@dataclass(frozen=True, slots=True)
class Stocktaking:
    database: Database
    policy: InventoryPolicy = InventoryPolicy()  # noqa: RUF009 - it is frozen

    async def open(self) -> None:
        """The ERP is a witness beside the warehouse."""
        await self.sql("insert into stock_source (source_id, semantics) values ('erp', 'net_of_orders')")

    async def truth_is(self, source: Source) -> None:
        await self.sql("update node set source_id = %s", source.source_id)

    def hearing(self, minute: float) -> Hearing:
        return Hearing(at(minute), mint, self.policy)

    async def counted(self, source: Source, on_hand: int, minute: float, **unavailable: int) -> None:
        count = Count(LAMP, on_hand, at(minute), unavailable or None)
        async with self.database.transaction() as connection:
            places = await take_counts(connection, source.source_id, [count])
            await judge(connection, source.source_id, places, self.hearing(minute))
            await derive(connection, places, why="report")

    async def told(self, source: Source, *facts: Delta) -> list[str]:
        async with self.database.transaction() as connection:
            outcomes = await take_deltas(connection, source, facts, self.hearing(0))
        return [outcomes[each.event_id] for each in facts]

    async def ordered(self, order_id: str, quantity: int) -> None:
        async with self.database.transaction() as connection:
            assert await stock.reserve(connection, order_id, {"LAMP": quantity}) == []

    async def shipped(self, order_id: str, minute: float) -> None:
        async with self.database.transaction() as connection:
            await stock.ship(connection, order_id, at(minute))

    async def cancelled(self, order_id: str) -> None:
        async with self.database.transaction() as connection:
            await stock.release(connection, order_id)

    async def acknowledged(self, order_id: str, minute: float) -> None:
        async with self.database.transaction() as connection:
            await stock.acknowledge(connection, order_id, "erp", at(minute))

    async def available(self) -> int:
        return int((await self.position("available"))[0])

    async def position(self, columns: str) -> tuple[Any, ...]:
        """Of the lamp; the counters agree with the ledgers whenever one looks."""
        assert await self.rows(_ASTRAY) == []
        return (await self.rows(f"select {columns} from stock_position where sku = 'LAMP'"))[0]

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.database.connection() as connection:
            return await (await connection.execute(statement.encode(), values)).fetchall()

    async def sql(self, statement: str, *values: object) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement.encode(), values)


_ASTRAY = """
select p.sku, p.reserved, c.claims from stock_position p join node n using (node_id)
  join stock_claims((select array_agg(sku) from stock_position), (select array_agg(node_id) from stock_position)) c
    on (c.source_id, c.sku, c.node_id, c.condition) = (n.source_id, p.sku, p.node_id, p.condition)
 where p.reserved <> c.claims
"""

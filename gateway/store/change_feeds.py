"""What back ends did that cannot call us: who reads on, how far it has been read, and what it becomes here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Unavailable
from gateway.store import audit
from gateway.store.pool import Connection, Database
from gateway.store.signals import Signal, lock_run, signal
from gateway.told import Page, StockMove, Told

# Takes over how stock changed, each fact once, and says how many were new; in the commit that moves the cursor.
Books = Callable[[Connection, Sequence[StockMove], datetime], Awaitable[int]]


async def counts_only(connection: Connection, moves: Sequence[StockMove], now: datetime) -> int:
    """Stock is what warehouses count, and nothing is made of what they tell in between."""
    return 0


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to read on in *source* from *cursor*, for a few seconds by the database's clock."""

    source: str
    holder: str
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page came to: facts that were new, facts about nothing of ours, and new changes of stock."""

    new: int
    foreign: int
    moved: int


async def turn(database: Database, source: str, holder: str, *, seconds: float) -> Turn | None:
    """None while another one reads. Whoever reads keeps the turn, and a dead one's is over by itself."""
    async with database.connection() as connection:
        await connection.execute("insert into change_feed (source) values (%s) on conflict do nothing", (source,))
        cursor = await connection.execute(_TURN, {"source": source, "holder": holder, "seconds": seconds})
        row = await cursor.fetchone()
    return Turn(source, holder, row[0]) if row else None


_TURN = """
update change_feed set holder = %(holder)s, held_until = clock_timestamp() + make_interval(secs => %(seconds)s)
 where source = (select source from change_feed
                  where source = %(source)s and (holder = %(holder)s or held_until < clock_timestamp())
                    for no key update skip locked)
returning cursor
"""


async def take_over(
    database: Database,
    held: Turn,
    page: Page,
    *,
    now: datetime,
    mint: Callable[[str], str],
    books: Books = counts_only,
) -> Taken:
    """The page's facts as signals, changes of stock in the *books*, and the cursor behind them, in one commit. Raises
    `Unavailable` when the turn has passed to another one meanwhile: nothing is written."""
    new = foreign = 0
    async with database.transaction() as connection:
        await _move(connection, held, page)
        for told in sorted(page.told, key=lambda each: each.run_id):  # locked in one order by all who lock several
            if not await lock_run(connection, told.run_id):
                foreign += 1
            elif await _tell(connection, held.source, told, now):
                new += 1
                await audit.record_told(connection, told.run_id, audit_id=mint("aud"), source=held.source, now=now)
        moved = await books(connection, page.moves, now) if page.moves else 0
    return Taken(new, foreign, moved)


async def _tell(connection: Connection, source: str, told: Told, now: datetime) -> bool:
    fact = Signal(f"{source}:{told.id}", told.run_id, told.kind, f"poll:{source}", told.data)
    return await signal(connection, fact, now=now, trace_id=None)


async def _move(connection: Connection, held: Turn, page: Page) -> None:
    moved = await connection.execute(_MOVE, (page.cursor, page.more, held.source, held.holder, held.cursor))
    if moved.rowcount != 1:
        raise Unavailable("another worker reads on")


_MOVE = """
update change_feed set cursor = %s, read_at = clock_timestamp(),
       caught_up_at = case when %s then caught_up_at else clock_timestamp() end
 where source = %s and holder = %s and cursor is not distinct from %s
"""

"""Corrections by people, append-only: each a fact that the truth of its node was told, so that a later count has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.adjustments import Adjustment
from gateway.domain.feeds import Count, Delta, Source
from gateway.domain.inventory import Place
from gateway.store.divergences import judge
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.feeds import take_deltas
from gateway.store.pool import Connection, Database
from gateway.store.views import Hearing, derive, lock_places, take_counts

PENDING = "inventory/adjustment_pending"
_CODE = "adjustment_pending"


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    adjustment_id: str
    account: str
    reference: str
    sku: str
    node_id: str
    condition: str
    bucket: str
    delta: int
    reason: str
    document_ref: str | None
    counted: int | None
    expected: int | None
    cost: int | None
    currency: str | None
    state: str
    reverses: str | None
    requested_by: str
    decided_by: str | None
    occurred_at: datetime
    created_at: datetime
    decided_at: datetime | None

    @property
    def place(self) -> Place:
        return (self.sku, self.node_id, self.condition)


@dataclass(frozen=True, slots=True)
class There:
    """What the books say of a place: the number that is to be corrected, and what a person would count there."""

    number: int
    countable: int
    truth: Source


_COLUMNS: LiteralString = ", ".join(
    (
        *("adjustment_id", "account", "reference", "sku", "node_id", "condition", "bucket", "delta", "reason"),
        *("document_ref", "counted", "expected", "cost", "currency", "state", "reverses", "requested_by", "decided_by"),
        *("occurred_at", "created_at", "decided_at"),
    )
)


async def look(connection: Connection, place: Place, bucket: str) -> There:
    """Locks the place, which is made if need be; its node exists."""
    await lock_places(connection, [place])
    cursor = await connection.execute(
        _LOOK, {**dict(zip(("sku", "node", "condition"), place, strict=True)), "b": bucket}
    )
    row = await cursor.fetchone()
    assert row is not None, "it has just been locked"
    number, gone, *truth = row
    return There(number, number - gone if bucket == "on_hand" else number, Source(*truth))


# What has left since the truth's number is in that number still, and on no shelf.
_LOOK = """
select case %(b)s when 'damaged' then p.damaged when 'quality_control' then p.quality_control when 'hold' then p.hold
                  when 'display' then p.display else p.on_hand end,
       coalesce((select sum(o.quantity) from stock_outflow o
                  where o.sku = p.sku and o.node_id = p.node_id and o.condition = p.condition
                    and o.occurred_at >= coalesce(v.as_of, '-infinity')), 0)::integer,
       s.source_id, s.partner_id, s.semantics, s.every, s.version
  from stock_position p join node n using (node_id) join stock_source s on s.source_id = n.source_id
  left join stock_view v on v.sku = p.sku and v.node_id = p.node_id and v.condition = p.condition
                        and v.source_id = n.source_id
 where p.sku = %(sku)s and p.node_id = %(node)s and p.condition = %(condition)s
"""


async def write_adjustment(
    connection: Connection, asked: Adjustment, delta: int, there: There, hearing: Hearing
) -> AdjustmentRow:
    """Apply it, or keep it for another person to decide. The caller has looked at the place and holds its lock."""
    pending = asked.needs_approval(delta, hearing.policy)
    values = (
        *(asked.adjustment_id, asked.account, asked.reference, *asked.place, asked.bucket, delta, asked.reason),
        *(asked.document_ref, asked.count, asked.expected, asked.cost, asked.currency),
        *("pending_approval" if pending else "applied", asked.reverses, asked.requested_by, asked.now, asked.now),
        None if pending else asked.now,
    )
    row = _row(await (await connection.execute(_WRITE, values)).fetchone())
    if pending:
        await open_exception(connection, _opening(row, hearing), now=hearing.now)
    else:
        await _apply(connection, row, there.truth, hearing)
    return row


_WRITE: LiteralString = f"""
insert into stock_adjustment (adjustment_id, account, reference, sku, node_id, condition, bucket, delta, reason,
                              document_ref, counted, expected, cost, currency, state, reverses, requested_by,
                              occurred_at, created_at, decided_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning {_COLUMNS}
"""


def _opening(row: AdjustmentRow, hearing: Hearing) -> Opening:
    evidence = {
        **{"sku": row.sku, "node_id": row.node_id, "bucket": row.bucket, "delta": row.delta, "reason": row.reason},
        **{"requested_by": row.requested_by, "cost": row.cost, "currency": row.currency},
    }
    return Opening(hearing.mint("xcp"), PENDING, _CODE, row.adjustment_id, evidence, ("resolve", "abandon"))


async def _apply(connection: Connection, row: AdjustmentRow, truth: Source, hearing: Hearing) -> None:
    """As of when they looked, however late it is approved: what the source has counted since contains it."""
    if row.counted is not None and row.bucket == "on_hand":
        places = await take_counts(connection, truth.source_id, [Count(row.place, row.counted, row.occurred_at)])
        await judge(connection, truth.source_id, places, hearing)
        await derive(connection, places, why="adjustment")
    elif row.delta:
        event = f"adjustment:{row.adjustment_id}"
        told = Delta(event, row.place, row.delta, row.reason, row.occurred_at, row.bucket, row.document_ref)
        await take_deltas(connection, truth, [told], hearing, why="adjustment")
    if row.counted is not None:
        await connection.execute(_COUNTED, (row.occurred_at, *row.place))
    if row.reverses:
        await connection.execute(
            "update stock_adjustment set state = 'reversed' where adjustment_id = %s", (row.reverses,)
        )


_COUNTED = """
update stock_position set counted_at = greatest(counted_at, %s) where sku = %s and node_id = %s and condition = %s
"""


async def decide(
    connection: Connection, row: AdjustmentRow, *, approved: bool, by: str, hearing: Hearing
) -> AdjustmentRow:
    """What becomes of one that waits, and which the caller has locked."""
    there = await look(connection, row.place, row.bucket) if approved else None
    state = "applied" if approved else "rejected"
    decided = _row(await (await connection.execute(_DECIDE, (state, by, hearing.now, row.adjustment_id))).fetchone())
    if there is not None:
        await _apply(connection, decided, there.truth, hearing)
    resolution = {"by": by, "decision": state}
    about = row.adjustment_id
    await close_exception(connection, class_=PENDING, code=_CODE, subject=about, resolution=resolution, now=hearing.now)
    return decided


_DECIDE: LiteralString = f"""
update stock_adjustment set state = %s, decided_by = %s, decided_at = %s where adjustment_id = %s returning {_COLUMNS}
"""


async def read_adjustment(connection: Connection, adjustment_id: str, *, locked: bool = False) -> AdjustmentRow | None:
    sought: LiteralString = f"select {_COLUMNS} from stock_adjustment where adjustment_id = %s"
    cursor = await connection.execute(f"{sought} for no key update" if locked else sought, (adjustment_id,))
    row = await cursor.fetchone()
    return _row(row) if row else None


async def is_reversed(connection: Connection, adjustment_id: str) -> bool:
    """Is there a reversal of it already, one that waits among them?"""
    cursor = await connection.execute(_REVERSAL, (adjustment_id,))
    return await cursor.fetchone() is not None


_REVERSAL = "select from stock_adjustment where reverses = %s and state <> 'rejected'"


async def named(connection: Connection, account: str, reference: str) -> AdjustmentRow | None:
    """The one that they have called so before; nobody else makes one of that name meanwhile."""
    await connection.execute(_ALONE, (f"adjustment:{account}:{reference}",))
    sought: LiteralString = f"select {_COLUMNS} from stock_adjustment where account = %s and reference = %s"
    row = await (await connection.execute(sought, (account, reference))).fetchone()
    return _row(row) if row else None


_ALONE = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"


async def list_adjustments(
    database: Database, sought: dict[str, str | None], *, after: str | None, limit: int
) -> list[AdjustmentRow]:
    """The newest first; *sought* names sku, node and state, or None for any."""
    async with database.connection() as connection:
        cursor = await connection.execute(_LIST, {**sought, "after": after, "limit": limit})
        return [_row(row) for row in await cursor.fetchall()]


_LIST: LiteralString = f"""
select {_COLUMNS} from stock_adjustment
 where (%(sku)s::text is null or sku = %(sku)s) and (%(node)s::text is null or node_id = %(node)s)
   and (%(state)s::text is null or state = %(state)s) and (%(after)s::text is null or adjustment_id < %(after)s)
 order by adjustment_id desc limit %(limit)s
"""


def _row(row: Sequence[Any] | None) -> AdjustmentRow:
    assert row is not None, "it was written"
    return AdjustmentRow(*row)

"""Returns as routes and the workflow see them: loaded, locked, moved and counted, inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.returns import (
    GIVES_UP,
    Return,
    ReturnLine,
    ReturnQuantities,
    ReturnState,
    may_become,
)
from gateway.domain.returns_policy import ReturnRule
from gateway.store import events
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database

_COUNTS = tuple(each.name for each in fields(ReturnQuantities))


@dataclass(frozen=True, slots=True)
class StoredReturn:
    told: Return
    partner_id: str
    method: str
    version: int
    trace_id: str
    created_at: datetime
    updated_at: datetime
    refunds: Sequence[Mapping[str, Any]] = ()  # with their credit memos, the first tranche first


async def load_return(connection: Connection, return_id: str, *, partner: str | None = None) -> StoredReturn | None:
    """None: there is none, or it is not that partner's. A partner that is None sees everybody's."""
    cursor = await connection.execute(_ONE, {"return": return_id, "partner": partner})
    row = await cursor.fetchone()
    return _stored(row) if row else None


async def lock_return(connection: Connection, return_id: str) -> None:
    """Nobody else counts it or moves it until the transaction ends. Its run has been locked before."""
    await connection.execute("select 1 from returns where return_id = %s for no key update", (return_id,))


@dataclass(frozen=True, slots=True)
class Sought:
    """Which returns are asked for; None: whatever they are."""

    partner: str | None
    order_id: str | None = None
    channel_id: str | None = None
    channel_return_id: str | None = None


async def list_returns(database: Database, sought: Sought, *, after: str | None, limit: int) -> list[StoredReturn]:
    """The newest first, beginning behind *after*."""
    wanted = {**asdict(sought), "partner_id": sought.partner}
    named = ("partner_id", "order_id", "channel_id", "channel_return_id")
    conditions = [f"r.{name} = %({name})s" for name in named if wanted[name] is not None]
    if after is not None:
        conditions.append("r.return_id < %(after)s")
    where = f"where {' and '.join(conditions)}" if conditions else ""
    values = {**wanted, "after": after, "limit": limit}
    async with database.connection() as connection:
        cursor = await connection.execute(f"{_SELECT} {where} order by r.return_id desc limit %(limit)s", values)
        return [_stored(row) for row in await cursor.fetchall()]


_SELECT: LiteralString = """
select r.return_id, r.order_id, r.channel_id, r.channel_return_id, r.currency, r.state, r.scanned_at, r.expires_at,
       (select jsonb_agg(to_jsonb(l) || jsonb_build_object(
                   'units', (select jsonb_agg(u.unit order by u.unit) from return_unit u
                              where u.return_id = l.return_id and u.line_id = l.line_id),
                   'values', (select jsonb_agg(u.value order by u.unit) from return_unit u
                               where u.return_id = l.return_id and u.line_id = l.line_id)) order by l.number)
          from return_line l where l.return_id = r.return_id),
       r.requested_by, r.partner_id, r.method, r.version, r.trace_id, r.created_at, r.updated_at,
       coalesce((select jsonb_agg(jsonb_build_object(
                     'refund_id', f.refund_id, 'tranche', f.tranche, 'attempt', f.attempt, 'amount', f.amount,
                     'fee', f.fee, 'memo_id', m.memo_id, 'memo', m.state, 'number', m.number, 'status',
                     case when f.state = 'submitted' and s.state = 'unknown' then s.state else f.state end)
                 order by f.tranche, f.part_id, f.attempt)
          from refund f left join credit_memo m using (refund_id)
          left join step s on s.run_id = f.refund_id and s.name = 'refund'
         where f.source_kind = 'return' and f.source_id = r.return_id), '[]')
  from returns r"""
_ONE: LiteralString = f"""{_SELECT}
 where r.return_id = %(return)s and (%(partner)s::text is null or r.partner_id = %(partner)s)
"""


def _stored(row: tuple[Any, ...]) -> StoredReturn:
    (state, scanned_at, expires_at, lines, requested_by), rest = row[5:10], row[10:]
    named: tuple[str, str, str, str, str] = row[:5]
    pieces = tuple(_line(line) for line in lines)
    told = Return(*named, ReturnState(state), scanned_at, expires_at, pieces, requested_by)
    return StoredReturn(told, *rest)


def _line(row: Mapping[str, Any]) -> ReturnLine:
    rule: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in row["rule"].items()}
    return ReturnLine(
        line_id=row["line_id"],
        sku=row["sku"],
        reason=row["reason"],
        units=tuple(row["units"]),
        values=tuple(row["values"]),
        quantities=ReturnQuantities(**{name: row[name] for name in _COUNTS}),
        rule=ReturnRule(**rule),
    )


async def write_counts(connection: Connection, return_id: str, lines: Sequence[ReturnLine]) -> None:
    """Where its pieces stand now; it has a new version, and so has its order. The caller has locked it."""
    columns = [[getattr(line.quantities, name) for line in lines] for name in _COUNTS]
    await connection.execute(_WRITE_COUNTS, ([line.line_id for line in lines], *columns, return_id))


_WRITE_COUNTS = f"""
update return_line l set {", ".join(f"{name} = c.{name}" for name in _COUNTS)}
  from unnest(%s::text[], {", ".join("%s::integer[]" for _ in _COUNTS)}) as c (line_id, {", ".join(_COUNTS)})
 where l.return_id = %s and l.line_id = c.line_id
"""


async def happened(
    connection: Connection, return_id: str, kind: str, hand: Hand, *, data: Mapping[str, Any] | None = None
) -> None:
    """It has a new version, and its event: `received`, `inspected`, or a state that it has come to."""
    await connection.execute(_TOUCH, (hand.now, return_id))
    await events.tell(connection, return_id, f"com.omnigate.return.{kind}.v1", hand, data or {})


_TOUCH = "update returns set version = version + 1, updated_at = greatest(updated_at, %s) where return_id = %s"


async def move_return(connection: Connection, return_id: str, after: ReturnState, hand: Hand) -> bool:
    """Pieces of a return that is given up may be returned again, but for those that came. False: it stands elsewhere
    than where it could come from, and stays there."""
    befores = [before.value for before in ReturnState if may_become(before, after)]
    cursor = await connection.execute(_MOVE, (after.value, return_id, befores))
    if await cursor.fetchone() is None:
        return False
    if after in GIVES_UP or after is ReturnState.CLOSED:
        await connection.execute(_RELEASE, (return_id,))
    await happened(connection, return_id, after.value, hand, data={"status": after.value})
    return True


_MOVE = "update returns set state = %s where return_id = %s and state = any(%s) returning 1"
_RELEASE = """
update return_unit u set released = true
  from (select return_id, line_id, unit, row_number() over (partition by line_id order by unit) as place
          from return_unit where return_id = %s) n join return_line l using (return_id, line_id)
 where u.return_id = n.return_id and u.line_id = n.line_id and u.unit = n.unit and n.place > l.received
"""


async def scanned(connection: Connection, return_id: str, at: datetime, hand: Hand) -> bool:
    """A carrier has it. False: that was known."""
    cursor = await connection.execute(_SCANNED, (at, return_id))
    if await cursor.fetchone() is None:
        return False
    await happened(connection, return_id, "scanned", hand, data={"status": "in_transit"})
    return True


_SCANNED = "update returns set scanned_at = %s where return_id = %s and scanned_at is null returning 1"

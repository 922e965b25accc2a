"""Does what we hold agree with itself: reservations with their holders, counters with what is written down of them?"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

from gateway.store.pool import Connection, Database

AT_ONCE = 2_000  # rows looked at in one statement
Part = str  # reservations | positions
PARTS: tuple[Part, ...] = ("reservations", "positions")


@dataclass(frozen=True, slots=True)
class Phantom:
    """A reservation that is active, though the order it was made for has ended."""

    reservation_id: str
    order_id: str
    status: str
    open: int

    class_, code = "inventory/phantom_reservation", "phantom_reservation"

    @property
    def subject(self) -> str:
        return self.reservation_id

    def evidence(self) -> dict[str, object]:
        return {"order_id": self.order_id, "order_status": self.status, "open": self.open}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A position whose counters are not the sum of what is written down: as they are, and as they should be."""

    sku: str
    node_id: str
    condition: str
    reserved: int
    claims: int
    reserved_soft: int
    soft: int

    class_, code = "inventory/divergence", "counter_mismatch"

    @property
    def subject(self) -> str:
        return f"{self.sku}@{self.node_id}/{self.condition}"

    def evidence(self) -> dict[str, object]:
        return {
            "reserved": {"is": self.reserved, "should_be": self.claims},
            "reserved_soft": {"is": self.reserved_soft, "should_be": self.soft},
        }


Finding = Phantom | Mismatch


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found; *after* is where the next one begins, None at the end."""

    findings: tuple[Finding, ...]
    after: list[str] | None


async def look(
    connection: Connection, part: Part, after: Sequence[str] | None, *, grace: timedelta = timedelta(0)
) -> Looked:
    """One bounded look, in one snapshot, which sees no change half made. An order that ended less than *grace* ago may
    still have what its partner is about to release."""
    if part == "reservations":
        return await _look_at_reservations(connection, after, grace)
    return await _look_at_positions(connection, after)


async def _look_at_reservations(connection: Connection, after: Sequence[str] | None, grace: timedelta) -> Looked:
    values = {"after": after[0] if after else "", "most": AT_ONCE, "grace": grace}
    cursor = await connection.execute(_PHANTOMS, values)
    rows = await cursor.fetchall()
    found = tuple(Phantom(*row) for row in rows if row[2] is not None)
    return Looked(found, [rows[-1][0]] if len(rows) == AT_ONCE else None)


_PHANTOMS = """
select r.reservation_id, r.holder_id, o.status,
       (select sum(l.open)::integer from reservation_line l where l.reservation_id = r.reservation_id)
  from (select * from reservation where state = 'active' and reservation_id > %(after)s
         order by reservation_id limit %(most)s) r
  left join orders o on r.holder_type = 'order' and o.order_id = r.holder_id
                    and o.status in ('rejected', 'cancelled', 'completed')
                    and o.updated_at <= clock_timestamp() - %(grace)s::interval
                    and (r.expires_at is null or r.expires_at > clock_timestamp())
 order by r.reservation_id
"""


async def _look_at_positions(connection: Connection, after: Sequence[str] | None) -> Looked:
    sku, node, condition = after or ("", "", "")
    values = {"sku": sku, "node": node, "condition": condition, "most": AT_ONCE}
    cursor = await connection.execute(_COUNTERS_AFTER, values)
    rows = [Mismatch(*row) for row in await cursor.fetchall()]
    last = rows[-1] if len(rows) == AT_ONCE else None
    return Looked(tuple(_differing(rows)), [last.sku, last.node_id, last.condition] if last else None)


async def counters_of(connection: Connection, places: Sequence[tuple[str, str]]) -> list[Mismatch]:
    """The positions there whose counters differ; under lock they stay as they are told."""
    skus, nodes = [sku for sku, _ in places], [node for _, node in places]
    cursor = await connection.execute(_COUNTERS_OF, {"skus": skus, "nodes": nodes})
    return _differing([Mismatch(*row) for row in await cursor.fetchall()])


def _differing(rows: Sequence[Mismatch]) -> list[Mismatch]:
    return [row for row in rows if (row.reserved, row.reserved_soft) != (row.claims, row.soft)]


# Firm demand that the truth's number does not contain; where the truth has said nothing yet, all of it.
def _counters(positions: LiteralString) -> LiteralString:
    return f"""
with looked as materialized ({positions})
select p.sku, p.node_id, p.condition, p.reserved, coalesce(c.claims, f.claims, 0)::integer, p.reserved_soft,
       coalesce(s.soft, 0)::integer
  from looked p
  join node n using (node_id)
  left join stock_claims((select array_agg(sku) from looked), (select array_agg(node_id) from looked)) c
         on (c.source_id, c.sku, c.node_id, c.condition) = (n.source_id, p.sku, p.node_id, p.condition)
  left join lateral (
      select coalesce(sum(l.open) filter (where l.expires_at is null), 0) + coalesce(sum(o.gone), 0) as claims
        from reservation_line l
        left join lateral (select sum(quantity) as gone from stock_outflow o
                            where o.reservation_id = l.reservation_id and o.number = l.number) o on true
       where l.sku = p.sku and l.node_id = p.node_id and l.condition = p.condition and not l.settled) f
         on c.sku is null
  left join lateral (
      select sum(l.open) as soft from reservation_line l
       where l.sku = p.sku and l.node_id = p.node_id and l.condition = p.condition and l.expires_at is not null
         and l.open > 0) s on true
 order by p.sku, p.node_id, p.condition
"""


_COUNTERS_AFTER = _counters(
    """select * from stock_position where (sku, node_id, condition) > (%(sku)s, %(node)s, %(condition)s)
        order by sku, node_id, condition limit %(most)s"""
)
_COUNTERS_OF = _counters(
    "select * from stock_position where (sku, node_id) in (select * from unnest(%(skus)s::text[], %(nodes)s::text[]))"
)


async def findings_of(database: Database, part: Part) -> list[Finding]:
    """Everything that there is to find of *part*, a look at a time."""
    found: list[Finding] = []
    after: list[str] | None = None
    while True:
        async with database.connection() as connection:
            looked = await look(connection, part, after)
        found += looked.findings
        after = looked.after
        if after is None:
            return found


Tell = Callable[[Connection, Finding], Awaitable[None]]

_MOST_LOOKS, _MOST_TOLD = 20, 100
_GRACE = timedelta(hours=1)


async def audit_daily(database: Database, tell: Tell) -> int:
    """A bounded piece of the day's audit, where the last one ended, by whichever worker comes first. What is found is
    told in the same commit, a hundred of a look at most. Returns how much that is."""
    found = 0
    for part in PARTS:
        for _ in range(_MOST_LOOKS):
            async with database.transaction() as connection:
                cursor = await connection.execute(_TAKE, (part,))
                row = await cursor.fetchone()
                if row is None:  # it is done for today, or another worker is at it
                    break
                looked = await look(connection, part, row[0], grace=_GRACE)
                for finding in looked.findings[:_MOST_TOLD]:
                    await tell(connection, finding)
                await connection.execute(_GO_ON, (looked.after, looked.after, part))
                found += len(looked.findings)
    return found


_TAKE = """
select after from stock_audit where part = %s and next_at <= clock_timestamp() for no key update skip locked
"""
_GO_ON = """
update stock_audit set after = %s::text[],
       next_at = case when %s::text[] is null then clock_timestamp() + interval '1 day' else next_at end
 where part = %s
"""

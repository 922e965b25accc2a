"""Issued revisions of purchase orders on their way, each with a run of its own, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from gateway.domain.procurement import PROCURING, Purchase
from gateway.domain.purchase_orders import OrderState, read_lines
from gateway.store.hands import Hand
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Bought:
    """What is ordered, and what was agreed to instead: by the supplier's word that was taken."""

    purchase_id: str
    order: Purchase
    agreed: Purchase | None
    trace_id: str
    awaited: str = ""  # of a reminder: what it asks for,
    answered: bool = False  # and of a shipping notice, whether it came


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the order stands of which this revision is on its way."""

    order: OrderState
    asked_at: datetime  # since when the supplier may answer, while it is issued
    superseded: bool  # a later revision was issued
    escalated: bool
    state: str  # of the purchase


async def begin(connection: Connection, po_id: str, revision: int, hand: Hand, *, trace: str | None) -> None:
    """The revision is issued in this transaction: its run begins."""
    values = {
        **{"purchase": hand.mint("pur"), "po": po_id, "revision": revision, "trace_id": hand.trace_id},
        **{"now": hand.now, "saga": PROCURING[0], "version": PROCURING[1], "traceparent": trace},
    }
    await connection.execute(_BEGIN, values)


RUN: LiteralString = """
begun as (
    insert into run (run_id, saga, version, state, traceparent, created_at, updated_at)
    select run_id, %(saga)s, %(version)s, 'running', %(traceparent)s, %(now)s, %(now)s from wanted returning run_id
)
select start_task(run_id, %(saga)s, %(version)s, 1) from begun
"""
_BEGIN = f"""
with wanted as (
    insert into purchase (purchase_id, po_id, revision, state, asked_at, trace_id, created_at, updated_at)
    values (%(purchase)s, %(po)s, %(revision)s, 'open', %(now)s, %(trace_id)s, %(now)s, %(now)s)
    returning purchase_id as run_id
), {RUN}"""


async def lock(connection: Connection, po_id: str) -> None:
    """The runs that carry the order out, before its row, as they themselves do."""
    await connection.execute(
        "select lock_run(purchase_id) from purchase where po_id = %s and state = 'open' order by revision", (po_id,)
    )


async def order_moved(connection: Connection, po_id: str, after: OrderState, *, now: datetime) -> None:
    """Whoever carries it out looks at it. When a proposal was refused, the supplier is asked anew."""
    if after is OrderState.ISSUED:
        anew = "update purchase set asked_at = %s, escalated_at = null where po_id = %s and state = 'open'"
        await connection.execute(anew, (now, po_id))
    await connection.execute(
        "select wake(purchase_id) from purchase where po_id = %s and state = 'open' order by revision", (po_id,)
    )


async def wake_later(connection: Connection, purchase_id: str) -> None:
    """Those that waited for it to end: `standing` has locked their runs, and not those before it."""
    await connection.execute(_WAKE_LATER, (purchase_id,))


_WAKE_LATER = """
select wake(l.purchase_id) from purchase p join purchase l using (po_id)
 where p.purchase_id = %s and l.revision > p.revision and l.state = 'open' order by l.revision
"""


async def load(connection: Connection, purchase_id: str) -> Bought:
    cursor = await connection.execute(_LOAD, (purchase_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{purchase_id} was issued together with its run"
    return _bought(row)


_LOAD = """
select p.purchase_id, p.trace_id, o.po_id, o.po_number, o.supplier_id, s.code, o.currency, p.revision, r.lines,
       a.revision, a.lines
  from purchase p join purchase_order o using (po_id) join supplier s using (supplier_id)
  join purchase_order_revision r on r.po_id = p.po_id and r.revision = p.revision
  left join purchase_order_revision a on a.po_id = p.po_id and a.revision = o.issued_revision
        and a.revision > p.revision and o.state in ('confirmed', 'closed', 'cancelled')
 where p.purchase_id = %s
"""


def _bought(row: Sequence[Any]) -> Bought:
    purchase_id, trace_id, po_id, number, supplier_id, code, currency, *revisions = row

    def revision(which: int, lines: Any) -> Purchase:
        return Purchase(
            po_id=po_id,
            po_number=number,
            revision=which,
            supplier_id=supplier_id,
            supplier_code=code,
            currency=currency,
            lines=read_lines(lines),
        )

    agreed = revision(*revisions[2:]) if revisions[2] is not None else None
    return Bought(purchase_id, revision(*revisions[:2]), agreed, trace_id)


async def standing(connection: Connection, purchase_id: str) -> Standing:
    """The order's row stays locked: what is decided about it and what is done next, one after the other. So do the runs
    of later revisions, which may be woken: each run is locked before those after it, and all of them before the order.
    """
    await connection.execute(_LOCK_LATER, (purchase_id,))
    await connection.execute(_LOCK_ORDER, (purchase_id,))
    cursor = await connection.execute(_STANDING, (purchase_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{purchase_id} was issued together with its run"
    return Standing(OrderState(row[0]), *row[1:])


_LOCK_LATER = """
select lock_run(l.purchase_id) from purchase p join purchase l using (po_id)
 where p.purchase_id = %s and l.revision > p.revision and l.state = 'open' order by l.revision
"""
_LOCK_ORDER = """
select from purchase_order where po_id = (select po_id from purchase where purchase_id = %s) for no key update
"""
_STANDING = """
select o.state, p.asked_at,
       exists (select from purchase l where l.po_id = p.po_id and l.revision > p.revision),
       p.escalated_at is not null, p.state
  from purchase p join purchase_order o using (po_id) where p.purchase_id = %s
"""


async def earlier_under_way(connection: Connection, purchase_id: str) -> bool:
    cursor = await connection.execute(_EARLIER, (purchase_id,))
    return await cursor.fetchone() is not None


_EARLIER = """
select from purchase p join purchase e using (po_id)
 where p.purchase_id = %s and e.revision < p.revision and e.state = 'open' limit 1
"""


async def stand(connection: Connection, purchase_id: str, state: str, *, now: datetime) -> None:
    await connection.execute(
        "update purchase set state = %s, updated_at = %s where purchase_id = %s", (state, now, purchase_id)
    )


async def escalate(connection: Connection, purchase_id: str, *, now: datetime) -> None:
    await connection.execute(
        "update purchase set escalated_at = %s, updated_at = %s where purchase_id = %s", (now, now, purchase_id)
    )

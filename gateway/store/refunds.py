"""
Refunds, inside the caller's transaction. What a refund may take is reserved by the row that it becomes, before anybody
is asked: of the order's payment and of the capture it is drawn from. The order's row is locked before its payment's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.refunds import RefundLine, RefundState, holds, may_become
from gateway.store import orders
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """*tranche* counts what goes back for one source; of each tranche there is one refund a part. Minor units."""

    refund_id: str
    order_id: str
    source: tuple[str, str]  # kind and id: return, ret_…
    tranche: int
    part_id: str
    currency: str
    lines: tuple[RefundLine, ...]
    fee: int
    reason: str
    state: RefundState
    attempt: int = 1
    approval_id: str | None = None
    provider_ref: str | None = None

    @property
    def amount(self) -> int:
        return sum(line.net + line.tax for line in self.lines) - self.fee


async def reserve(connection: Connection, refund: Refund, *, memo_id: str | None, now: datetime) -> bool:
    """Write it down with all that it may take. False: there is not so much left, and nothing was written."""
    await orders.lock_status(connection, refund.order_id)
    if not await _room(connection, refund):
        return False
    values = (
        *(refund.refund_id, refund.order_id, *refund.source, refund.tranche, refund.part_id, refund.attempt),
        *(refund.currency, refund.amount, refund.fee, refund.reason, refund.state.value, refund.approval_id, now, now),
    )
    await connection.execute(_ADD, values)
    columns = ("line_id", "sku", "quantity", "net", "tax")
    await connection.execute(
        _ADD_LINES, (refund.refund_id, *([getattr(line, name) for line in refund.lines] for name in columns))
    )
    if memo_id is not None:
        await connection.execute(_ADD_MEMO, (memo_id, refund.refund_id, refund.amount, now))
    return True


_ADD = """
insert into refund (refund_id, order_id, source_kind, source_id, tranche, part_id, attempt, currency, amount, fee,
                    reason, state, approval_id, created_at, updated_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_ADD_LINES = """
insert into refund_line (refund_id, line_id, sku, quantity, net, tax)
select %s, l.* from unnest(%s::text[], %s::text[], %s::integer[], %s::bigint[], %s::bigint[]) as l
"""

_ADD_MEMO = "insert into credit_memo (memo_id, refund_id, total, state, updated_at) values (%s, %s, %s, 'draft', %s)"


async def _room(connection: Connection, refund: Refund) -> bool:
    """Take what it needs of the payment, as far as it and the part's capture have so much left."""
    in_flight, _ = holds(refund.state, refund.amount)
    assert in_flight == refund.amount, "what is reserved is not done yet"
    cursor = await connection.execute(_RESERVE, {"order": refund.order_id, "part": refund.part_id, "amount": in_flight})
    return await cursor.fetchone() is not None


_RESERVE = """
update payment set in_flight = in_flight + %(amount)s
 where order_id = %(order)s and refunded + in_flight + %(amount)s <= captured
   and exists (select from step where run_id = %(part)s and name = 'take_money' and state = 'succeeded')
   and (select coalesce(sum(amount), 0) from refund where part_id = %(part)s and state not in ('failed', 'rejected'))
       + %(amount)s <= (select amount from fulfilment where fulfilment_id = %(part)s)
returning 1
"""


async def stand(
    connection: Connection,
    refund: Refund,
    after: RefundState,
    *,
    now: datetime,
    provider_ref: str | None = None,
    approval_id: str | None = None,
) -> None:
    """It stands so from *now* on, and its payment's ledger with it. *refund*: as it was read in this transaction."""
    assert may_become(refund.state, after), f"{refund.refund_id} cannot go from {refund.state} to {after}"
    await orders.lock_status(connection, refund.order_id)
    cursor = await connection.execute(
        _STAND, (after.value, provider_ref, approval_id, now, refund.refund_id, refund.state.value)
    )
    assert cursor.rowcount == 1, f"{refund.refund_id} was moved by somebody else"
    before, then = holds(refund.state, refund.amount), holds(after, refund.amount)
    change = (then[0] - before[0], then[1] - before[1])
    if any(change):
        await connection.execute(
            "update payment set in_flight = in_flight + %s, refunded = refunded + %s where order_id = %s",
            (*change, refund.order_id),
        )


_STAND = """
update refund set state = %s, provider_ref = coalesce(%s, provider_ref), approval_id = coalesce(%s, approval_id),
       updated_at = %s
 where refund_id = %s and state = %s
"""


async def credited(
    connection: Connection, refund_id: str, state: str, *, now: datetime, erp_ref: str | None, number: str | None
) -> None:
    await connection.execute(
        "update credit_memo set state = %s, erp_ref = %s, number = %s, updated_at = %s where refund_id = %s",
        (state, erp_ref, number, now, refund_id),
    )


async def memo_of(connection: Connection, refund_id: str) -> str | None:
    """Where its credit memo stands; None: it needs none, an earlier attempt's is enough."""
    cursor = await connection.execute("select state from credit_memo where refund_id = %s", (refund_id,))
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def uncredited(connection: Connection, kind: str, source_id: str) -> bool:
    """Is a credit memo of it still to be posted?"""
    cursor = await connection.execute(_UNCREDITED, (kind, source_id))
    return await cursor.fetchone() is not None


_UNCREDITED = """
select 1 from refund r join credit_memo m using (refund_id)
 where r.source_kind = %s and r.source_id = %s and m.state = 'draft' and r.state <> 'rejected' limit 1
"""


async def parts_of_units(connection: Connection, order_id: str) -> dict[tuple[str, int], str]:
    """For each piece of the order that has left, by line and number: the part that it left with."""
    cursor = await connection.execute(_PARTS, (order_id,))
    return {(line_id, first + n): part for line_id, first, many, part in await cursor.fetchall() for n in range(many)}


_PARTS = """
select l.line_id, l.first, l.quantity, f.fulfilment_id from fulfilment f join fulfilment_line l using (fulfilment_id)
 where f.order_id = %s and f.pieces in ('shipped', 'collected')
"""


async def all_taken(connection: Connection, part_ids: Iterable[str]) -> bool:
    """Has the money of all these parts been taken?"""
    cursor = await connection.execute(_TAKEN, (list(part_ids),))
    return await cursor.fetchone() is None


_TAKEN = """
select 1 from unnest(%s::text[]) as part
 where not exists (select from step where run_id = part and name = 'take_money' and state = 'succeeded') limit 1
"""


async def of_source(connection: Connection, kind: str, source_id: str) -> list[Refund]:
    """All tranches and attempts, the first ones first."""
    cursor = await connection.execute(
        f"{_READ} where r.source_kind = %s and r.source_id = %s order by r.tranche, r.part_id, r.attempt",
        (kind, source_id),
    )
    return [_refund(row) for row in await cursor.fetchall()]


async def locked(connection: Connection, refund_id: str) -> Refund:
    """As it stands, and nobody else moves it until the transaction ends."""
    await connection.execute("select from refund where refund_id = %s for no key update", (refund_id,))
    return await one(connection, refund_id)


async def one(connection: Connection, refund_id: str) -> Refund:
    cursor = await connection.execute(f"{_READ} where r.refund_id = %s", (refund_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{refund_id} was written down together with its run"
    return _refund(row)


_READ = """
select r.refund_id, r.order_id, r.source_kind, r.source_id, r.tranche, r.part_id, r.attempt, r.currency, r.fee,
       r.reason, r.state, r.approval_id, r.provider_ref,
       (select jsonb_agg(jsonb_build_array(l.line_id, l.sku, l.quantity, l.net, l.tax) order by l.line_id)
          from refund_line l where l.refund_id = r.refund_id)
  from refund r
"""


def _refund(row: Sequence[Any]) -> Refund:
    named, order, kind, source, tranche, part, attempt, currency, fee, reason, state, approval, provider, lines = row
    return Refund(
        refund_id=named,
        order_id=order,
        source=(kind, source),
        tranche=tranche,
        part_id=part,
        attempt=attempt,
        currency=currency,
        fee=fee,
        reason=reason,
        state=RefundState(state),
        approval_id=approval,
        provider_ref=provider,
        lines=tuple(RefundLine(*line) for line in lines),
    )

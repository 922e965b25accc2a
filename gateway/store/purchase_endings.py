"""Orders that were agreed to and are ended: supplier and ERP are told by a run of its own, inside the caller's
transaction."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.procurement import ENDING
from gateway.domain.purchase_orders import OrderState
from gateway.store import postings
from gateway.store.hands import Hand
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Left:
    """What an order that is over has left outside; nobody moves any of it meanwhile."""

    order: OrderState
    purchase: str  # its state
    booked: str | None  # the ERP's id of the purchase
    message: str | None  # what was sent to the supplier


async def begin(connection: Connection, po_id: str, hand: Hand) -> None:
    """The order is ended in this transaction. Of one that no workflow carried out there is nothing to tell."""
    ending_id = hand.mint("pen")
    cursor = await connection.execute(_BEGIN, {"ending": ending_id, "po": po_id, "now": hand.now})
    if cursor.rowcount:
        await postings.begin(connection, ending_id, ENDING, hand)


_BEGIN = """
insert into purchase_ending (ending_id, purchase_id, state, created_at, updated_at)
select %(ending)s, purchase_id, 'begun', %(now)s, %(now)s
  from purchase where po_id = %(po)s order by revision desc limit 1
"""


async def purchase_of(connection: Connection, ending_id: str) -> str:
    cursor = await connection.execute("select purchase_id from purchase_ending where ending_id = %s", (ending_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{ending_id} was written down together with its run"
    return str(row[0])


async def left(connection: Connection, purchase_id: str) -> Left:
    cursor = await connection.execute(_LEFT, (purchase_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{purchase_id} was issued together with its run"
    return Left(OrderState(row[0]), *row[1:])


_LEFT = """
select o.state, p.state,
       (select effect ->> 'id' from step
         where run_id = p.purchase_id and name in ('order_goods', 'order_agreed') and state = 'succeeded'
         order by name = 'order_agreed' desc limit 1),
       (select effect ->> 'id' from step where run_id = p.purchase_id and name = 'transmit' and state = 'succeeded')
  from purchase p join purchase_order o using (po_id) where p.purchase_id = %s
"""


async def ended(connection: Connection, ending_id: str, *, now: datetime) -> None:
    """What nothing came of is in force nowhere any more."""
    await connection.execute(_ENDED, {"ending": ending_id, "now": now})


_ENDED = """
with over as (
    update purchase_ending set state = 'ended', updated_at = %(now)s where ending_id = %(ending)s
    returning purchase_id
)
update purchase p set state = 'taken_back', updated_at = %(now)s
  from over, purchase_order o
 where p.purchase_id = over.purchase_id and o.po_id = p.po_id and o.state = 'cancelled' and p.state = 'confirmed'
"""


async def is_paid_for(connection: Connection, po_id: str) -> bool:
    """Somebody let an invoice of it pass: its purchase is needed, whatever came."""
    cursor = await connection.execute(_PAID, (po_id,))
    return await cursor.fetchone() is not None


_PAID = "select from supplier_invoice where po_id = %s and state in ('approved', 'posted') limit 1"

"""What suppliers are asked for that has not come, each once by a run of its own, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.store.exceptions import close_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.purchases import RUN

UNANNOUNCED, UNANNOUNCED_CODE = "suppliers/not_announced", "not_announced"


@dataclass(frozen=True, slots=True)
class Reminder:
    purchase_id: str
    awaited: str
    state: str
    answered: bool  # of a shipping notice; whether an order is confirmed, the order says


@dataclass(frozen=True, slots=True)
class Unannounced:
    """A day for which pieces are agreed that are not all announced; the supplier is to be reminded, a buyer told."""

    reminder_id: str
    purchase_id: str
    due_on: date
    traceparent: str | None  # of the order's run
    reminds: bool
    tells: bool


async def remind(
    connection: Connection, purchase_id: str, hand: Hand, *, saga: tuple[str, int], trace: str | None
) -> None:
    """A run of its own begins that asks for the confirmation, unless one has."""
    values = {
        **{"reminder": hand.mint("rmd"), "purchase": purchase_id, "now": hand.now},
        **{"saga": saga[0], "version": saga[1], "traceparent": trace},
    }
    await connection.execute(_REMIND, values)


_REMIND = f"""
with wanted as (
    insert into supplier_reminder (reminder_id, purchase_id, awaited, state, created_at, updated_at)
    values (%(reminder)s, %(purchase)s, 'confirmation', 'planned', %(now)s, %(now)s)
        on conflict (purchase_id, awaited, due_on) do nothing returning reminder_id as run_id
), {RUN}"""


async def await_notices(connection: Connection, po_id: str, hand: Hand) -> None:
    """The order is confirmed in this transaction: from now on each of its days is waited for."""
    cursor = await connection.execute("select due_on from unannounced(%s)", (po_id,))
    days = [row[0] for row in await cursor.fetchall()]
    await connection.execute(_AWAIT, (hand.now, hand.now, [hand.mint("rmd") for _ in days], days, po_id))


# An order that was issued before there were runs of revisions has none to be asked by.
_AWAIT = """
insert into supplier_reminder (reminder_id, purchase_id, awaited, due_on, state, created_at, updated_at)
select reminder_id, purchase_id, 'shipping_notice', due_on, 'not_due', %s, %s
  from unnest(%s::text[], %s::date[]) as day (reminder_id, due_on),
       (select purchase_id from purchase where po_id = %s order by revision desc limit 1) last
"""


async def delivery_moved(connection: Connection, po_id: str, *, now: datetime) -> None:
    """Something was announced, or is no longer, or came, or the order is not as it was. It is locked."""
    await connection.execute(_MOVED, (now, po_id))
    cursor = await connection.execute(_STILL_TOLD, (po_id,))
    if await cursor.fetchone() is None:
        resolution = {"action": "nothing is left to be announced"}
        await close_exception(
            connection, class_=UNANNOUNCED, code=UNANNOUNCED_CODE, subject=po_id, resolution=resolution, now=now
        )


_MOVED = """
update supplier_reminder m
   set answered_at = case when not d.missing then coalesce(m.answered_at, %s) end,
       told_at = case when d.missing then m.told_at end
  from purchase p, unannounced(p.po_id) d
 where p.po_id = %s and m.purchase_id = p.purchase_id and m.due_on = d.due_on
"""
_STILL_TOLD = """
select from supplier_reminder join purchase using (purchase_id) where po_id = %s and told_at is not null limit 1
"""


async def due(connection: Connection, clocks: PurchaseClocks, *, transmits: bool, most: int) -> list[Unannounced]:
    """By the database's clock, what is next first; nothing of orders that were agreed to today."""
    values = {
        **{"notice": clocks.notice_days, "missing": clocks.missing_days},
        **{"transmits": transmits, "most": most},
    }
    cursor = await connection.execute(_DUE, values)
    return [Unannounced(*row) for row in await cursor.fetchall()]


_DUE = """
with today as (select (clock_timestamp() at time zone 'UTC')::date as day), open as (
    select m.reminder_id, m.purchase_id, m.due_on, r.traceparent,
           %(transmits)s and m.state = 'not_due' and m.due_on - %(notice)s <= day and exists (
               select from step where run_id = m.purchase_id and name = 'transmit' and state = 'succeeded') as reminds,
           m.due_on - %(missing)s <= day as tells
      from supplier_reminder m join run r on r.run_id = m.purchase_id cross join today
     where m.awaited = 'shipping_notice' and m.answered_at is null and m.told_at is null
       and m.due_on <= day + greatest(%(notice)s, %(missing)s) and (m.created_at at time zone 'UTC')::date < day
)
select * from open where reminds or tells order by due_on, reminder_id limit %(most)s
"""


async def remind_of_notice(
    connection: Connection, reminder_id: str, hand: Hand, *, saga: tuple[str, int], trace: str | None
) -> bool:
    """Its run begins. False: one has, or the pieces were announced meanwhile."""
    values = {
        **{"reminder": reminder_id, "now": hand.now},
        **{"saga": saga[0], "version": saga[1], "traceparent": trace},
    }
    cursor = await connection.execute(_REMIND_OF_NOTICE, values)
    return await cursor.fetchone() is not None


_REMIND_OF_NOTICE = f"""
with wanted as (
    update supplier_reminder set state = 'planned', updated_at = %(now)s
     where reminder_id = %(reminder)s and state = 'not_due' and answered_at is null returning reminder_id as run_id
), {RUN}"""


async def escalate_notice(connection: Connection, reminder_id: str, hand: Hand) -> bool:
    """A buyer is told in this transaction. False: one was, or the pieces were announced meanwhile."""
    cursor = await connection.execute(_TELL, (hand.now, hand.now, reminder_id))
    return await cursor.fetchone() is not None


_TELL = """
update supplier_reminder set told_at = %s, updated_at = %s
 where reminder_id = %s and told_at is null and answered_at is null returning 1
"""


async def reminder(connection: Connection, reminder_id: str) -> Reminder:
    """Nobody else moves it meanwhile."""
    cursor = await connection.execute(_REMINDER, (reminder_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{reminder_id} was written down together with its run"
    return Reminder(*row)


_REMINDER = """
select purchase_id, awaited, state, answered_at is not null from supplier_reminder where reminder_id = %s
   for no key update
"""


async def reminded(connection: Connection, reminder_id: str, *, now: datetime) -> None:
    await connection.execute(
        "update supplier_reminder set state = 'sent', updated_at = %s where reminder_id = %s", (now, reminder_id)
    )

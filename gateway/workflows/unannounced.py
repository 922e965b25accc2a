"""Orders that are agreed for a day that is near, and not announced: the supplier is reminded, then a buyer is told."""

from dataclasses import dataclass

from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.store import purchases, supplier_reminders
from gateway.store.exceptions import Opening, open_exception
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.supplier_reminders import UNANNOUNCED, UNANNOUNCED_CODE, Unannounced
from gateway.workflows import remind_supplier
from gateway.workflows.tools import Tools

AT_ONCE = 100
_SAGA = (remind_supplier.NAME, remind_supplier.VERSION)


@dataclass(frozen=True, slots=True)
class Looked:
    reminded: int
    told: int


async def look(tools: Tools, clocks: PurchaseClocks) -> Looked:
    """A bounded number of days, each in a transaction of its own."""
    transmits = tools.back_ends.supplier is not None
    async with tools.database.connection() as connection:
        due = await supplier_reminders.due(connection, clocks, transmits=transmits, most=AT_ONCE)
    reminded = told = 0
    for day in due:
        async with tools.database.transaction() as connection:
            bought = await purchases.load(connection, day.purchase_id)
            hand = Hand("system", tools.clock(), bought.trace_id, tools.mint)
            if day.reminds:
                reminded += await supplier_reminders.remind_of_notice(
                    connection, day.reminder_id, hand, saga=_SAGA, trace=day.traceparent
                )
            if day.tells:
                told += await _tell(connection, day, bought, hand)
    return Looked(reminded, told)


async def _tell(connection: Connection, day: Unannounced, bought: purchases.Bought, hand: Hand) -> bool:
    if not await supplier_reminders.escalate_notice(connection, day.reminder_id, hand):
        return False
    order = bought.agreed or bought.order
    evidence = {**order.named, "due_on": day.due_on.isoformat()}
    opening = Opening(hand.mint("xcp"), UNANNOUNCED, UNANNOUNCED_CODE, order.po_id, evidence, ("resolve",))
    await open_exception(connection, opening, now=hand.now)
    return True

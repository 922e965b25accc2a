"""The end of an order that was agreed to, before all of it has come: closed at what came, or cancelled."""

from gateway.domain.purchase_orders import Trigger
from gateway.domain.receiving import all_came
from gateway.refusals import Conflict
from gateway.store import purchase_endings, shipping_notices
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.purchase_orders import PurchaseOrder


async def end_agreed(connection: Connection, found: PurchaseOrder, hand: Hand) -> Trigger:
    """What is on its way is called off, supplier and ERP are told. The order is locked; its state is the caller's to
    move."""
    if all_came(found.revision.lines, found.delivered):
        raise Conflict("all of it has come; nothing of it is left to cancel", effect="none")
    await shipping_notices.call_off(connection, found.po_id, hand)
    await purchase_endings.begin(connection, found.po_id, hand)
    came = any(line.received for line in found.delivered.values())
    return "close" if came or await purchase_endings.is_paid_for(connection, found.po_id) else "cancel"

"""Steps of whoever carries an order out, or a part of it: booked in the ERP, released, left, invoiced."""

from gateway.ports import BackEnds, Effect
from gateway.workflows.reasons import ERP
from gateway.workflows.saga import Case, Refusal, Seen, Step


async def book(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.erp.book(case.order, key=key)


async def cancel_booking(case: Case, back_ends: BackEnds, booked: Effect, key: str) -> Effect:
    return await back_ends.erp.cancel(booked.id, key=key)


async def release(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.wms.release(case.order, case.ship_to, key=key)


async def ask_to_cancel(case: Case, back_ends: BackEnds, released: Effect, key: str) -> Effect:
    return await back_ends.wms.cancel(released.id, key=key)


async def look_at_shipment(case: Case, back_ends: BackEnds) -> Seen:
    shipment = await back_ends.wms.shipment(case.done("release_to_warehouse").id)
    if shipment is None:
        return Seen(trouble=Refusal("shipment_missing", "the warehouse does not know the shipment it confirmed"))
    if shipment.status == "cancelled":
        return Seen(trouble=Refusal("cancelled_by_warehouse", "the warehouse cancelled what nobody asked it to"))
    if shipment.status != "shipped" or shipment.shipped_at is None:
        return Seen()
    return Seen(fact={"shipment_id": shipment.id, "shipped_at": shipment.shipped_at.isoformat()})


async def invoice(case: Case, back_ends: BackEnds, key: str) -> Effect:
    sales_order, captured = case.done("book_in_erp"), case.done("take_money")
    return await back_ends.erp.invoice(sales_order.id, case.order.totals.grand_total, capture=captured.id, key=key)


INVOICE = Step(
    *("invoice", "erp", "invoice", invoice, ERP),
    about="book_in_erp",
    by_hand="post the invoice with its payment in the ERP; resolve with its number",
)
BOOK_BY_HAND = "keep one sales order under our reference in the ERP, cancel others; resolve with its number, or abandon"
RELEASE_BY_HAND = "ask the warehouse; resolve with the shipment's id, as failed if it will not ship, or abandon"
SHIPMENT_BY_HAND = "ask the warehouse; resolve with the shipment's id once it has left, or abandon"
LOCAL_BY_HAND = "nothing: it commits with the journal or not at all"

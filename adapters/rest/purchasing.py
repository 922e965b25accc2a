"""What the ERP books of buying: purchase orders, receipts of goods, suppliers' bills. It is asked by our reference."""

from datetime import UTC

from adapters.reading import Json
from adapters.rest.dialect import Conversation, money
from gateway.domain.procurement import Bill, GoodsReceipt, Purchase
from gateway.errors import Rejected
from gateway.ports import Effect

PURCHASE_ORDERS = "/purchase-orders"
GOODS_RECEIPTS = "/goods-receipts"
SUPPLIER_BILLS = "/supplier-bills"
ALREADY_CANCELLED = "already_cancelled"
DUPLICATE = "duplicate_invoice"
LISTED = {  # where an operation's documents are found, under which name, and what they are to us
    "order_goods": (PURCHASE_ORDERS, "purchase_orders", "purchase_order"),
    "receive_goods": (GOODS_RECEIPTS, "goods_receipts", "goods_receipt"),
    "post_bill": (SUPPLIER_BILLS, "supplier_bills", "bill"),
}
CANCEL = "cancel_purchase"
OPERATIONS = (*LISTED, CANCEL)


class RestPurchasing:
    """`gateway.purchasing_ports.Purchasing` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self._erp = conversation

    async def order_goods(self, order: Purchase, *, key: str) -> Effect:
        ordered = await self._erp.effect("order_goods", PURCHASE_ORDERS, purchase_order(order, reference=key))
        self._erp.text(ordered, "status", expected="open")
        return self._erp.numbered("purchase_order", ordered, key=key)

    async def cancel_purchase(self, purchase: str, *, key: str) -> Effect:
        path = f"{PURCHASE_ORDERS}/{self._erp.segment(purchase)}/cancel"
        try:
            cancelled = await self._erp.effect(CANCEL, path, {"reference": key})
        except Rejected as refusal:
            if refusal.facts["code"] != ALREADY_CANCELLED:
                raise
            return await self._seen_cancelled(purchase, key=key)
        self._erp.text(cancelled, "status", expected="cancelled")
        return Effect(self._erp.identifier(cancelled), key, CANCEL)

    async def receive_goods(self, receipt: GoodsReceipt, *, key: str) -> Effect:
        posted = await self._erp.effect("receive_goods", GOODS_RECEIPTS, goods_receipt(receipt, reference=key))
        self._erp.text(posted, "status", expected="posted")
        return self._erp.numbered("goods_receipt", posted, key=key)

    async def post_bill(self, bill: Bill, *, key: str) -> Effect:
        try:
            posted = await self._erp.effect("post_bill", SUPPLIER_BILLS, supplier_bill(bill, reference=key))
        except Rejected as refusal:
            if refusal.facts["code"] != DUPLICATE:
                raise
            if not (ours := await self.find("post_bill", key=key)):  # else it is the one we posted
                raise
            return ours[0]
        self._erp.text(posted, "status", expected="posted")
        return self._erp.numbered("bill", posted, key=key)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation == CANCEL:
            if subject is None:
                raise ValueError("the ERP knows cancellations by their purchase order only")
            return [Effect(subject, key, CANCEL)] if await self._status(subject) == "cancelled" else []
        path, name, kind = LISTED[operation]
        listed = await self._erp.listed(path, name, query={"reference": key})
        return [self._erp.numbered(kind, each, key=key) for each in listed]

    async def _status(self, purchase: str) -> str | None:
        found = await self._erp.look_up("find", f"{PURCHASE_ORDERS}/{self._erp.segment(purchase)}")
        return self._erp.text(found, "status") if found else None

    async def _seen_cancelled(self, purchase: str, *, key: str) -> Effect:
        """The ERP said that it was cancelled before: believed when its books say so, too."""
        if await self._status(purchase) != "cancelled":
            raise self._erp.unreadable("it says that the purchase order is cancelled, and that it is not")
        return Effect(purchase, key, CANCEL)


def purchase_order(order: Purchase, *, reference: str) -> Json:
    """A revision of a purchase order in the ERP's words; prices in minor units."""
    return {
        "reference": reference,
        "po_id": order.po_id,
        "po_number": order.po_number,
        "revision": order.revision,
        "supplier_code": order.supplier_code,
        "currency": order.currency,
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "requested_date": line.requested_date,
            }
            for line in order.lines
        ],
    }


def goods_receipt(receipt: GoodsReceipt, *, reference: str) -> Json:
    """What came, in the ERP's words: of each line what is kept, and what goes back."""
    return {
        "reference": reference,
        **({"surplus": True} if receipt.surplus else {}),
        "receipt_id": receipt.receipt_id,
        "receipt_number": receipt.receipt_number,
        "purchase": receipt.purchase,
        "po_number": receipt.po_number,
        "node": receipt.node_id,
        "received_at": receipt.received_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "lines": [
            {"line_id": line.line_id, "sku": line.sku, "accepted": line.accepted, "damaged": line.damaged}
            for line in receipt.lines
        ],
    }


def supplier_bill(bill: Bill, *, reference: str) -> Json:
    """A supplier's invoice in the ERP's words: its lines and charges without tax, and the tax of all of it."""
    return {
        "reference": reference,
        "invoice_id": bill.invoice_id,
        "invoice_number": bill.invoice_number,
        "purchase": bill.purchase,
        "po_number": bill.po_number,
        "supplier_code": bill.supplier_code,
        "dated": bill.dated.isoformat(),
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "amount": line.amount.amount,
            }
            for line in bill.lines
        ],
        "charges": [{"kind": kind, "amount": amount.amount} for kind, amount in bill.charges],
        "tax": bill.tax.amount,
        "total": money(bill.total),
    }

"""The ERP: sales orders, invoices, credit memos and what is bought. It knows no keys; it is asked by our reference."""

from decimal import Decimal

from adapters.reading import Json
from adapters.rest import purchasing
from adapters.rest.dialect import Conversation, money
from gateway.domain.credits import CreditMemo
from gateway.domain.money import Money
from gateway.domain.orders import Line, Order
from gateway.domain.procurement import Bill, GoodsReceipt, Purchase
from gateway.errors import Rejected
from gateway.ports import Effect

SALES_ORDERS = "/sales-orders"
INVOICES = "/invoices"
CREDIT_MEMOS = "/credit-memos"
ALREADY_CANCELLED = "already_cancelled"


class RestErp:
    """`gateway.ports.Erp`, `Crediting` and `Purchasing` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._erp = conversation
        self._purchasing = purchasing.RestPurchasing(conversation)

    async def book(self, order: Order, *, key: str) -> Effect:
        booked = await self._erp.effect("book", SALES_ORDERS, sales_order(order, reference=key))
        self._erp.text(booked, "status", expected="confirmed")
        return self._erp.numbered("sales_order", booked, key=key)

    async def cancel(self, sales_order: str, *, key: str) -> Effect:
        path = f"{SALES_ORDERS}/{self._erp.segment(sales_order)}/cancel"
        try:
            cancelled = await self._erp.effect("cancel", path, {"reference": key})
        except Rejected as refusal:
            if refusal.facts["code"] != ALREADY_CANCELLED:
                raise
            return await self._seen_cancelled(sales_order, key=key)
        self._erp.text(cancelled, "status", expected="cancelled")
        return Effect(self._erp.identifier(cancelled), key, "cancel")

    async def invoice(self, sales_order: str, total: Money, *, capture: str, key: str) -> Effect:
        payment = {"reference": capture, "amount": money(total)}
        body = {"reference": key, "sales_order": sales_order, "total": money(total), "payment": payment}
        posted = await self._erp.effect("invoice", INVOICES, body)
        self._erp.text(posted, "status", expected="posted")
        return self._erp.numbered("invoice", posted, key=key)

    async def credit(self, memo: CreditMemo, *, key: str) -> Effect:
        posted = await self._erp.effect("credit", CREDIT_MEMOS, credit_memo(memo, reference=key))
        self._erp.text(posted, "status", expected="posted")
        return self._erp.numbered("credit_memo", posted, key=key)

    async def order_goods(self, order: Purchase, *, key: str) -> Effect:
        return await self._purchasing.order_goods(order, key=key)

    async def cancel_purchase(self, purchase: str, *, key: str) -> Effect:
        return await self._purchasing.cancel_purchase(purchase, key=key)

    async def receive_goods(self, receipt: GoodsReceipt, *, key: str) -> Effect:
        return await self._purchasing.receive_goods(receipt, key=key)

    async def post_bill(self, bill: Bill, *, key: str) -> Effect:
        return await self._purchasing.post_bill(bill, key=key)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation in purchasing.OPERATIONS:
            return await self._purchasing.find(operation, key=key, subject=subject)
        if operation == "cancel":
            if subject is None:
                raise ValueError("the ERP knows cancellations by their sales order only")
            return [Effect(subject, key, "cancel")] if await self._status(subject) == "cancelled" else []
        path, name, kind = {
            "book": (SALES_ORDERS, "sales_orders", "sales_order"),
            "invoice": (INVOICES, "invoices", "invoice"),
            "credit": (CREDIT_MEMOS, "credit_memos", "credit_memo"),
        }[operation]
        listed = await self._erp.listed(path, name, query={"reference": key})
        return [self._erp.numbered(kind, each, key=key) for each in listed]

    async def _status(self, sales_order: str) -> str | None:
        found = await self._erp.look_up("find", f"{SALES_ORDERS}/{self._erp.segment(sales_order)}")
        return self._erp.text(found, "status") if found else None

    async def _seen_cancelled(self, sales_order: str, *, key: str) -> Effect:
        """The ERP said that it was cancelled before: believed when its books say so, too."""
        if await self._status(sales_order) != "cancelled":
            raise self._erp.unreadable("it says that the sales order is cancelled, and that it is not")
        return Effect(sales_order, key, "cancel")


def sales_order(order: Order, *, reference: str) -> Json:
    """An order in the ERP's words: no personal data, amounts in minor units, prices as they were quoted."""
    totals = order.totals
    return {
        "reference": reference,
        "order_id": order.order_id,
        "channel": order.channel_id,
        "customer_reference": order.customer.customer_ref,
        "currency": order.currency,
        "lines": [_line(line) for line in order.lines],
        "goods": totals.items.amount,
        "discount": totals.discount.amount,
        "shipping": totals.shipping.amount,
        "tax": totals.tax.amount,
        "total": totals.grand_total.amount,
    }


def credit_memo(memo: CreditMemo, *, reference: str) -> Json:
    """A credit memo in the ERP's words: of each line so many pieces and what they are worth together."""
    return {
        "reference": reference,
        "order_id": memo.order_id,
        "sales_order": memo.sales_order,
        "invoice": memo.invoice,
        "reason": memo.reason,
        "refund": memo.refund,
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "net": line.net.amount,
                "tax": line.tax.amount,
            }
            for line in memo.lines
        ],
        "fees": [{"type": fee.kind, "amount": fee.amount.amount} for fee in memo.fees],
        "total": money(memo.total),
    }


def _line(line: Line) -> Json:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "quantity": line.quantity,
        "unit_price": _plain(line.unit_price),
        "total": line.goods.amount,
    }


def _plain(price: Decimal) -> str:
    """Without an exponent, which not every reader of decimals knows: 1E+2 is 100."""
    return format(price, "f")

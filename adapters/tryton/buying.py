"""`gateway.purchasing_ports.Purchasing` on Tryton: what is ordered, what came of it, and what is billed for it."""

from adapters.tryton.bills import Bills
from adapters.tryton.conversation import Conversation
from adapters.tryton.mapping import Mapping
from adapters.tryton.purchases import Purchases
from adapters.tryton.receipts import Receipts
from gateway.domain.procurement import Bill, GoodsReceipt, Purchase
from gateway.ports import Effect


class Buying:
    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self._purchases = Purchases(conversation, mapping)
        self._receipts = Receipts(conversation, mapping)
        self._bills = Bills(conversation, mapping)

    async def order_goods(self, order: Purchase, *, key: str) -> Effect:
        return await self._purchases.order_goods(order, key=key)

    async def cancel_purchase(self, purchase: str, *, key: str) -> Effect:
        return await self._purchases.cancel(purchase, key=key)

    async def receive_goods(self, receipt: GoodsReceipt, *, key: str) -> Effect:
        return await self._receipts.receive_goods(receipt, key=key)

    async def post_bill(self, bill: Bill, *, key: str) -> Effect:
        return await self._bills.post_bill(bill, key=key)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation == "order_goods":
            return await self._purchases.find(key=key)
        if operation == "receive_goods":
            return await self._receipts.find(key=key)
        if operation == "post_bill":
            return await self._bills.find(key=key)
        if subject is None:
            raise ValueError("Tryton knows cancellations by their purchase only")
        return await self._purchases.find_cancelled(subject, key=key)

"""
The conversations of buying: with whoever carries orders to suppliers, and with an ERP that books what is bought. A
retailer may have neither. The promises are those of `ports.py`.
"""

from typing import Literal, Protocol, runtime_checkable

from gateway.domain.procurement import Bill, GoodsReceipt, Purchase
from gateway.effects import BackEnd, Effect

Reminder = Literal["confirmation", "shipping_notice"]  # what is awaited of the supplier


class SupplierLink(BackEnd, Protocol):
    async def transmit(self, order: Purchase, *, key: str) -> Effect:
        """Send a revision of an order to its supplier. Facts: `message_id`. It is received, not agreed to: the supplier
        answers later, at our door. Raises `Rejected` (`unknown_supplier`) when nobody can reach it."""

    async def remind(self, order: Purchase, awaited: Reminder, *, key: str) -> Effect:
        """Ask the supplier for what has not come. Raises `Rejected` as `transmit` does."""

    async def withdraw(self, message: str, *, key: str) -> Effect:
        """Take back what was transmitted; *message* is the effect's id. Raises `Rejected` (`too_late`) once the
        supplier has shipped; withdrawing twice is no error."""


@runtime_checkable
class Purchasing(Protocol):
    """What an ERP may do besides: it says so by `Promise`s for these operations in its manifest. Where it does not,
    purchases are booked by a person."""

    async def order_goods(self, order: Purchase, *, key: str) -> Effect:
        """Create the purchase order. Raises `Rejected` for a supplier or goods that the ERP does not know."""

    async def cancel_purchase(self, purchase: str, *, key: str) -> Effect:
        """Reverse it; *purchase* is the effect's id. Cancelling twice is no error. `Rejected` (`too_late`): goods of it
        were received."""

    async def receive_goods(self, receipt: GoodsReceipt, *, key: str) -> Effect:
        """Post what came. Facts: `number`. Raises `Rejected` (`purchase_closed`) when nothing is awaited any more. A
        `surplus` was bought besides the order: it is posted all the same, where an ERP takes more than was ordered."""

    async def post_bill(self, bill: Bill, *, key: str) -> Effect:
        """Post the supplier's invoice. Facts: `number`, `status`. Raises `Rejected`, by code: `fiscal_period_closed`,
        `duplicate_invoice` (of this number by this supplier), `purchase_not_found`."""

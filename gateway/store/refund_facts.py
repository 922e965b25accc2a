"""What partners are told of refunds: a fact of the return that they are for, in the transaction that makes it true."""

from gateway.store import returns
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.refunds import Refund

REFUNDED, REFUND_FAILED = "refunded", "refund_failed"


async def tell(connection: Connection, owed: Refund, kind: str, hand: Hand) -> None:
    """Called before the refund stands so: the return's row is locked before the order's, as everywhere."""
    source, return_id = owed.source
    if source == "return":
        told = {"refund_id": owed.refund_id, "amount": owed.amount, "currency": owed.currency}
        await returns.happened(connection, return_id, kind, hand, data={"refund": told})

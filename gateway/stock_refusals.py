"""What is refused of stock: a part of the tree drawn in `gateway/errors.py`."""

from gateway.refusals import Conflict


class StockLocked(Conflict):
    """Somebody else is at work on this stock."""

    status, code, retryable = 409, "stock_locked", True

    def headers(self) -> dict[str, str]:
        return {"retry-after": "1"}


class InsufficientStock(Conflict):
    """There is not enough of it."""

    status, code = 409, "insufficient_stock"


class SkuNotStocked(Conflict):
    """It is not stocked there."""

    status, code = 409, "sku_not_stocked"


class NodeNotSellable(Conflict):
    """Nothing is sold from that node."""

    status, code = 409, "node_not_sellable"


class HolderClosed(Conflict):
    """For whom it would be reserved has ended."""

    status, code = 409, "holder_closed"


class ReservationExpired(Conflict):
    """The reservation's time is over."""

    status, code = 409, "reservation_expired"


class NotExtendable(Conflict):
    """The reservation cannot be kept longer."""

    status, code = 409, "not_extendable"

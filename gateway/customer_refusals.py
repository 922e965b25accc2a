"""What is refused of a customer's answers and codes: a part of the tree drawn in `gateway/errors.py`."""

from gateway.refusals import Conflict, Invalid


class OfferClosed(Conflict):
    """The offer has been decided otherwise, or is over."""

    status, code = 409, "offer_closed"


class PickupExpired(Conflict):
    """The goods were not fetched in time."""

    status, code = 409, "pickup_expired"


class TriesExhausted(Conflict):
    """Too many wrong codes were tried."""

    status, code = 409, "tries_exhausted"


class WrongCode(Invalid):
    """That is not the customer's code."""

    status, code = 422, "wrong_code"

"""
What Stripe promises, operation by operation.

Keys are kept for at least 24 hours and their parameters compared. A call that was not answered is given 80 seconds to
land, which is how long Stripe's own libraries wait for one; there is no deadline that Stripe could be told. An
authorisation asks the customer's bank, and may take its time. An account is given a hundred calls a second. A payment
intent is captured once; what is not taken then is released. Money is held until `capture_before` of its charge; where a
card does not say so, for the shortest time that Stripe documents: Visa's, when the customer is not there.
"""

from gateway.ports import Manifest, Promise, RetryClass
from gateway.promises import FoundBy, Pace

HOUR = 3_600.0
DAY = 24 * HOUR
LANDED = 80.0
SHORTEST_HOLD = 4 * DAY + 18 * HOUR
ACCOUNT = Pace(100.0, burst=20)


def _keyed(*, attempt: float, found_by: FoundBy, deadline: float = DAY, undo: str = "") -> Promise:
    return Promise(
        RetryClass.KEYED,
        attempt=attempt,
        settle=LANDED,
        deadline=deadline,
        window=DAY,
        found_by=(found_by,),
        pace=ACCOUNT,
        undo=undo or None,
    )


MANIFEST: Manifest = {
    "authorise": _keyed(attempt=20.0, found_by="key", deadline=HOUR, undo="void"),
    "void": _keyed(attempt=10.0, found_by="subject"),
    "capture": _keyed(attempt=10.0, found_by="subject", undo="refund"),  # not in parts
    "refund": _keyed(attempt=10.0, found_by="subject"),
    "find": Promise(RetryClass.NATURAL, attempt=10.0, pace=ACCOUNT),
}

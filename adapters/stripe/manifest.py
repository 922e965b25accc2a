"""
What Stripe promises, operation by operation.

Keys are kept for at least 24 hours and their parameters compared. A call that was not answered is given 80 seconds to
land, which is how long Stripe's own libraries wait for one; there is no deadline that Stripe could be told. An
authorisation asks the customer's bank, and may take its time.
"""

from gateway.ports import Manifest, Promise, RetryClass

HOUR = 3_600.0
DAY = 24 * HOUR
LANDED = 80.0


def _keyed(*, attempt: float, deadline: float = DAY) -> Promise:
    return Promise(RetryClass.KEYED, attempt=attempt, settle=LANDED, deadline=deadline, window=DAY)


MANIFEST: Manifest = {
    "authorise": _keyed(attempt=20.0, deadline=HOUR),
    "void": _keyed(attempt=10.0),
    "capture": _keyed(attempt=10.0),
    "refund": _keyed(attempt=10.0),
    "find": Promise(RetryClass.NATURAL, attempt=10.0),
}

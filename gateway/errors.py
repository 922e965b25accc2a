"""
Everything Omnigate can refuse or fail to do.

GatewayError
├── Refused                     the caller must change something             4xx
│   ├── Malformed                   400   Unauthenticated        401   Forbidden            403
│   │   ├── IdempotencyKeyMissing   400   ├── InvalidToken       401   ├── InsufficientScope 403
│   │   └── IdempotencyKeyMalformed 400   └── InvalidSignature   401   ├── SelfApprovalForbidden 403
│   │                                                                └── NotInChain        403
│   ├── NotFound                    404   MethodNotAllowed       405   NotAcceptable        406
│   ├── RequestTimeout              408
│   ├── Conflict                    409
│   │   ├── IdempotencyInFlight     409   NaturalKeyConflict     409   NotCancellable       409
│   │   ├── InsufficientStock       409   SkuNotStocked          409   NodeNotSellable      409
│   │   ├── HolderClosed            409   ReservationExpired     409   NotExtendable        409
│   │   ├── OfferClosed             409   PickupExpired          409   TriesExhausted       409
│   │   ├── ApprovalSuperseded      409   AlreadyDecided         409   NotReturnable         409
│   │   ├── NotApproved             409   SupplierNotActive      409
│   │   └── OrderLocked             409   StockLocked            409
│   ├── CursorExpired               410   PreconditionFailed     412
│   ├── TooLarge                    413   UnsupportedMedia       415
│   ├── Invalid                     422
│   │   ├── IdempotencyKeyReused    422   TotalsMismatch         422   WrongCode            422
│   └── TooManyRequests             429   HeadersTooLarge        431
│       ├── QuotaExceeded           429
│       └── ConcurrencyExceeded     429
├── BackEndError                a system behind us
│   ├── Rejected                    it answered no; nothing happened                502
│   ├── Failed                      provably not applied; may be tried again        503
│   └── Unknown                     no clear answer; it may have happened           503
├── Unavailable                 something of ours is away (database, workers)       503
│   ├── DeadlineExceeded            the time for this request is over               503
│   └── Overloaded                  there is no room for this request just now      503
├── BrokenAnswer                our own answer broke the contract                   500
└── Misconfigured               a file or setting is wrong; never sent over HTTP

Divided by what the reader should do next. A class docstring is the problem's title; what to
do about each stands in `gateway/edge/catalogue.py`. `Refused` and all below it stand in `gateway/refusals.py`, what is
refused of stock in `gateway/stock_refusals.py`, what of customers' answers and codes in `gateway/customer_refusals.py`,
what of goods that shall come back in `gateway/return_refusals.py`, what of approvals in `gateway/approval_refusals.py`,
what of orders that the retailer places in `gateway/purchase_refusals.py`.
Facts of a `Refused` go to the caller; facts of the others go to the log only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from gateway.domain.access import Deny

Effect = Literal["none", "applied", "unknown"]


class GatewayError(Exception):
    """Something went wrong inside Omnigate."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, effect: Effect | None = None, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.effect = effect
        self.facts = facts

    def headers(self) -> dict[str, str]:
        return {}


class BackEndError(GatewayError):
    """A system behind Omnigate failed."""

    status, code = 502, "back_end_error"


class Rejected(BackEndError):
    """A back end said no."""

    status, code = 502, "back_end_rejected"


class Failed(BackEndError):
    """A back end could not be reached."""

    status, code, retryable = 503, "back_end_failed", True


class Unknown(BackEndError):
    """A back end gave no clear answer."""

    status, code = 503, "back_end_unknown"


class Unavailable(GatewayError):
    """Omnigate cannot serve this just now."""

    status, code, retryable = 503, "unavailable", True

    def headers(self) -> dict[str, str]:
        return {"retry-after": "1"}


class DeadlineExceeded(Unavailable):
    """The request took too long."""

    status, code, retryable = 503, "deadline_exceeded", True


class Overloaded(Unavailable):
    """Omnigate is busy."""

    status, code, retryable = 503, "overloaded", True

    def __init__(self, decision: Deny) -> None:
        super().__init__("too many requests are under way", effect="none", rule=decision.rule, place=decision.place)


class BrokenAnswer(GatewayError):
    """Omnigate's own answer broke its contract."""

    status, code = 500, "broken_answer"


class Misconfigured(GatewayError):
    """A file or setting is wrong."""

    status, code = 500, "misconfigured"


def catalogue(root: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    """Every problem a caller can meet, in the order of the tree; what has no code of its own is its parent's."""
    if "code" in vars(root):
        yield root
    for child in root.__subclasses__():
        yield from catalogue(child)

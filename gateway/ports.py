"""
Every conversation Omnigate has with the outside world.

Each effect takes a `key`, our operation key. `Rejected`: it did not happen. `Failed`: it was not applied. `Unknown`:
ask `find` before anything else. What a repeated key does is declared by the operation's `Promise` in the manifest.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from gateway.domain.credits import CreditMemo
from gateway.domain.money import Money
from gateway.domain.orders import Address, Order
from gateway.domain.stock import StockLevel
from gateway.effects import ACTION_NEEDED as ACTION_NEEDED
from gateway.effects import BackEnd as BackEnd
from gateway.effects import Effect as Effect
from gateway.errors import Misconfigured
from gateway.fulfilment_ports import Carrier, Notifications, Store
from gateway.promises import Finding as Finding
from gateway.promises import Manifest as Manifest
from gateway.promises import Promise as Promise
from gateway.promises import RetryClass as RetryClass
from gateway.purchasing_ports import Purchasing, SupplierLink
from gateway.told import Changes

EXPIRES_AT = "expires_at"  # until when money is held, RFC 3339, among an authorisation's facts where that is said

_send_by: ContextVar[tuple[datetime, str] | None] = ContextVar("send_by", default=None)


@contextmanager
def sending(until: datetime, *, key: str = "") -> Iterator[None]:
    """Effects asked for inside are sent by *until* or never: the moment that was recorded with their intent.

    An adapter refuses to send an effect outside of such a window; look-ups need none. Under *key* repeats are counted.
    """
    token = _send_by.set((until, key))
    try:
        yield
    finally:
        _send_by.reset(token)


def send_by() -> datetime | None:
    """The last moment at which the effect being asked for may be sent."""
    window = _send_by.get()
    return window[0] if window else None


def asked_under() -> str:
    """The operation key of the effect being asked for; empty when nobody counts its repeats."""
    window = _send_by.get()
    return window[1] if window else ""


@runtime_checkable
class Checkable(Protocol):
    """A back end that can look after itself before it is used: `omnigate backends check` asks it."""

    async def findings(self) -> list[Finding]:
        """Is it reached, are our credentials taken, is our mapping true? Changes nothing there; to be away is one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Where an authorisation stands, and the code of a refusal."""

    status: Literal["held", "awaited", "refused"]
    code: str = ""
    until: datetime | None = None  # when the money that is held is let go, where that is said


class Payments(BackEnd, Protocol):
    async def authorise(self, token: str, amount: Money, *, reference: str, key: str) -> Effect:
        """Hold *amount*. Raises `Rejected` when the card is declined. The effect is `pending` while the customer has to
        agree at their bank: nothing is held before, and `standing` says whether they have. The fact `expires_at` is
        until when the money is held; a provider that does not say so leaves it out."""

    async def standing(self, authorisation: str) -> Hold:
        """Has what was pending come to pass?"""

    async def void(self, authorisation: str, *, key: str) -> Effect:
        """Give back what is still held. Voiding what is already void is no error. `Rejected`: all of it was taken."""

    async def capture(self, authorisation: str, amount: Money, *, key: str) -> Effect:
        """Take *amount* of the held money. Where the manifest says `in_parts` the rest stays held and can be taken by
        further calls; else it is released. `Rejected`: less is held, or nothing any more (`expired`: for too long)."""

    async def refund(self, capture: str, amount: Money, *, key: str) -> Effect:
        """Give *amount* of the taken money back, in as many parts as there is money left. `Rejected`: there is less."""


class Erp(BackEnd, Protocol):
    async def book(self, order: Order, *, key: str) -> Effect:
        """Create the sales order. Raises `Rejected` for what the ERP will not sell."""

    async def cancel(self, sales_order: str, *, key: str) -> Effect:
        """Reverse the sales order. Cancelling what is already cancelled is no error."""

    async def invoice(self, sales_order: str, total: Money, *, capture: str, key: str) -> Effect:
        """Post the invoice of the sales order with its payment recorded."""


@runtime_checkable
class Crediting(Protocol):
    """What an ERP may do besides: it says so by a `Promise` for `credit` in its manifest. Where it does not, credit
    memos wait for a person."""

    async def credit(self, memo: CreditMemo, *, key: str) -> Effect:
        """Post a credit memo for goods of an invoiced sales order that came back. Its facts: `number`, `status`.

        `Rejected`, by code: `fiscal_period_closed`, `credit_exceeds_invoice` (money or pieces, with what was credited
        before), `invoice_not_found`.
        """


@dataclass(frozen=True, slots=True)
class Shipment:
    """Where a release stands at the warehouse."""

    id: str
    status: str  # released | shipped | cancelled
    shipped_at: datetime | None


class Wms(BackEnd, Protocol):
    async def release(self, order: Order, ship_to: Address | None, *, key: str) -> Effect:
        """Ask the warehouse to ship the order."""

    async def cancel(self, shipment: str, *, key: str) -> Effect:
        """Ask the warehouse not to. Raises `Rejected` when it is too late; cancelling twice is no error."""

    async def shipment(self, shipment: str) -> Shipment | None:
        """Where the shipment stands; None if the warehouse does not know it."""

    def stock(self) -> AsyncIterator[Sequence[StockLevel]]:
        """All physical stock at all nodes, page by page, each level with the moment it was true."""


@dataclass(frozen=True, slots=True)
class BackEnds:
    payments: Payments
    erp: Erp
    wms: Wms
    changes: Mapping[str, Changes] = field(default_factory=dict)  # of those that are asked, by role
    store: Store | None = None
    carrier: Carrier | None = None
    notifications: Notifications | None = None
    supplier: SupplierLink | None = None

    @property
    def credits(self) -> Crediting | None:
        """The ERP, if it posts credit memos."""
        erp = self.erp
        return erp if isinstance(erp, Crediting) and "credit" in erp.manifest else None

    @property
    def purchasing(self) -> Purchasing | None:
        """The ERP, if it books what is bought."""
        erp = self.erp
        return erp if isinstance(erp, Purchasing) and "order_goods" in erp.manifest else None

    @property
    def present(self) -> Mapping[str, BackEnd]:
        """Those that are connected, by role."""
        always: dict[str, BackEnd] = {"payments": self.payments, "erp": self.erp, "wms": self.wms}
        maybe: dict[str, BackEnd | None] = {"store": self.store, "carrier": self.carrier, "supplier": self.supplier}
        maybe["notifications"] = self.notifications
        return always | {role: port for role, port in maybe.items() if port is not None}

    def named(self, system: str) -> BackEnd:
        """The one in this role. Raises `Misconfigured` when nobody plays it."""
        try:
            return self.present[system]
        except KeyError:
            raise Misconfigured(f"there is no back end '{system}'; set OMNIGATE_{system.upper()}_URL") from None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One budget to draw from: at most `quota` per `window` seconds, smoothed (GCRA)."""

    name: str  # as it stands in RateLimit-Policy: "burst"
    key: str  # who draws: "{partner:web}:burst"; what the braces hold lies together wherever it is kept
    quota: int
    window: float


@dataclass(frozen=True, slots=True)
class Level:
    """What is left of a bucket after a draw: `remaining` units now, full again in `resets_in` seconds."""

    bucket: Bucket
    remaining: int
    resets_in: float


@dataclass(frozen=True, slots=True)
class Draw:
    """The answer to a draw over several buckets at once: all or nothing."""

    granted: bool
    levels: tuple[Level, ...]  # none when nobody counted
    retry_after: float  # seconds until the same draw would be granted; 0 when it was
    shared: bool = False  # counted for all edges together; else by this process, for its share


# What a plan wants while the place where all edges count is away: count on alone, let through, or refuse.
Outage = Literal["local_share", "open", "closed"]


class Counters(Protocol):
    async def draw(self, buckets: Sequence[Bucket], on_outage: Outage = "local_share") -> Draw:
        """Take one unit from every bucket, or from none if one of them is empty.

        Raises `Unavailable` when they cannot be counted and *on_outage* is `closed`.
        """

    async def refund(self, draw: Draw) -> None:
        """Give back where it was taken what a granted draw took: the request cost nothing after all. Never fails."""

"""An order as a channel placed it, the states it can be in, and who may move it between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from gateway.domain.delivery import DeliveryGroup, group_from
from gateway.domain.money import Money, extended, zero
from gateway.domain.stock import MAIN
from gateway.domain.transitions import Transition

TaxMode = Literal["exclusive", "inclusive"]
WhenShort = Literal["reject", "backorder", "cancel_lines"]


class OrderStatus(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    PROCESSING = "processing"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"


_WE = frozenset({"orchestrator"})
_CALLERS = frozenset({"channel"})

TRANSITIONS = (
    Transition(OrderStatus.RECEIVED, OrderStatus.ACCEPTED, "booked in the ERP, or nothing of it is there yet", _WE),
    Transition(OrderStatus.ACCEPTED, OrderStatus.PROCESSING, "released to the warehouse", _WE),
    Transition(OrderStatus.PROCESSING, OrderStatus.COMPLETED, "shipped, captured and invoiced", _WE),
    Transition(OrderStatus.RECEIVED, OrderStatus.REJECTED, "declined, short of stock or refused", _WE),
    Transition(OrderStatus.ACCEPTED, OrderStatus.REJECTED, "refused by the warehouse", _WE),
    Transition(OrderStatus.PROCESSING, OrderStatus.REJECTED, "given up before the goods left", _WE | {"operator"}),
    Transition(OrderStatus.RECEIVED, OrderStatus.CANCEL_REQUESTED, "cancel", _CALLERS),
    Transition(OrderStatus.ACCEPTED, OrderStatus.CANCEL_REQUESTED, "cancel", _CALLERS),
    Transition(OrderStatus.PROCESSING, OrderStatus.CANCEL_REQUESTED, "cancel", _CALLERS),
    Transition(OrderStatus.CANCEL_REQUESTED, OrderStatus.CANCELLED, "everything was undone", _WE),
    Transition(OrderStatus.CANCEL_REQUESTED, OrderStatus.PROCESSING, "it was too late to cancel", _WE),
)

_MOVES = frozenset((move.before, move.after) for move in TRANSITIONS)
_CANCELLABLE = frozenset(move.before for move in TRANSITIONS if move.trigger == "cancel")


def may_become(before: OrderStatus, after: OrderStatus) -> bool:
    return (before, after) in _MOVES


def is_decided(status: OrderStatus) -> bool:
    """Is it known what becomes of the order? Booked, refused or stopped: it has left `received`, and never returns."""
    return status is not OrderStatus.RECEIVED


def decides(before: OrderStatus, after: OrderStatus) -> bool:
    """Is this the one move of an order's life that those who wait for its decision wait for?"""
    return is_decided(after) and not is_decided(before)


def allowed_actions(status: OrderStatus, *, cancel_asked: bool = False) -> tuple[str, ...]:
    """What the channel may ask for now; a cancel that was asked for before is not asked for twice."""
    return ("cancel",) if status in _CANCELLABLE and not cancel_asked else ()


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    lines: tuple[str, ...]
    city: str
    country: str
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a customer is reached. Personal data, which nothing that prints one shows."""

    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who bought, without personal data; a guest has no reference."""

    type: str
    customer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    line_id: str
    sku: str
    quantity: int
    unit_price: Decimal
    discount: Money
    tax: Money
    gtin: str | None = None
    name: str | None = None

    @property
    def goods(self) -> Money:
        return extended(self.unit_price, self.quantity, self.discount.currency)


@dataclass(frozen=True, slots=True)
class Payment:
    method: str
    token: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Totals:
    items: Money
    discount: Money
    shipping: Money
    tax: Money
    grand_total: Money


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    channel_id: str
    channel_order_id: str
    placed_at: datetime
    currency: str
    tax_mode: TaxMode
    customer: Customer
    lines: tuple[Line, ...]
    shipping_charge: Money
    payment: Payment
    totals: Totals  # as the channel states them
    node_id: str = MAIN  # where it is served from, once that has been decided
    groups: tuple[DeliveryGroup, ...] = (DeliveryGroup(),)
    fulfilment_id: str | None = None  # of a part of an order: which part
    when_short: WhenShort = "reject"  # what to do when not all of it can be had

    @property
    def reference(self) -> str:
        """The number under which its executors know it."""
        return self.fulfilment_id or self.order_id

    @property
    def group(self) -> DeliveryGroup:
        """How it reaches its customer; of an order that goes several ways, the first."""
        return self.groups[0]

    def group_of(self, group_id: str) -> DeliveryGroup:
        return next(group for group in self.groups if group.group_id == group_id)

    def going(self, group: DeliveryGroup) -> "Order":
        """The order, as far as it goes this way. What it costs, and for shipping, is told of all of it."""
        return replace(self, groups=(group,), lines=tuple(line for line in self.lines if group.has(line.line_id)))

    def demand(self) -> dict[str, int]:
        """Pieces wanted by SKU; SKUs compare without case, and the same one may stand on several lines."""
        wanted: dict[str, int] = {}
        for line in self.lines:
            sku = line.sku.upper()
            wanted[sku] = wanted.get(sku, 0) + line.quantity
        return wanted

    def computed(self) -> Totals:
        """The totals as they follow from lines and charges. With inclusive prices the tax is inside the goods."""
        items = sum((line.goods.amount for line in self.lines), 0)
        discount = sum((line.discount.amount for line in self.lines), 0)
        tax = sum((line.tax.amount for line in self.lines), 0)
        shipping = self.shipping_charge.amount
        added = tax if self.tax_mode == "exclusive" else 0
        amounts = (items, discount, shipping, tax, items - discount + shipping + added)
        return Totals(*(Money(amount, self.currency) for amount in amounts))


def order_from(document: Mapping[str, Any], order_id: str) -> Order:
    """The order that *document* tells of: a request's body, or what we kept of it."""
    currency, payment, totals = document["currency"], document["payment"], document["totals"]
    return Order(
        order_id=order_id,
        channel_id=document["channel"]["channel_id"],
        channel_order_id=document["channel_order_id"],
        placed_at=datetime.fromisoformat(document["placed_at"]),
        currency=currency,
        tax_mode=document["tax_mode"],
        customer=Customer(document["customer"]["type"], document["customer"].get("customer_ref")),
        lines=tuple(_line(line, currency) for line in document["lines"]),
        shipping_charge=_money(document.get("shipping_charge"), currency),
        payment=Payment(payment["method"], payment["token"], _money(payment["amount"], currency)),
        totals=Totals(*(_money(totals[name], currency) for name in Totals.__slots__)),
        groups=tuple(group_from(group) for group in document["delivery_groups"]),
        when_short=document.get("when_short", "reject"),
    )


def event_type(before: OrderStatus, after: OrderStatus) -> str:
    """What a move is called: coming back from a request to cancel means that it was refused."""
    refused = (before, after) == (OrderStatus.CANCEL_REQUESTED, OrderStatus.PROCESSING)
    return f"com.omnigate.order.{'cancel_refused' if refused else after.value}.v1"


def address_from(document: Mapping[str, Any]) -> Address:
    return Address(**{**document, "lines": tuple(document["lines"])})


def _line(document: Mapping[str, Any], currency: str) -> Line:
    return Line(
        line_id=document["line_id"],
        sku=document["sku"],
        quantity=int(document["quantity"]),
        unit_price=Decimal(document["unit_price"]),
        discount=_money(document.get("discount"), currency),
        tax=_money(document.get("tax"), currency),
        gtin=document["gtin"].zfill(14) if "gtin" in document else None,
        name=document.get("name"),
    )


def _money(document: Mapping[str, Any] | None, currency: str) -> Money:
    """An absent amount is zero. 3.0 is an integer to JSON Schema, hence the conversion."""
    return Money(int(document["amount"]), document["currency"]) if document else zero(currency)

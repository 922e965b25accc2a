"""
An order as a sale of Tryton's, and what came back of it as another: nets and rates of tax where we have amounts, so
that both come to the same totals.
"""

from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

from adapters.tryton.mapping import Mapping
from gateway.domain.credits import CreditLine, CreditMemo
from gateway.domain.money import Money, minor_units
from gateway.domain.orders import Line, Order
from gateway.errors import Rejected

Json = dict[str, Any]

PRICE = Decimal("0.0001")  # Tryton's unit prices have four digits
NEAR, NEAR_A_PART = 1, 2  # minor units by which a tax may be rounded otherwise, of a line and of some pieces of it
INHERITED = ("company", "party", "invoice_address", "shipment_address", "currency", "payment_term", "warehouse")


def sale_of(order: Order, mapping: Mapping, *, key: str) -> Json:
    """Raises `Rejected` for what the mapping has no word for: nothing has been asked of Tryton then."""
    channel = mapping.channels.get(order.channel_id)
    if channel is None:
        raise _no("unknown_channel", f"no customer is mapped for channel {order.channel_id}")
    if order.currency not in mapping.currencies:
        raise _no("unknown_currency", f"{order.currency} is not mapped")
    if order.node_id not in mapping.warehouses:
        raise _no("unknown_node", f"no warehouse is mapped for the node {order.node_id}")
    return {
        "company": mapping.company,
        "party": channel.party,
        "invoice_address": channel.address,
        "shipment_address": channel.address,
        "currency": mapping.currencies[order.currency],
        "payment_term": mapping.payment_term,
        "warehouse": mapping.warehouses[order.node_id],
        "carrier": mapping.carrier,
        "shipment_cost_method": None,  # the delivery charge is what was promised, not what Tryton would ask
        "invoice_method": "order",
        "shipment_method": "order",
        "reference": key,
        "comment": f"{order.channel_id} {order.channel_order_id} {order.order_id}",
        "lines": [["create", list(_lines(order, mapping))]],
    }


def service_line(product: int, amount: Decimal, mapping: Mapping) -> Json:
    return _line(product, 1, amount, mapping)


def in_units(money: Money) -> Decimal:
    """30.00 for 3000 cents."""
    return Decimal(money.amount).scaleb(-minor_units(money.currency))


def return_of(memo: CreditMemo, sold: Json, mapping: Mapping, *, key: str) -> Json:
    """What came back of what was *sold*, as a sale of less than nothing; fees are sold by it."""
    return {
        **{name: sold[name] for name in INHERITED},
        "origin": f"sale.sale,{sold['id']}",
        "shipment_cost_method": None,
        "invoice_method": "order",
        "shipment_method": "order",
        "reference": key,
        "comment": f"{memo.reason} {memo.refund or ''}".strip(),
        "lines": [["create", [*_returned(memo, mapping), *_fees(memo, mapping)]]],
    }


def _returned(memo: CreditMemo, mapping: Mapping) -> Iterator[Json]:
    for line in memo.lines:
        product, taxes = _product(line, mapping), _taxes(line, line.net, mapping, near=NEAR_A_PART)
        for quantity, price in pieces(in_units(line.net), line.quantity, Decimal(0)):
            if quantity:
                yield {**_line(product, -quantity, price, mapping), "taxes": taxes}


def _fees(memo: CreditMemo, mapping: Mapping) -> Iterator[Json]:
    for fee in memo.fees:
        if fee.kind not in mapping.fees:
            raise _no("unknown_fee", f"no article is mapped for the fee {fee.kind}")
        yield service_line(mapping.fees[fee.kind], in_units(fee.amount), mapping)


def _lines(order: Order, mapping: Mapping) -> Iterator[Json]:
    for line in order.lines:
        product, net = _product(line, mapping), _net(line, inclusive=order.tax_mode == "inclusive")
        taxes = _taxes(line, net, mapping, near=NEAR)
        for quantity, price in pieces(in_units(net), line.quantity, line.unit_price):
            yield {**_line(product, quantity, price, mapping), "taxes": taxes}
    if order.shipping_charge.amount:
        yield service_line(mapping.delivery, in_units(order.shipping_charge), mapping)


def _line(product: int, quantity: int, price: Decimal, mapping: Mapping) -> Json:
    sold = {"type": "line", "product": product, "unit": mapping.unit}
    return {**sold, "quantity": float(quantity), "unit_price": price}


def _net(line: Line, *, inclusive: bool) -> Money:
    return line.goods - line.discount - line.tax if inclusive else line.goods - line.discount


def _product(line: Line | CreditLine, mapping: Mapping) -> int:
    product = mapping.articles.get(line.sku.upper())
    if product is None:
        raise _no("unknown_sku", f"article {line.sku} is not mapped", line=line.line_id)
    return product


def _taxes(line: Line | CreditLine, net: Money, mapping: Mapping, *, near: int) -> list[Any]:
    """The mapped tax that comes to what the channel states."""
    if not line.tax.amount:
        return []
    off = {rate: abs(net.amount * rate - line.tax.amount) for rate in mapping.taxes}
    rate = min(off, key=lambda each: off[each])
    if off[rate] > near:
        stated = f"{line.tax.amount} on {net.amount} is no rate that is mapped"
        raise _no("tax_mismatch", f"line {line.line_id}: a tax of {stated}", line=line.line_id)
    return [["add", [mapping.taxes[rate]]]]


def pieces(net: Decimal, quantity: int, quoted: Decimal) -> list[tuple[int, Decimal]]:
    """Quantities and prices of four digits that come to exactly *net*: as quoted where that does, else evenly, and what
    cannot be shared out stands on the last piece."""
    for price in (quoted, (net / quantity).quantize(PRICE, ROUND_DOWN)):
        if price == price.quantize(PRICE) and _amount(price, quantity, net) == net:
            return [(quantity, price.quantize(PRICE))]
    price = (net / quantity).quantize(PRICE, ROUND_DOWN)
    return [(quantity - 1, price), (1, net - _amount(price, quantity - 1, net))]


def _amount(price: Decimal, quantity: int, like: Decimal) -> Decimal:
    """As Tryton rounds it: half to even, to the digits that *like* has."""
    return (price * quantity).quantize(like, ROUND_HALF_EVEN)


def _no(code: str, said: str, **facts: Any) -> Rejected:
    return Rejected(f"not for Tryton: {said}", code=code, said=said, **facts)

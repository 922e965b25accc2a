"""An order as a sale of Tryton's: nets and rates of tax where we have amounts, so that both come to the same totals."""

from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

from adapters.tryton.mapping import Mapping
from gateway.domain.money import Money, minor_units
from gateway.domain.orders import Line, Order
from gateway.errors import Rejected

Json = dict[str, Any]

PRICE = Decimal("0.0001")  # Tryton's unit prices have four digits
NEAR = 1  # minor unit by which a tax may be rounded otherwise


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


def _lines(order: Order, mapping: Mapping) -> Iterator[Json]:
    for line in order.lines:
        product = mapping.articles.get(line.sku.upper())
        if product is None:
            raise _no("unknown_sku", f"article {line.sku} is not mapped", line=line.line_id)
        net = _net(line, inclusive=order.tax_mode == "inclusive")
        taxes = _taxes(line, net, mapping)
        for quantity, price in pieces(in_units(net), line.quantity, line.unit_price):
            yield {**_line(product, quantity, price, mapping), "taxes": taxes}
    if order.shipping_charge.amount:
        yield service_line(mapping.delivery, in_units(order.shipping_charge), mapping)


def _line(product: int, quantity: int, price: Decimal, mapping: Mapping) -> Json:
    sold = {"type": "line", "product": product, "unit": mapping.unit}
    return {**sold, "quantity": float(quantity), "unit_price": price}


def _net(line: Line, *, inclusive: bool) -> Money:
    return line.goods - line.discount - line.tax if inclusive else line.goods - line.discount


def _taxes(line: Line, net: Money, mapping: Mapping) -> list[Any]:
    """The mapped tax that comes to what the channel states."""
    if not line.tax.amount:
        return []
    off = {rate: abs(net.amount * rate - line.tax.amount) for rate in mapping.taxes}
    rate = min(off, key=lambda each: off[each])
    if off[rate] > NEAR:
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

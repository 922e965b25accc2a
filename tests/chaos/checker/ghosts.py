"""I5, no ghosts: each effect belongs to one order of a client, and says of it what the client said."""

from collections.abc import Iterator

from tests.chaos.checker.books import Account, Books, Sum, named, units
from tests.chaos.checker.evidence import Effect, Violation, Wanted

WITH_AMOUNT = {("psp", "authorisation"), ("erp", "sales_order"), ("erp", "invoice")}
PARTS = {("psp", "capture"), ("psp", "void"), ("psp", "refund")}  # what they come to is I3
WITH_LINES = {("erp", "sales_order"), ("wms", "shipment"), ("wms", "shipped")}


def ghosts(books: Books) -> Iterator[Violation]:
    for effect in books.stray_effects:
        yield Violation("I5", effect.order_id, f"{named(effect)} belongs to no order")
    for attempt in books.stray_attempts:
        yield Violation("I5", attempt.order_id, f"{attempt.system} {attempt.operation} was asked for no order")
    for account in books.accounts.values():
        for sentence in _sent(account, books):
            yield Violation("I5", account.order.order_id, sentence)
        if account.wanted is not None:
            for effect in account.effects:
                for sentence in _differs(effect, account.wanted, account.rest):
                    yield Violation("I5", account.order.order_id, f"{named(effect)} {sentence}")


def _sent(account: Account, books: Books) -> Iterator[str]:
    order, wanted = account.order, account.wanted
    if wanted is None:
        yield "was placed by no client"
        return
    if (order.channel, order.channel_order_id) != (wanted.channel, wanted.channel_order_id):
        yield f"is {order.channel_order_id} of {order.channel}; its receipt was for {wanted.channel_order_id}"
    if order.partner != wanted.partner:
        yield f"is read by {order.partner}, and was placed by {wanted.partner}"
    receipt = books.acked.get(order.order_id)
    if receipt is not None and receipt.partner != order.partner:
        yield f"is read by {order.partner}, and was acknowledged to {receipt.partner}"


def _differs(effect: Effect, wanted: Wanted, rest: Sum) -> Iterator[str]:
    kind = (effect.system, effect.kind)
    if not _is_paid_as(effect, wanted, rest):
        yield f"is {effect.amount} {effect.currency}, the order {wanted.amount} {wanted.currency}"
    if kind in WITH_LINES and effect.lines != wanted.lines:
        part = kind == ("wms", "shipped") and rest and units(effect.lines or ()) <= units(wanted.lines)
        if not part:
            yield "has other lines than the order"
    if kind == ("erp", "sales_order"):
        if effect.data.get("channel") != wanted.channel:
            yield f"is of {effect.data.get('channel')}, the order of {wanted.channel}"
        if effect.data.get("goods") != wanted.goods:
            yield f"has goods of {effect.data.get('goods')}, the order of {wanted.goods}"


def _is_paid_as(effect: Effect, wanted: Wanted, rest: Sum) -> bool:
    """Is its amount one that the order can have? *rest* is what was given back untaken."""
    kind = (effect.system, effect.kind)
    if kind in PARTS:
        part = effect.amount is not None and 0 <= effect.amount <= wanted.amount
        return part and effect.currency == wanted.currency
    if kind not in WITH_AMOUNT and effect.amount is None:
        return True
    due = wanted.amount - (rest[wanted.currency] if kind == ("erp", "invoice") else 0)
    return (effect.amount, effect.currency) == (due, wanted.currency)

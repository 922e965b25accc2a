"""I5, no ghosts: each effect belongs to one order of a client, and says of it what the client said."""

from collections.abc import Iterator

from tests.chaos.checker.books import Account, Books, named
from tests.chaos.checker.evidence import Effect, Violation, Wanted

WITH_AMOUNT = {
    ("psp", "authorisation"),
    ("psp", "capture"),
    ("psp", "void"),
    ("erp", "sales_order"),
    ("erp", "invoice"),
}
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
                for sentence in _differs(effect, account.wanted):
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


def _differs(effect: Effect, wanted: Wanted) -> Iterator[str]:
    kind = (effect.system, effect.kind)
    money = (effect.amount, effect.currency)
    if (kind in WITH_AMOUNT or effect.amount is not None) and money != (wanted.amount, wanted.currency):
        yield f"is {effect.amount} {effect.currency}, the order {wanted.amount} {wanted.currency}"
    if kind in WITH_LINES and effect.lines != wanted.lines:
        yield "has other lines than the order"
    if kind == ("erp", "sales_order"):
        if effect.data.get("channel") != wanted.channel:
            yield f"is of {effect.data.get('channel')}, the order of {wanted.channel}"
        if effect.data.get("goods") != wanted.goods:
            yield f"has goods of {effect.data.get('goods')}, the order of {wanted.goods}"

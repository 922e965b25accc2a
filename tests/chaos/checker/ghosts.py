"""I5, no ghosts: each effect is of an order of a client, or of a part of one, and says of it what the client said."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from tests.chaos.checker.books import LABEL, OF_ORDER, Account, Books, Share, gone, named, units, worth_of
from tests.chaos.checker.evidence import Effect, Line, Violation, Wanted
from tests.chaos.checker.names import owner_of, renewal_of

AS_FOUND = ("ready", "handed_over")  # by a store, which tells what it was asked for, too
AS_BOOKED = ("sales_order", "shipment", "shipped", "task", "accepted", "rejected", *AS_FOUND)
TARIFF, TARIFF_EACH, TARIFF_CURRENCY = 390, 25, "EUR"  # of the carrier: a parcel, and each piece in it
BOOKED = (("erp", "sales_order"), ("erp", "cancel"))
WITHOUT_AMOUNT = ("wms", "store")
OF_PART = {
    *("create_sales_order", "cancel_sales_order", "create_invoice", "create_shipment", "cancel_shipment", "capture"),
    *("create_task", "cancel_task", "create_label", "void_label"),
}


def ghosts(books: Books) -> Iterator[Violation]:
    for effect in books.stray_effects:
        yield Violation("I5", effect.order_id, f"{named(effect)} belongs to no order")
    for attempt in books.stray_attempts:
        yield Violation("I5", attempt.order_id, f"{attempt.system} {attempt.operation} was asked for no order")
    for account in books.accounts.values():
        for sentence in (*_sent(account, books), *_of_no_part(account)):
            yield Violation("I5", account.order.order_id, sentence)
        if account.wanted is not None:
            for sentence in _differences(account, account.wanted):
                yield Violation("I5", account.order.order_id, sentence)


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


def _of_no_part(account: Account) -> Iterator[str]:
    for effect in account.strays:
        yield f"{named(effect)} is of {owner_of(effect.name) or 'nobody'}, which is none of its parts"
    parts = {share.part.part_id for share in account.shares}
    for attempt in account.attempts:
        if attempt.operation in OF_PART and attempt.name is not None and owner_of(attempt.name) not in parts:
            yield f"{attempt.system} {attempt.operation} was asked for as {attempt.name}, which is none of its parts'"


def _differences(account: Account, wanted: Wanted) -> Iterator[str]:
    for effect in account.own:
        if not _is_of_order(effect, wanted):
            yield f"{named(effect)} is {effect.amount} {effect.currency}, the order {wanted.amount} {wanted.currency}"
    for share in account.shares:
        for effect in share.effects:
            for sentence in _differs(effect, share, wanted):
                yield f"{named(effect)} {sentence}"


def _is_of_order(effect: Effect, wanted: Wanted) -> bool:
    """All of it is held, and some of it anew; of what is given back, I3 says how much it is."""
    assert (effect.system, effect.kind) in OF_ORDER
    held = effect.kind == "authorisation" and not renewal_of(effect.name)
    possible = effect.amount is not None and (wanted.amount if held else 0) <= effect.amount <= wanted.amount
    return possible and effect.currency == wanted.currency


def _differs(effect: Effect, share: Share, wanted: Wanted) -> Iterator[str]:
    free = effect.system in WITHOUT_AMOUNT and effect.amount is None
    if (effect.system, effect.kind) == LABEL and not _is_by_tariff(effect, share):
        yield f"is {effect.amount} {effect.currency}, and {sum(units(share.lines).values())} pieces are in the parcel"
    if effect.system != "carrier" and not free and not _costs(effect, share, wanted):
        yield f"is {effect.amount} {effect.currency}, its part {share.part.amount} {wanted.currency}"
    found = effect.kind in AS_FOUND
    if (effect.kind in AS_BOOKED and effect.lines != share.asked) or (found and gone(effect) != share.lines):
        yield "has other lines than its part"
    if effect.kind == "sales_order":
        if effect.data.get("channel") != wanted.channel:
            yield f"is of {effect.data.get('channel')}, the order of {wanted.channel}"
        if effect.data.get("goods") != (goods := goods_of(share.asked, wanted)):
            yield f"has goods of {effect.data.get('goods')}, its part of {goods}"


def _is_by_tariff(effect: Effect, share: Share) -> bool:
    due = TARIFF + TARIFF_EACH * sum(units(share.lines).values())
    return (effect.amount, effect.currency) == (due, TARIFF_CURRENCY)


def _costs(effect: Effect, share: Share, wanted: Wanted) -> bool:
    """What the part does; a booking, what it did before its store found less than was asked for."""
    more = (0, 0)
    if share.short and (effect.system, effect.kind) in BOOKED:
        more = worth_of(share.short, wanted)
    due = range(share.part.amount + more[0], share.part.amount + more[1] + 1)
    return effect.amount in due and effect.currency == wanted.currency


def goods_of(lines: Iterable[Line], wanted: Wanted) -> int:
    """What so many pieces cost at the client's prices, line by line; half a penny is rounded up."""
    prices = {line: Decimal(price) for line, price in wanted.prices}
    values = (prices.get(line, Decimal(0)) * units * 100 for line, _, units in lines)
    return sum(int(value.quantize(Decimal(1), ROUND_HALF_UP)) for value in values)

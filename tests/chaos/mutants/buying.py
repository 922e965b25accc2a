"""What is bought as it must not be: ordered, sent, posted twice or never, left standing, counted otherwise."""

from dataclasses import replace
from typing import Any

from tests.chaos.checker.buying import AGREED
from tests.chaos.checker.evidence import (
    Effect,
    Evidence,
)
from tests.chaos.checker.papers import Purchase
from tests.chaos.mutants.given import Given


def purchase_booked_twice(given: Given) -> Evidence:
    return _again(given, _made(given, "erp", "purchase_order"))


def order_sent_twice(given: Given) -> Evidence:
    return _again(given, _made(given, "supplier", "message"))


def goods_posted_twice(given: Given) -> Evidence:
    return _again(given, _made(given, "erp", "goods_receipt"))


def bill_posted_twice(given: Given) -> Evidence:
    return _again(given, _made(given, "erp", "bill"))


def purchase_never_booked(given: Given) -> Evidence:
    return _never(given, _standing(given, "erp", "purchase_order", "purchase_cancel"))


def order_never_sent(given: Given) -> Evidence:
    return _never(given, _standing(given, "supplier", "message", "withdrawal"))


def purchase_never_reversed(given: Given) -> Evidence:
    return _never(given, _made(given, "erp", "purchase_cancel"))


def order_never_withdrawn(given: Given) -> Evidence:
    return _never(given, _made(given, "supplier", "withdrawal"))


def goods_never_posted(given: Given) -> Evidence:
    return _never(given, _made(given, "erp", "goods_receipt"))


def bill_never_posted(given: Given) -> Evidence:
    return _never(given, _made(given, "erp", "bill"))


def bill_that_was_rejected_posted(given: Given) -> Evidence:
    posted = {str(each.data.get("invoice_number")) for each in given.evidence.effects if each.kind == "bill"}
    invoice = given.pick(each for each in given.evidence.invoices if each.number in posted)
    return given.put("invoices", invoice, replace(invoice, status=given.pick(("rejected", "held", "exception"))))


def bill_posted_for_more(given: Given) -> Evidence:
    bill = _made(given, "erp", "bill")
    return given.put("effects", bill, replace(bill, amount=(bill.amount or 0) + given.dice.randrange(1, 100)))


def purchase_of_other_lines(given: Given) -> Evidence:
    effect = _made(given, *given.pick((("erp", "purchase_order"), ("supplier", "message"))))
    more = tuple((line, sku, pieces + 1) for line, sku, pieces in effect.lines or ())
    return given.put("effects", effect, replace(effect, lines=more))


def order_given_up_after_all(given: Given) -> Evidence:
    purchase = given.pick(each for each in given.evidence.purchases if each.status in AGREED)
    return given.put("purchases", purchase, replace(purchase, status="cancelled"))


def purchase_forgotten(given: Given) -> Evidence:
    purchase = _booked(given)
    return given.put("purchases", purchase, *given.pick(((), (replace(purchase, status=None),))))


def purchase_that_never_ends(given: Given) -> Evidence:
    purchase = given.pick(given.evidence.purchases)
    return given.put("purchases", purchase, replace(purchase, status=given.pick(("issued", "change_proposed"))))


def goods_counted_otherwise(given: Given) -> Evidence:
    purchase = given.pick(each for each in given.evidence.purchases if each.receipts)
    (line, came, damaged), *others = purchase.receipts[0].lines
    first = replace(purchase.receipts[0], lines=((line, came + given.dice.randrange(1, 9), damaged), *others))
    return given.put("purchases", purchase, replace(purchase, receipts=(first, *purchase.receipts[1:])))


def invoice_forgotten(given: Given) -> Evidence:
    taken = {number for purchase in given.evidence.purchases for number in purchase.billed}
    return given.put("invoices", given.pick(each for each in given.evidence.invoices if each.number in taken))


def _made(given: Given, system: str, kind: str) -> Effect:
    return given.pick(each for each in given.evidence.effects if (each.system, each.kind) == (system, kind))


def _standing(given: Given, system: str, kind: str, taken_back: str) -> Effect:
    back = {each.id for each in given.evidence.effects if (each.system, each.kind) == (system, taken_back)}
    made = [each for each in given.evidence.effects if (each.system, each.kind) == (system, kind)]
    return given.pick(each for each in made if each.id not in back)


def _booked(given: Given) -> Purchase:
    known = {each.order_id for each in given.evidence.effects}
    return given.pick(each for each in given.evidence.purchases if each.po_id in known)


def _again(given: Given, effect: Effect) -> Evidence:
    """As soundly as could be: asked for under a name of its own."""
    asked = next(each for each in given.evidence.attempts if _is_of(each, effect) and each.applied)
    name = f"pur_{given.dice.randrange(10**6)}:again"
    named: dict[str, Any] = {"reference": name, "key": name if effect.key else None, "sequence": given.beyond()}
    more = given.put("effects", effect, effect, replace(effect, id=f"{effect.id}_more", **named))
    return replace(more, attempts=(*more.attempts, replace(asked, **named)))


def _never(given: Given, effect: Effect) -> Evidence:
    """Nor did anybody ask for it."""
    asked = tuple(each for each in given.evidence.attempts if not _is_of(each, effect))
    return replace(given.put("effects", effect), attempts=asked)


def _is_of(asked: Any, effect: Effect) -> bool:
    return bool((asked.system, asked.name) == (effect.system, effect.name))


BUYING = (
    *(purchase_booked_twice, order_sent_twice, goods_posted_twice, bill_posted_twice, purchase_never_booked),
    *(order_never_sent, purchase_never_reversed, order_never_withdrawn, goods_never_posted, bill_never_posted),
    *(bill_that_was_rejected_posted, bill_posted_for_more, purchase_of_other_lines, order_given_up_after_all),
    *(purchase_forgotten, purchase_that_never_ends, goods_counted_otherwise, invoice_forgotten),
)

"""Of I15 what comes after an order is agreed to: what is accepted is no more than was ordered, what is billed and
passes no more than was accepted; and the ERP has each receipt and each bill that passed once, on the purchase that
stands."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.checker.books import named
from tests.chaos.checker.evidence import Effect
from tests.chaos.checker.names import Kind
from tests.chaos.checker.papers import Invoice, Purchase

MORE = 105  # per cent of what was ordered may be accepted
PASSED = ("approved", "posted")  # the last at rest
RECEIVED: Kind = ("erp", "goods_receipt")
BILLED: Kind = ("erp", "bill")


def billing(purchase: Purchase, effects: Sequence[Effect], invoices: Sequence[Invoice]) -> Iterator[str]:
    own = [each for each in invoices if each.po_id == purchase.po_id]
    came, whole = _counted(purchase)
    yield from _received(purchase, came, whole)
    yield from _billed(purchase, own, whole)
    yield from _posted(purchase, own, effects)
    yield from _on_the_purchase(effects)


def _counted(purchase: Purchase) -> tuple[Counter[str], Counter[str]]:
    """By line: what came, and what of it was whole; by those who counted it."""
    came, whole = Counter[str](), Counter[str]()
    for receipt in purchase.receipts:
        for line, pieces, damaged in receipt.lines:
            came[line] += pieces
            whole[line] += pieces - damaged
    return came, whole


def _received(purchase: Purchase, came: Counter[str], whole: Counter[str]) -> Iterator[str]:
    in_force = [each.lines for each in purchase.revisions if each.number == purchase.in_force]
    ordered = {line: pieces for lines in in_force for line, _, pieces, _ in lines}
    told = {line: (pieces, accepted) for line, pieces, accepted in purchase.arrived}
    for line in came.keys() | told.keys():
        if whole[line] * 100 > ordered.get(line, 0) * MORE:
            yield f"{whole[line]} of line {line} were accepted, {ordered.get(line, 0)} were ordered"
        if told.get(line, (0, 0)) != (came[line], whole[line]):
            yield f"of line {line} {came[line]} came and {whole[line]} were whole, and it says {told.get(line)}"


def _billed(purchase: Purchase, own: Sequence[Invoice], whole: Counter[str]) -> Iterator[str]:
    passed = [each for each in own if each.status in PASSED]
    pieces = Counter[str]()
    for invoice in passed:
        pieces.update(dict(invoice.pieces))
    for line, count in pieces.items():
        if count > whole[line]:
            yield f"{count} of line {line} are billed by what was approved, {whole[line]} were accepted"
    for number, times in Counter(_plain(each.number) for each in passed).items():
        if times > 1:
            yield f"{times} invoices with the number {number} were approved"
    for invoice in own:
        if invoice.status not in ("posted", "rejected"):
            yield f"invoice {invoice.number} is {invoice.status}: it is neither posted nor rejected"
    for number in {*purchase.billed} - {each.number for each in own}:
        yield f"invoice {number} was taken, and Omnigate does not know it"


def _posted(purchase: Purchase, own: Sequence[Invoice], effects: Sequence[Effect]) -> Iterator[str]:
    """Each receipt as it was counted, each bill as it was billed; and nothing besides."""
    counted = Counter((each.number, tuple(sorted(each.lines))) for each in purchase.receipts)
    booked = Counter((str(each.data.get("receipt_number")), _came(each)) for each in effects if _is(each, RECEIVED))
    due = Counter((each.number, each.total, each.currency) for each in own if each.status in PASSED)
    bills = [each for each in effects if _is(each, BILLED)]
    posted = Counter((str(each.data.get("invoice_number")), each.amount or 0, each.currency or "") for each in bills)
    for what, wanted, there in (("receipt", counted, booked), ("invoice", due, posted)):
        for each in (there - wanted) + (wanted - there):
            yield f"{what} {each[0]} of {each[1]} is posted {there[each]} times instead of {wanted[each]}"


def _came(effect: Effect) -> tuple[tuple[str, int, int], ...]:
    """Lines as they are counted: what came, and what of it was damaged."""
    return tuple(sorted((line, kept + damaged, damaged) for line, kept, damaged in effect.data.get("came", ())))


def _on_the_purchase(effects: Sequence[Effect]) -> Iterator[str]:
    back = {each.id for each in effects if _is(each, ("erp", "purchase_cancel"))}
    standing = {each.id for each in effects if _is(each, ("erp", "purchase_order"))} - back
    for effect in effects:
        if (_is(effect, RECEIVED) or _is(effect, BILLED)) and effect.data.get("purchase") not in standing:
            yield f"{named(effect)} is on {effect.data.get('purchase')}, which does not stand"


def _is(effect: Effect, kind: Kind) -> bool:
    return (effect.system, effect.kind) == kind


def _plain(number: str) -> str:
    """However it is written."""
    return "".join(letter for letter in number.upper() if letter.isalnum())

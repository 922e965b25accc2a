"""Of I15 what comes after an order is agreed to: what is accepted is no more than was ordered, what is billed and passes
no more than was accepted, and each bill once."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.checker.evidence import Effect, Invoice, Purchase

MORE = 105  # per cent of what was ordered may be accepted
DECIDED = ("approved", "rejected")


def billing(purchase: Purchase, effects: Sequence[Effect], invoices: Sequence[Invoice]) -> Iterator[str]:
    own = [each for each in invoices if each.po_id == purchase.po_id]
    came, whole = _counted(purchase)
    yield from _received(purchase, came, whole)
    yield from _billed(purchase, own, whole)


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
    passed = [each for each in own if each.status == "approved"]
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
        if invoice.status not in DECIDED:
            yield f"invoice {invoice.number} is {invoice.status}: nobody has decided about it"
    for number in {*purchase.billed} - {each.number for each in own}:
        yield f"invoice {number} was taken, and Omnigate does not know it"


def _plain(number: str) -> str:
    """However it is written."""
    return "".join(letter for letter in number.upper() if letter.isalnum())

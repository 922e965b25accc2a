"""I9, agreement: within a minute of the last fault the ledgers tell one story, and each agrees with itself."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.books import BY_ITSELF, Account, Books, total, units
from tests.chaos.checker.evidence import Effect, Line, Violation


def agreement(books: Books) -> Iterator[Violation]:
    around = books.evidence.circumstances
    if around.rested - around.last_fault > around.rest_within:
        sentence = f"rest came {around.rested - around.last_fault:.0f} s after the last fault"
        yield Violation("I9", None, sentence)
    yield from _asked_and_done(books)
    yield from stories(books)


def stories(books: Books) -> Iterator[Violation]:
    """What the three ledgers say of one order goes together."""
    for account in books.accounts.values():
        if not account.parked:
            for sentence in _three_ways(account):
                yield Violation("I9", account.order.order_id, sentence)
        for sentence in _links(account):
            yield Violation("I9", account.order.order_id, sentence)


def _asked_and_done(books: Books) -> Iterator[Violation]:
    """Each ledger: what it did is what it was asked for and says that it applied."""
    applied = Counter((each.system, each.name) for each in books.evidence.attempts if each.applied)
    done = Counter((each.system, each.name) for each in books.evidence.effects if each.kind != BY_ITSELF)
    for system, name in applied.keys() | done.keys():
        if applied[system, name] != done[system, name]:
            sentence = (
                f"{system} applied {applied[system, name]} calls under {name}, and has {done[system, name]} effects"
            )
            yield Violation("I9", None, sentence)


def _three_ways(account: Account) -> Iterator[str]:
    taken, invoiced = total(account.of("psp", "capture")), total(account.of("erp", "invoice"))
    if taken != invoiced:
        yield f"{taken} was taken and {invoiced} invoiced"
    booked, sent = _lines(account.of("erp", "sales_order")), _lines(account.of("wms", "shipped"))
    fewer = account.rest and units(sent) < units(booked)  # what was given back was for what was not sent
    if account.completed and booked != sent and not fewer:
        yield f"{booked} was booked and {sent} sent"
    if account.completed and account.rest and not fewer:
        yield f"was sent whole, and {dict(account.rest)} of its money was given back"
    if account.completed and total(account.of("psp", "authorisation")) != total(account.of("erp", "sales_order")):
        yield "not what was held was booked"


def _links(account: Account) -> Iterator[str]:
    """What a document says of another document of the same order is so."""
    held, taken = _ids(account, "psp", "authorisation"), _ids(account, "psp", "capture")
    booked, released = _ids(account, "erp", "sales_order"), _ids(account, "wms", "shipment")
    for effect in account.of("erp", "invoice"):
        if effect.data.get("payment") not in taken or effect.data.get("paid") != effect.amount:
            yield f"invoice {effect.id} is not paid by its capture"
        if effect.data.get("sales_order") not in booked:
            yield f"invoice {effect.id} is for another sales order"
    for kind, known in (("capture", held), ("void", held)):
        for effect in account.of("psp", kind):
            if effect.data.get("authorisation") not in known:
                yield f"{kind} {effect.id} is of another authorisation"
    for system, kind, known in (("wms", "shipped", released), ("wms", "cancel", released), ("erp", "cancel", booked)):
        for effect in account.of(system, kind):
            if effect.id not in known:
                yield f"{system} {kind} is of {effect.id}, which is another order's"


def _ids(account: Account, system: str, kind: str) -> set[str]:
    return {effect.id for effect in account.of(system, kind)}


def _lines(effects: list[Effect]) -> list[Line]:
    return [line for effect in effects for line in effect.lines or ()]

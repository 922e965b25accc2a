"""I9, agreement: within a minute of the last fault the ledgers tell one story, and each agrees with itself."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.books import BY_ITSELF, Account, Books, Share, gone, left, total
from tests.chaos.checker.evidence import Violation
from tests.chaos.checker.holds import told_otherwise


def agreement(books: Books) -> Iterator[Violation]:
    around = books.evidence.circumstances
    if around.rested - around.last_fault > around.rest_within:
        sentence = f"rest came {around.rested - around.last_fault:.0f} s after the last fault"
        yield Violation("I9", None, sentence)
    yield from _asked_and_done(books)
    yield from stories(books)


def stories(books: Books) -> Iterator[Violation]:
    """What the three ledgers say of one order, and of each part of it, goes together."""
    for account in books.accounts.values():
        sentences = [*_whole(account), *told_otherwise(account)]
        for share in account.shares:
            said = (*_three_ways(share, account), *_links(share, account))
            sentences += [f"{share.part.part_id}: {sentence}" for sentence in said]
        for sentence in sentences:
            yield Violation("I9", account.order.order_id, sentence)


def _asked_and_done(books: Books) -> Iterator[Violation]:
    """Each ledger: what it did is what it was asked for and says that it applied."""
    applied = Counter((each.system, each.name) for each in books.evidence.attempts if each.applied)
    done = Counter((each.system, each.name) for each in books.evidence.effects if each.kind not in BY_ITSELF)
    for system, name in applied.keys() | done.keys():
        if applied[system, name] != done[system, name]:
            sentence = (
                f"{system} applied {applied[system, name]} calls under {name}, and has {done[system, name]} effects"
            )
            yield Violation("I9", None, sentence)


def _whole(account: Account) -> Iterator[str]:
    held = total(account.of("psp", "authorisation"))
    booked = total(each for share in account.shares if share.completed for each in share.of("erp", "sales_order"))
    missing = sum(
        (each.amount or 0) - share.part.amount
        for share in account.shares
        if share.completed and share.short
        for each in share.of("erp", "sales_order")
    )
    if account.completed and held.total() != booked.total() - missing + total(account.of("psp", "void")).total():
        yield "not what was held was booked or given back"
    for effect in account.of("psp", "void"):
        if effect.data.get("authorisation") not in _ids(account, "psp", "authorisation"):
            yield f"void {effect.id} is of another authorisation"


def _three_ways(share: Share, account: Account) -> Iterator[str]:
    taken, invoiced = total(share.of("psp", "capture")), total(share.of("erp", "invoice"))
    if taken != invoiced and not (account.parked and not share.completed):
        yield f"{taken} was taken and {invoiced} invoiced"
    short = share.short
    booked = [
        tuple((line, sku, count - short[line]) for line, sku, count in each.lines or () if count > short[line])
        for each in share.of("erp", "sales_order")
    ]
    if share.completed and booked != (sent := [gone(each) for each in left(share.effects)]):
        yield f"{booked} was booked and {sent} sent"


def _links(share: Share, account: Account) -> Iterator[str]:
    """What a document says of another document of the same part is so."""
    held, taken = _ids(account, "psp", "authorisation"), _ids(share, "psp", "capture")
    booked, released = _ids(share, "erp", "sales_order"), _ids(share, "wms", "shipment")
    tasks, labels = _ids(share, "store", "task"), _ids(share, "carrier", "label")
    for effect in share.of("erp", "invoice"):
        if effect.data.get("payment") not in taken or effect.data.get("paid") != effect.amount:
            yield f"invoice {effect.id} is not paid by its capture"
        if effect.data.get("sales_order") not in booked:
            yield f"invoice {effect.id} is for another sales order"
    for effect in share.of("psp", "capture"):
        if effect.data.get("authorisation") not in held:
            yield f"capture {effect.id} is of another authorisation"
    about = (("wms", "shipped", released), ("wms", "cancel", released), ("erp", "cancel", booked))
    at_store = (("store", kind, tasks) for kind in ("accepted", "rejected", "ready", "handed_over", "cancel"))
    for system, kind, known in (*about, *at_store, ("carrier", "void", labels)):
        for effect in share.of(system, kind):
            if effect.id not in known:
                yield f"{system} {kind} is of {effect.id}, which is another's"


def _ids(books: Account | Share, system: str, kind: str) -> set[str]:
    return {effect.id for effect in books.of(system, kind)}

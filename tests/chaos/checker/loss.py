"""I1, no loss: what was acknowledged is known, has ended or waits with a cause, and did what its end says."""

from collections.abc import Iterator

from tests.chaos.checker.books import COMPLETED, FORWARD, UNDO, UNDONE, Account, Books
from tests.chaos.checker.evidence import Violation


def loss(books: Books) -> Iterator[Violation]:
    for order_id in books.acked.keys() - books.accounts.keys():
        yield Violation("I1", order_id, "was acknowledged, and Omnigate does not know it")
    for account in books.accounts.values():
        for sentence in (*_end(account), *_missing(account)):
            yield Violation("I1", account.order.order_id, sentence)


def _end(account: Account) -> Iterator[str]:
    if account.order.parked == "":
        yield "is parked without a cause"
    if not account.parked and account.order.status not in COMPLETED | UNDONE:
        yield f"is {account.order.status}: it has neither ended nor is it parked"


def _missing(account: Account) -> Iterator[str]:
    kinds = account.kinds
    for undo, done in UNDO.items():
        if kinds[undo] > kinds[done]:
            yield f"{' '.join(undo)} took back what was never done"
    if account.completed:
        yield from (f"is completed without {' '.join(kind)}" for kind in FORWARD if not kinds[kind])
        beside = {("psp", "void")} if account.rest else set()
        yield from (f"is completed with {' '.join(kind)}" for kind in kinds.keys() - set(FORWARD) - beside)
    if account.undone:
        yield from (f"{' '.join(do)} was not taken back" for undo, do in UNDO.items() if kinds[undo] < kinds[do])
        strange = kinds.keys() - UNDO.keys() - set(UNDO.values())
        yield from (f"did not go through, with {' '.join(kind)}" for kind in strange)
    if account.parked:
        done = [bool(kinds[kind]) for kind in FORWARD]
        if done != sorted(done, reverse=True):
            yield f"is parked, and before its last effect {' '.join(FORWARD[done.index(False)])} is missing"

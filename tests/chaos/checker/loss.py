"""I1, no loss: what was acknowledged is known, has ended or waits with a cause, and did what its parts' ends say."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.books import COMPLETED, GIVEN_BACK, HELD, LABEL, UNDONE, Account, Books, Share
from tests.chaos.checker.evidence import Violation


def loss(books: Books) -> Iterator[Violation]:
    for order_id in books.acked.keys() - books.accounts.keys():
        yield Violation("I1", order_id, "was acknowledged, and Omnigate does not know it")
    for account in books.accounts.values():
        sentences = (*_end(account), *_missing(account))
        of_parts = (
            f"{share.part.part_id} {sentence}" for share in account.shares for sentence in _missing_of(share, account)
        )
        for sentence in (*sentences, *of_parts):
            yield Violation("I1", account.order.order_id, sentence)


def _end(account: Account) -> Iterator[str]:
    if account.order.parked == "":
        yield "is parked without a cause"
    if not account.parked and account.order.status not in COMPLETED | UNDONE:
        yield f"is {account.order.status}: it has neither ended nor is it parked"
    done = [share.part.part_id for share in account.shares if share.completed]
    if account.completed and not done:
        yield "is completed, and none of its parts is"
    if account.undone and done:
        yield f"is {account.order.status}, and {' and '.join(done)} completed"


def _missing(account: Account) -> Iterator[str]:
    kinds = Counter((effect.system, effect.kind) for effect in account.own)
    if kinds[GIVEN_BACK] > kinds[HELD]:
        yield f"{' '.join(GIVEN_BACK)} took back what was never done"
    if account.completed and not kinds[HELD]:
        yield f"is completed without {' '.join(HELD)}"
    if account.undone and kinds[GIVEN_BACK] < kinds[HELD]:
        yield f"{' '.join(HELD)} was not taken back"
    if not account.parked:
        yield from (f"is {account.order.status} with {' '.join(kind)}" for kind in kinds.keys() - {HELD, GIVEN_BACK})
    elif account.kinds.keys() - {HELD, GIVEN_BACK} and not kinds[HELD]:
        yield f"is parked, and before its last effect {' '.join(HELD)} is missing"


def _missing_of(share: Share, account: Account) -> Iterator[str]:
    kinds, undo, forward = share.kinds, share.undo, share.forward
    for back, done in undo.items():
        if kinds[back] > kinds[done]:
            yield f"{' '.join(back)} took back what was never done"
    if share.completed:
        also = {LABEL} if share.at_store else set()
        yield from (f"is completed without {' '.join(kind)}" for kind in forward if not kinds[kind])
        yield from (f"is completed with {' '.join(kind)}" for kind in kinds.keys() - {*forward} - also)
    elif share.undone:
        to_and_back = {*undo, *undo.values(), *_SAID} - {HELD, GIVEN_BACK}
        yield from (f"{' '.join(done)} was not taken back" for back, done in undo.items() if kinds[back] < kinds[done])
        yield from (f"did not go through, with {' '.join(kind)}" for kind in kinds.keys() - to_and_back)
    elif account.parked:
        done_so_far = [bool(kinds[kind]) for kind in forward]
        if done_so_far != sorted(done_so_far, reverse=True):
            yield f"is parked, and before its last effect {' '.join(forward[done_so_far.index(False)])} is missing"
    elif account.order.parts:
        yield f"is {share.part.status}, and its order is {account.order.status}"


# By stores, of parts that come to nothing; the task of one that was rejected is among them.
_SAID = frozenset({("store", kind) for kind in ("task", "accepted", "ready", "rejected")})

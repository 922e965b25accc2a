"""I12, pieces: none of an order goes twice; each is worth what it was sold for, and stands where the ledgers say."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.chaos.checker.books import Account, Books, Share, gone, left, total, units, worth_of
from tests.chaos.checker.evidence import Violation, Wanted
from tests.chaos.checker.names import FAILED, REFUNDED

GONE = ("in_transit", "delivered")  # where pieces stand that have left


def pieces(books: Books) -> Iterator[Violation]:
    for account in books.accounts.values():
        if account.wanted is None:
            continue
        found = (*_twice(account, account.wanted), *_worth(account, account.wanted), *_told(account, account.wanted))
        for sentence in found:
            yield Violation("I12", account.order.order_id, sentence)


def _twice(account: Account, wanted: Wanted) -> Iterator[str]:
    """Over all parts: of no line more is served, or leaves, than was ordered."""
    ordered = units(wanted.lines)
    for what, served in (("served", _served(account)), ("sent", _sent(account))):
        for line in served:
            if served[line] > ordered[line]:
                yield f"{served[line]} of line {line} are {what}, {ordered[line]} were ordered"


def _worth(account: Account, wanted: Wanted) -> Iterator[str]:
    """A part costs what its pieces do, and one of them bears the shipping; together they cost what the order does."""
    for share in account.shares:
        least, most = worth_of(dict(share.part.lines), wanted)
        if not any(least <= share.part.amount - borne <= most for borne in (0, wanted.shipping)):
            yield f"{share.part.part_id} costs {share.part.amount}, its pieces {least} to {most}"
    all_of_it = _served(account) == units(wanted.lines)
    cost = sum(share.part.amount for share in _standing(account))
    if all_of_it and cost != wanted.amount:
        yield f"its parts cost {cost}, all of it {wanted.amount}"


def _told(account: Account, wanted: Wanted) -> Iterator[str]:
    """What Omnigate says of pieces and money is what the ledgers come to."""
    if account.parked or not account.order.pieces:
        return
    stand: dict[str, Counter[str]] = {line: Counter() for line, _, _ in wanted.lines}
    for line, where, count in account.order.pieces:
        stand.setdefault(line, Counter())[where] += count
    sent, ordered = _sent(account), units(wanted.lines)
    for line, places in stand.items():
        gone = sum(places[where] for where in GONE)
        if (gone, places["cancelled"]) != (sent[line], ordered[line] - sent[line]):
            yield f"{dict(places)} of line {line}; {sent[line]} of {ordered[line]} were sent"
        if waiting := places.keys() - {*GONE, "cancelled"}:
            yield f"has ended, and pieces of line {line} are {' and '.join(sorted(waiting))}"
    if account.order.payment != (payment := _payment(account)):
        yield f"its payment is told as {account.order.payment}, and is {payment}"


def _payment(account: Account) -> str:
    held, taken, back = (total(account.of("psp", kind)).total() for kind in ("authorisation", "capture", "void"))
    returned = total(account.of(*REFUNDED)).total() - total(account.of(*FAILED)).total()
    if returned:
        return "refunded" if returned == taken else "partially_refunded"
    if taken:
        return "captured" if taken + back == held else "partially_captured"
    if held > back:
        return "authorised"
    return "voided" if back else "unpaid"


def _standing(account: Account) -> list[Share]:
    """Parts that have their pieces still: those that came to nothing have given them back."""
    return [share for share in account.shares if not share.undone]


def _served(account: Account) -> Counter[str]:
    return _sum(share.part.lines for share in _standing(account))


def _sent(account: Account) -> Counter[str]:
    return _sum([(line, count) for line, _, count in gone(effect)] for effect in left(account.effects))


def _sum(counts: Iterable[Iterable[tuple[str, int]]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in counts:
        for line, count in each:
            found[line] += count
    return found

"""I3, money: what was taken is what completed orders cost, each and together, to the minor unit."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.chaos.checker.books import Account, Books
from tests.chaos.checker.evidence import Effect, Violation

SIGN = {"capture": 1, "refund": -1}


def money(books: Books) -> Iterator[Violation]:
    owed: Counter[str | None] = Counter()
    for account in books.accounts.values():
        taken = _taken(account.effects)
        if account.parked:
            owed.update(taken)
        elif account.completed and account.wanted is not None:
            owed[account.wanted.currency] += account.wanted.amount
        for sentence in _wrong(account, taken):
            yield Violation("I3", account.order.order_id, sentence)
    total = _taken(books.evidence.effects)
    for currency in owed.keys() | total.keys():
        if owed[currency] != total[currency]:
            sentence = f"{total[currency]} {currency} were taken in all, {owed[currency]} are owed"
            yield Violation("I3", None, sentence)


def _wrong(account: Account, taken: Counter[str | None]) -> Iterator[str]:
    if account.wanted is None:
        return
    cost = {account.wanted.currency: account.wanted.amount}
    due = cost if account.completed else {}
    if account.parked:
        if any(not 0 <= taken[currency] <= cost.get(currency or "", 0) for currency in taken):
            yield f"is parked, costs {cost}, and {dict(taken)} was taken"
    elif {currency: amount for currency, amount in taken.items() if amount} != due:
        yield f"is {account.order.status}, owes {due}, and {dict(taken)} was taken"


def _taken(effects: Iterable[Effect]) -> Counter[str | None]:
    found: Counter[str | None] = Counter()
    for effect in effects:
        if effect.system == "psp" and effect.kind in SIGN:
            found[effect.currency] += SIGN[effect.kind] * (effect.amount or 0)
    return found

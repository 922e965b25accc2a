"""I3, money: what was taken is what completed orders cost, to the minor unit, and never more than was held."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.chaos.checker.books import Account, Books, Sum, total
from tests.chaos.checker.evidence import Effect, Violation

SIGN = {"capture": 1, "refund": -1}


def money(books: Books) -> Iterator[Violation]:
    owed: Sum = Counter()
    for account in books.accounts.values():
        taken = _taken(account.effects)
        if account.parked:
            owed.update(taken)
        elif account.completed:
            owed.update(account.price)
        for sentence in (*_wrong(account, taken), *_held(account)):
            yield Violation("I3", account.order.order_id, sentence)
    in_all = _taken(books.evidence.effects)
    for currency in owed.keys() | in_all.keys():
        if owed[currency] != in_all[currency]:
            sentence = f"{in_all[currency]} {currency} were taken in all, {owed[currency]} are owed"
            yield Violation("I3", None, sentence)


def _wrong(account: Account, taken: Sum) -> Iterator[str]:
    if account.wanted is None:
        return
    cost = {account.wanted.currency: account.wanted.amount}
    due = dict(account.price) if account.completed else {}
    if account.parked:
        if any(not 0 <= taken[currency] <= cost.get(currency or "", 0) for currency in taken):
            yield f"is parked, costs {cost}, and {dict(taken)} was taken"
    elif {currency: amount for currency, amount in taken.items() if amount} != due:
        yield f"is {account.order.status}, owes {due}, and {dict(taken)} was taken"


def _held(account: Account) -> Iterator[str]:
    """Whatever was held is taken, or given back, or held still."""
    held, taken, back = (total(account.of("psp", kind)) for kind in ("authorisation", "capture", "void"))
    if taken - held:
        yield f"{dict(taken)} was taken of {dict(held)} that was held"
    elif account.of("psp", "void") and held != taken + back:
        yield f"{dict(held)} was held, {dict(taken)} taken and {dict(back)} given back"


def _taken(effects: Iterable[Effect]) -> Sum:
    found: Sum = Counter()
    for effect in effects:
        if effect.system == "psp" and effect.kind in SIGN:
            found[effect.currency] += SIGN[effect.kind] * (effect.amount or 0)
    return found

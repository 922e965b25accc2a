"""I3, money: what was taken is what carried-out parts cost, to the minor unit, and never more than was held."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.chaos.checker.books import Account, Books, Share, Sum, left, total
from tests.chaos.checker.evidence import Effect, Violation
from tests.chaos.checker.holds import held_too_often

SIGN = {"capture": 1, "refund": -1}


def money(books: Books) -> Iterator[Violation]:
    owed: Sum = Counter()
    for account in books.accounts.values():
        taken = _taken(account.effects)
        if account.parked:
            owed.update(taken)
        elif account.completed:
            owed.update(account.owed)
        of_parts = (f"{share.part.part_id} {sentence}" for share in account.shares for sentence in _of_part(share))
        for sentence in (*_wrong(account, taken), *_held(account), *held_too_often(account), *of_parts):
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
    due = _plain(account.owed) if account.completed else {}
    if account.parked:
        if any(not 0 <= taken[currency] <= cost.get(currency or "", 0) for currency in taken):
            yield f"is parked, costs {cost}, and {dict(taken)} was taken"
    elif _plain(taken) != due:
        yield f"is {account.order.status}, owes {due}, and {dict(taken)} was taken"


def _of_part(share: Share) -> Iterator[str]:
    """What has left is paid with what it costs, and not with what another part does; nothing else is paid."""
    taken, cost = _taken(share.effects), share.part.amount
    if not left(share.effects):
        if taken.total():
            yield f"has not left, and {dict(taken)} was taken for it"
    elif taken.total() not in ({cost} if share.completed else {0, cost}):
        yield f"comes to {cost}, and {dict(taken)} was taken for it"


def _held(account: Account) -> Iterator[str]:
    """Whatever was held is taken, or given back, or held still; nothing is held once the order is over."""
    held, taken, back = (total(account.of("psp", kind)) for kind in ("authorisation", "capture", "void"))
    holds = account.of("psp", "authorisation")
    if len(holds) > 1:
        yield from (sentence for hold in holds for sentence in _of_hold(hold, account))
    if taken - held:
        yield f"{dict(taken)} was taken of {dict(held)} that was held"
    elif (account.completed or (len(holds) < 2 and back)) and _plain(held) != _plain(taken + back):
        yield f"{dict(held)} was held, {dict(taken)} taken and {dict(back)} given back"


def _of_hold(hold: Effect, account: Account) -> Iterator[str]:
    """Money that was held anew: each hold for itself bears what is taken of it, and none is left open."""
    of_it = [each for each in account.effects if each.data.get("authorisation") == hold.id]
    taken, back = (total(each for each in of_it if each.kind == kind) for kind in ("capture", "void"))
    held, over = total([hold]), account.completed or account.undone or bool(back)
    if taken - held:
        yield f"{dict(taken)} was taken of {dict(held)} that was held as {hold.id}"
    elif over and _plain(held) != _plain(taken + back):
        yield f"{dict(held)} was held as {hold.id}, {dict(taken)} taken and {dict(back)} given back"


def _taken(effects: Iterable[Effect]) -> Sum:
    found: Sum = Counter()
    for effect in effects:
        if effect.system == "psp" and effect.kind in SIGN:
            found[effect.currency] += SIGN[effect.kind] * (effect.amount or 0)
    return found


def _plain(amounts: Sum) -> dict[str | None, int]:
    return {currency: amount for currency, amount in amounts.items() if amount}

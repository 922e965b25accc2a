"""Money that was held anew: at most two holds at once, taken of while they stand, and told as often as it was."""

from collections.abc import Iterator

from tests.chaos.checker.books import GIVEN_BACK, HELD, Account, renewal_of
from tests.chaos.checker.evidence import Effect

RENEWED = "com.omnigate.order.payment_renewed.v1"
CAPTURE = ("psp", "capture")


def held_too_often(account: Account) -> Iterator[str]:
    """A new hold stands beside the one that it is for, and beside no other."""
    holds = account.of(*HELD)
    for new in holds:
        open_still = [hold.id for hold in holds if hold.sequence < new.sequence and _left(hold, account, new.sequence)]
        if len(open_still) > 1:
            yield f"money was held as {new.id} while it was held as {' and '.join(open_still)}"


def taken_of_no_hold(account: Account) -> Iterator[str]:
    """What is let go is taken of no more, whoever let it go; nothing is taken of a hold before it is made."""
    made = {hold.id: hold.sequence for hold in account.of(*HELD)}
    let_go = {void.data.get("authorisation"): void.sequence for void in account.of(*GIVEN_BACK)}
    for taken in account.of(*CAPTURE):
        hold = taken.data.get("authorisation")
        if let_go.get(hold, taken.sequence) < taken.sequence:
            yield f"{taken.id} was taken of {hold}, which had been let go"
        if made.get(hold, taken.sequence) > taken.sequence:
            yield f"{taken.id} was taken of {hold} before that was held"


def told_otherwise(account: Account) -> Iterator[str]:
    """Each time that a hold made way for a newer one its partner was told, and only then."""
    if account.parked:
        return
    own = {renewal_of(hold.name): hold.id for hold in account.of(*HELD)}
    gave_way = [
        void
        for void in account.of(*GIVEN_BACK)
        if renewal_of(void.name) and void.data.get("authorisation") != own.get(renewal_of(void.name))
    ]
    told = sum(event.type == RENEWED for event in account.order.events)
    if told != len(gave_way):
        yield f"its money was held anew {told} times, it is told, and {len(gave_way)} holds made way for others"


def _left(hold: Effect, account: Account, before: int) -> int:
    """Of a hold, neither taken nor given back by then."""
    of_it = [each for each in account.effects if each.data.get("authorisation") == hold.id and each.sequence < before]
    return (hold.amount or 0) - sum(each.amount or 0 for each in of_it if each.kind in ("capture", "void"))

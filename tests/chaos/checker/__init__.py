"""
The ledger checker: reads the evidence of a run that has come to rest, and says what in it contradicts what.

    evidence.py    what it judges by; papers.py: of what is bought; files.py: the same as a file, a JSON object a line
    books.py       the evidence order by order, and part by part
    loss.py I1 · doubles.py I2 · money.py I3 · stock.py I4 · ghosts.py I5 · sequence.py I6 · replay.py I7
    monotone.py I8 · agreement.py I9 · bounded.py I10 · alive.py I11 · pieces.py I12
    hands.py I13 · refunds.py I14 · buying.py and billing.py I15
    holds.py: of I3, I6 and I9 what is about money that was held anew

    python -m tests.chaos.checker FILE      prints every violation; exit code 1 if there is one

It imports nothing of Omnigate and nothing of its adapters: a witness does not share the defendant's code.
"""

from collections.abc import Callable, Collection, Iterator

from tests.chaos.checker.agreement import agreement
from tests.chaos.checker.alive import alive
from tests.chaos.checker.books import Books
from tests.chaos.checker.bounded import bounded
from tests.chaos.checker.buying import buying
from tests.chaos.checker.doubles import doubles
from tests.chaos.checker.evidence import Evidence, Violation
from tests.chaos.checker.files import read, write
from tests.chaos.checker.ghosts import ghosts
from tests.chaos.checker.hands import hands
from tests.chaos.checker.loss import loss
from tests.chaos.checker.money import money
from tests.chaos.checker.monotone import monotone
from tests.chaos.checker.pieces import pieces
from tests.chaos.checker.refunds import refunds
from tests.chaos.checker.replay import replay
from tests.chaos.checker.sequence import sequence
from tests.chaos.checker.stock import stock

__all__ = ["INVARIANTS", "Evidence", "Violation", "check", "read", "write"]

INVARIANTS: dict[str, Callable[[Books], Iterator[Violation]]] = {
    "I1": loss,
    "I2": doubles,
    "I3": money,
    "I4": stock,
    "I5": ghosts,
    "I6": sequence,
    "I7": replay,
    "I8": monotone,
    "I9": agreement,
    "I10": bounded,
    "I11": alive,
    "I12": pieces,
    "I13": hands,
    "I14": refunds,
    "I15": buying,
}


def check(evidence: Evidence, *, only: Collection[str] = tuple(INVARIANTS)) -> list[Violation]:
    """Everything that is wrong, in the order of the invariants; nothing when all agree."""
    books = Books(evidence)
    return [violation for name, holds in INVARIANTS.items() if name in only for violation in holds(books)]

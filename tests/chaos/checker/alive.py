"""I11, alive: in its last ten seconds, undisturbed, the system answered; else the run proves nothing."""

from collections.abc import Iterator

from tests.chaos.checker.books import Books, is_yes
from tests.chaos.checker.evidence import Exchange, Violation

LAST = 10.0  # seconds
LEAST = 20  # requests in them
SHARE = 0.999
UNCHANGED = 304


def alive(books: Books) -> Iterator[Violation]:
    around = books.evidence.circumstances
    if around.ended - around.last_fault < LAST:
        sentence = f"the run ended {around.ended - around.last_fault:.1f} s after its last fault"
        yield Violation("I11", None, sentence)
    last = [each for each in books.evidence.exchanges if around.ended - LAST <= each.sent <= around.ended]
    well = sum(_went_well(each) for each in last)
    if len(last) < LEAST:
        yield Violation("I11", None, f"{len(last)} requests in the last {LAST:.0f} s; {LEAST} are needed")
    elif well < SHARE * len(last):
        yield Violation("I11", None, f"{well} of the {len(last)} requests of the last {LAST:.0f} s went well")


def _went_well(exchange: Exchange) -> bool:
    return is_yes(exchange) or exchange.status == UNCHANGED

"""I10, bounded: no effect is asked for over and over, and an outage is not answered with a storm."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.books import Books
from tests.chaos.checker.evidence import Violation


def bounded(books: Books) -> Iterator[Violation]:
    around = books.evidence.circumstances
    asked = Counter((each.system, each.operation, each.name) for each in books.evidence.attempts)
    for (system, operation, name), count in asked.items():
        if count > around.attempts:
            sentence = f"{system} was asked for {operation} {count} times under {name}; {around.attempts} are allowed"
            yield Violation("I10", None, sentence)
    if around.amplification is not None and asked.total() > around.amplification * len(asked):
        sentence = f"{asked.total()} attempts at {len(asked)} effects; {around.amplification} each are allowed"
        yield Violation("I10", None, sentence)

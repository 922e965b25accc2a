"""A request that rests: it holds no place and has longer to answer, as far as there is room to rest."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from gateway.context import Call
from gateway.errors import Overloaded
from gateway.refusals import ConcurrencyExceeded


@contextmanager
def resting(call: Call, seconds: int) -> Iterator[bool]:
    """Rests for as long as the block lasts, at most so many *seconds* longer. False: too many rest, and what was only
    preferred refuses nobody."""
    assert call.extend is not None, "the limits stage has run"
    with ExitStack() as stack:
        try:
            stack.enter_context(call.resting())
        except (ConcurrencyExceeded, Overloaded):
            yield False
            return
        call.extend(seconds)
        yield True

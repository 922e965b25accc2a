"""An order, now or once there is something to say: the one place where a request rests, with nothing in its hands."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic

from gateway.context import Call
from gateway.domain.orders import is_decided
from gateway.errors import Unavailable
from gateway.resources.answers import whose
from gateway.resources.preferences import Wait
from gateway.resources.resting import resting
from gateway.store.decisions import Decisions, Place
from gateway.store.gathered import Gathered
from gateway.store.order_views import OrderRow, read_orders
from gateway.store.pool import Database

Look = Callable[[], Awaitable[OrderRow | None]]
Known = Callable[[OrderRow], bool]


class Waiting:
    """Reads orders for callers, who may prefer to wait for the decision."""

    def __init__(self, database: Database, decisions: Decisions) -> None:
        self._stored = Gathered(partial(read_orders, database))  # however many are woken together
        self._decisions = decisions

    async def order(self, call: Call, wait: Wait | None, known: Known) -> tuple[OrderRow | None, bool]:
        """The order, if the caller may see it, and whether the wish to wait was granted. *known*: it has it already."""
        look = partial(self._stored.get, (call.path_parameters["order_id"], whose(call)))
        if wait is None:
            return await look(), False
        with self._decisions.place(call.path_parameters["order_id"]) as place:
            seen = await look()
            if seen is None or _is_telling(seen, known):
                return seen, seen is not None
            with resting(call, wait.seconds) as granted:
                if not granted:
                    return seen, False
                return await self._rest(call, place, look, wait, known=known), not place.over

    async def _rest(self, call: Call, place: Place, look: Look, wait: Wait, *, known: Known) -> OrderRow | None:
        """The order as it stands when there is something to say, when the time is over, or nobody to tell."""
        assert call.gone is not None, "the limits stage has run"
        end = monotonic() + wait.seconds
        watch = asyncio.create_task(_watch(call.gone, place))
        try:
            while await self._news(place, end):
                with suppress(Unavailable):  # whoever waits for a decision waits for the database, too
                    if (seen := await look()) is not None and _is_telling(seen, known):
                        return seen
        finally:
            watch.cancel()
        return await look()

    async def _news(self, place: Place, end: float) -> bool:
        """Rest until there may be something to see. False: the time is over, or there is nobody to tell."""
        await place.news(within=min(end - monotonic(), self._decisions.patience))
        return not place.over and monotonic() < end


def _is_telling(seen: OrderRow, known: Known) -> bool:
    """Decided; or its customer has to act, which helps nobody but who hears of it now, once."""
    return is_decided(seen.status) or (seen.action is not None and not known(seen))


async def _watch(gone: Callable[[], Awaitable[None]], place: Place) -> None:
    await gone()
    place.end()

"""
What keeps us from asking more of a back end than it can bear: places, a breaker, a pace, a budget for repeats.

A call takes a place (at most `connections` are under way), passes the breaker (closed until a row of calls has found
the back end in trouble), waits for its turn (the pace that the operation's promise declares) and is then made. A repeat
is paid for out of a share of what is asked for the first time. Whatever is refused here was not sent: `Failed`.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import httpx2
import structlog
from httpware import AsyncBulkhead, AsyncCircuitBreaker, CircuitOpenError, CircuitState, NetworkError, RetryBudget

from gateway.errors import Failed
from gateway.promises import Pace
from observability.metrics import BackEndMetrics

log = structlog.get_logger("outbound")
logging.getLogger("httpware").setLevel(logging.CRITICAL)  # it would write addresses; what matters is told below

MOST_KEYS = 10_000  # operation keys that are remembered as sent
MEMORY = 10.0  # seconds over which repeats and first calls are weighed against each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of one back end is used at once, by one process. Times in seconds."""

    connections: int = 8  # half of a worker's slots: a back end that hangs leaves the others theirs
    wait: float = 0.5  # for a place, and again for a turn
    connect: float = 1.0
    idle: float = 3.0  # shorter than servers keep a connection, so that none is closed under a call
    failures: int = 5  # in a row, and the breaker opens
    rest: float = 2.0  # before one call may try whether it is well again
    repeats: float = 0.1  # of what is asked for the first time
    repeats_per_second: float = 2.0  # in any case
    processes: int = 1  # that keep its pace together, each its share


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What restraint has to know of a call."""

    effect: bool  # else a question, which is answered or not for reasons of its own
    pace: Pace | None
    patience: float  # seconds; after them it is not sent any more
    key: str = ""  # of the effect; empty for questions and for whoever does not count repeats
    window: datetime | None = None  # in which it is sent: all calls of one attempt have the same


class InTrouble(NetworkError):
    """What the breaker counts: there was no answer, or it was a 5xx."""


class Restraint:
    """One back end's, in this process."""

    def __init__(
        self,
        system: str,
        bounds: Bounds,
        *,
        metrics: BackEndMetrics,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.system, self.bounds, self._metrics, self._ticks = system, bounds, metrics, ticks
        self._breakers = {effect: self._breaker() for effect in (True, False)}
        self._told_open = False
        self._places = AsyncBulkhead(max_concurrent=bounds.connections, acquire_timeout=None)
        self._budget = RetryBudget(
            ttl=MEMORY, min_retries_per_sec=bounds.repeats_per_second, percent_can_retry=bounds.repeats, _now=ticks
        )
        self._turns: dict[Pace, _Turns] = {}
        self._sent: OrderedDict[str, datetime] = OrderedDict()
        self._nameless = httpx2.Request("POST", f"http://{system}.invalid/")  # told of by httpware, sent nowhere
        metrics.watch(system, lambda: self.open)

    def _breaker(self) -> AsyncCircuitBreaker:
        return AsyncCircuitBreaker(
            failure_threshold=self.bounds.failures, reset_timeout=self.bounds.rest, _now=self._ticks
        )

    @property
    def open(self) -> bool:
        """Are its effects left alone, or its questions?"""
        return any(breaker.state is not CircuitState.CLOSED for breaker in self._breakers.values())

    async def make(self, ask: Ask, call: Callable[[], Awaitable[None]]) -> None:
        """Make *call*, which raises `InTrouble` when the back end is. Raises `Failed` when it is not made."""
        self._pay(ask)

        async def admitted(_: httpx2.Request) -> httpx2.Response:
            place.reschedule(None)
            return await self._breakers[ask.effect](self._nameless, made)

        async def made(_: httpx2.Request) -> httpx2.Response:
            await self._turn(ask)
            self._remember(ask)
            await call()
            return _DONE

        try:
            async with asyncio.timeout(max(0.0, min(self.bounds.wait, ask.patience))) as place:
                await self._places(self._nameless, admitted)
        except CircuitOpenError as error:
            raise self._refused("breaker_open", "is left alone: calls in a row found it in trouble") from error
        except TimeoutError as error:
            raise self._refused("no_place", "has as many calls under way as it may") from error
        finally:
            self._tell()

    async def _turn(self, ask: Ask) -> None:
        if ask.pace is None:
            return
        turns = self._turns.setdefault(ask.pace, _Turns(ask.pace, self.bounds.processes))
        wait = turns.take(self._ticks(), patience=min(self.bounds.wait, ask.patience))
        if wait is None:
            raise self._refused("paced", "is asked as often as it wants to be")
        if wait:
            await asyncio.sleep(wait)

    def _pay(self, ask: Ask) -> None:
        if not ask.key:
            return
        if self._sent.get(ask.key, ask.window) == ask.window:
            self._budget.deposit()
        elif not self._budget.try_withdraw():
            raise self._refused("repeats_spent", "has been asked again too often of late")

    def _remember(self, ask: Ask) -> None:
        if not ask.key or ask.window is None:
            return
        self._sent[ask.key] = ask.window
        self._sent.move_to_end(ask.key)
        if len(self._sent) > MOST_KEYS:
            self._sent.popitem(last=False)

    def _refused(self, why: str, sentence: str) -> Failed:
        self._metrics.refused(self.system, why)
        return Failed(f"{self.system} {sentence}", system=self.system, code=why)

    def _tell(self) -> None:
        """Once, whoever of many callers notices first."""
        if self.open is self._told_open:
            return
        self._told_open = self.open
        if self._told_open:
            self._metrics.opened(self.system)
            log.warning("breaker opened", system=self.system)
        else:
            log.info("breaker closed", system=self.system)


class _Turns:
    """A pace, kept: each call has its moment, and what was not used of a burst is not saved up beyond it."""

    def __init__(self, pace: Pace, processes: int) -> None:
        self._apart = processes / pace.per_second
        self._ahead = self._apart * (max(1, pace.burst // processes) - 1)
        self._next = 0.0

    def take(self, now: float, *, patience: float) -> float | None:
        """Seconds until the call's turn; None, and no turn taken, when that is longer than *patience*."""
        wait = max(0.0, self._next - self._ahead - now)
        if wait > patience:
            return None
        self._next = max(self._next, now) + self._apart
        return wait


_DONE = httpx2.Response(200)  # the breaker wants one; what was really answered is the caller's

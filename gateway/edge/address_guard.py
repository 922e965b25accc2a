"""Guessing costs, too: an address whose requests keep failing is refused before anybody looks at its credentials."""

import math
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.domain.time import Ticks
from gateway.edge.addresses import network
from gateway.edge.gcra import Debts, wait
from gateway.governance.quotas import Budget
from gateway.ports import Bucket
from gateway.refusals import TooManyRequests

COUNTED = frozenset({400, 401, 404, 405, 413})

_CAPACITY = 65_536


class Failures:
    """How often each address has failed lately; in this process only, bounded."""

    def __init__(self, budget: Budget, ticks: Ticks, *, capacity: int = _CAPACITY) -> None:
        self._budget = budget
        self._debts = Debts(ticks, capacity=capacity)

    def note(self, scope: Scope, status: int) -> None:
        """Told of every answer, also of those that stages in front of the guard have given."""
        if status in COUNTED:
            self._debts.add(self._bucket(scope), 1)

    def wait(self, scope: Scope) -> float:
        """Seconds until the address may try again; 0 when it may now."""
        bucket = self._bucket(scope)
        return wait(bucket, self._debts.of(bucket))

    def _bucket(self, scope: Scope) -> Bucket:
        budget = self._budget
        address = network(scope["client"][0]) if scope.get("client") else "unknown"
        return Bucket(budget.name, address, budget.quota, budget.window)


class AddressGuard:
    """Refuses an address that has failed too often."""

    def __init__(self, app: ASGIApp, *, failures: Failures, refused: Callable[[], None]) -> None:
        self.app = app
        self.failures = failures
        self.refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        if seconds := self.failures.wait(scope):
            self.refused()
            raise TooManyRequests("too many requests from this address have failed", retry_after=math.ceil(seconds))
        await self.app(scope, receive, send)

"""Fair shares: what a partner's plan allows, counted before any work is done for it."""

import math
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import Call, call_of
from gateway.edge.ratelimit import headers, spent
from gateway.errors import GatewayError
from gateway.governance.quotas import Quotas
from gateway.ports import Bucket, Counters, Draw
from gateway.refusals import QuotaExceeded

REPLAYED = (b"idempotent-replayed", b"true")


class Quota:
    """Draws from the caller's budgets. A refusal for quota, a replay and a fault of ours cost nothing."""

    def __init__(self, app: ASGIApp, *, quotas: Quotas, counters: Counters) -> None:
        self.app = app
        self.quotas = quotas
        self.counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        buckets = self._buckets(scope)
        if not buckets:
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        drawn = await self.counters.draw(buckets, self.quotas.plan_of(call.caller).on_outage)
        _refuse_unless_granted(drawn, call)
        free = True  # until an answer says otherwise: whatever ends without one is a fault of ours

        async def watch(message: Message) -> None:
            nonlocal free
            if message["type"] == "http.response.start":
                free = message["status"] >= 500 or REPLAYED in message["headers"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except GatewayError as error:
            free = error.status >= 500
            raise
        finally:
            if free:
                await self.counters.refund(drawn)

    def _buckets(self, scope: Scope) -> Sequence[Bucket]:
        if scope["type"] != "http":
            return ()
        call = call_of(scope)
        if call.principal is None or call.operation is None:
            return ()
        return self.quotas.buckets(call.principal, call.operation)


def _refuse_unless_granted(draw: Draw, call: Call) -> None:
    call.headers.update(headers(draw))
    if draw.granted:
        return
    names = [level.bucket.name for level in spent(draw)]
    raise QuotaExceeded(
        f"the budget {' and '.join(names)} of your plan is spent",
        retry_after=max(1, math.ceil(draw.retry_after)),
        violated_policies=names,
    )

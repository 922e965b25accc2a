"""Holds on an order: placed and released by operators, once whatever comes twice, and listed."""

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from gateway.context import Answer, Call
from gateway.refusals import NotFound
from gateway.resources.answers import whose
from gateway.resources.orders.hold_views import hold_view
from gateway.resources.orders.once import Done, Once
from gateway.store.cancelling import Standing
from gateway.store.holds import Asked, HoldRow, facts_of, list_holds, place_hold, release_hold
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Holding:
    once: Once

    async def place(self, call: Call) -> Answer:
        return await self.once(call, self._placed)

    async def release(self, call: Call) -> Answer:
        return await self.once(call, self._released)

    async def listed(self, call: Call) -> bytes:
        rows = await list_holds(self.once.database, call.path_parameters["order_id"], partner=whose(call))
        if rows is None:
            raise NotFound(self.once.absent)
        return orjson.dumps({"holds": [hold_view(row) for row in rows]})

    async def _placed(self, connection: Connection, call: Call, standing: Standing) -> Done:
        body = call.body
        ends = datetime.fromisoformat(body["expires_at"]).astimezone(UTC) if "expires_at" in body else None
        asked = Asked(body["type"], body["reason"], ends)
        order_id = call.path_parameters["order_id"]
        return _done(call, 201, await place_hold(connection, order_id, standing, asked, self.once.hand(call)))

    async def _released(self, connection: Connection, call: Call, standing: Standing) -> Done:
        order_id, hold_id = call.path_parameters["order_id"], call.path_parameters["hold_id"]
        reason = call.body["reason"]
        done = await release_hold(connection, order_id, hold_id, reason=reason, by=self.once.hand(call))
        if done is None:
            raise NotFound("the order has no such hold", effect="none")
        hold, changed = done
        return _done(call, 200, hold, changed=changed)


def _done(call: Call, status: int, hold: HoldRow, *, changed: bool = True) -> Done:
    return Done(status, hold_view(hold), facts_of(hold, reason=call.body["reason"], changed=changed))

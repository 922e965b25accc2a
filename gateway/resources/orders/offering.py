"""Offers of an order: accepted or declined for its customer, once whatever comes twice."""

from dataclasses import dataclass

from gateway.context import Answer, Call
from gateway.refusals import NotFound
from gateway.resources.orders.offer_views import offer_view
from gateway.resources.orders.once import Done, Once
from gateway.store.cancelling import Standing
from gateway.store.offer_decisions import Reply, decide
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Offering:
    once: Once

    async def accept(self, call: Call) -> Answer:
        return await self._answered(call, Reply("accepted", (call.body or {}).get("address")))

    async def decline(self, call: Call) -> Answer:
        return await self._answered(call, Reply("declined"))

    async def _answered(self, call: Call, reply: Reply) -> Answer:
        order_id, offer_id = call.path_parameters["order_id"], call.path_parameters["offer_id"]

        async def decided(connection: Connection, call: Call, standing: Standing) -> Done:
            hand = self.once.hand(call)
            done = await decide(connection, order_id, offer_id, reply, standing=standing, by=hand)
            if done is None:
                raise NotFound("the order has no such offer", effect="none")
            offer, changed = done
            facts = {"offer_id": offer_id, "kind": offer.kind, "state": offer.state, "changed": changed}
            return Done(200, offer_view(offer), facts)

        return await self.once(call, decided)

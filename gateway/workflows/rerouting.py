"""Pieces that nobody serves any more: given to others, offered to their customer another way, or gone without."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.domain.fulfilments import Fulfilment, FulfilmentStatus
from gateway.domain.sourcing import Decision, decide
from gateway.store import fulfilments, offers
from gateway.store.offers import Kind, Offer
from gateway.store.pool import Connection
from gateway.workflows.notices import Teller
from gateway.workflows.reasons import DECLINED
from gateway.workflows.saga import Around, Case, Refusal
from gateway.workflows.sourcing import Asked, Sourcing, Way, refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why pieces cannot be served, or for how many seconds their customer is waited for; neither: they are served."""

    refused: Refusal | None = None
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Rerouting:
    sourcing: Sourcing
    teller: Teller

    async def given_out(self, connection: Connection, case: Case, around: Around) -> Outcome:
        """A delivery group, the case's, as it was promised, as long as it can be; else as its customer agrees to."""
        group = case.order.group
        offer = await offers.pending(connection, case.order.order_id, group.group_id)
        if offer is not None:
            return await self._answered(connection, case, around, offer)
        parts = await fulfilments.of_order(connection, case.order.order_id)
        own = [part for part in parts if part.group_id == group.group_id]
        if group.method == "ship_to_home" or not _said_no(own):
            return Outcome(await self.sourcing.plan(connection, case, around))
        return await self._offered(connection, case, around)

    async def _answered(self, connection: Connection, case: Case, around: Around, offer: Offer) -> Outcome:
        if offer.state == "open":
            return Outcome(waits=offer.seconds_left)
        await offers.carried_out(connection, offer.offer_id)
        if offer.state != "accepted":
            return Outcome(DECLINED)
        if offer.kind == "ship_to_home":
            return Outcome(await self.sourcing.plan(connection, case, around, Way("ship_to_home")))
        way = Way(case.order.group.method, frozenset({offer.node_id}))
        return Outcome(await self.sourcing.plan(connection, case, around, way))

    async def _offered(self, connection: Connection, case: Case, around: Around) -> Outcome:
        """The better of another store and shipping, by the same sums of money; it is not reserved before the answer."""
        best = await self._best(connection, case, around)
        if isinstance(best, Refusal):
            return Outcome(best)
        asked, decision = best
        kind: Kind = "ship_to_home" if asked.way.method == "ship_to_home" else "other_store"
        lines: dict[str, int] = {}
        for take in decision.plan.takes:
            lines[take.line_id] = lines.get(take.line_id, 0) + take.quantity
        node, seconds = decision.plan.nodes[0], self.sourcing.policy.pickup.consent_minutes * 60
        await offers.make(
            connection,
            case.order.order_id,
            self.sourcing.mint("off"),
            group_id=case.order.group.group_id,
            kind=kind,
            node_id=node,
            lines=lines,
            seconds=seconds,
            now=around.now,
        )
        await self.teller.tell(connection, case, "offer", {"kind": kind, "store": node}, around.now)
        return Outcome(waits=seconds)

    async def _best(self, connection: Connection, case: Case, around: Around) -> tuple[Asked, Decision] | Refusal:
        ways = [Way(case.order.group.method, types=frozenset({"store"}))]
        if case.ship_to is not None:
            ways.append(Way("ship_to_home"))
        found, refused = list[tuple[Asked, Decision]](), Refusal("no_fulfilment_option", "nobody else has it")
        for way in ways:
            asked = await self.sourcing.asked(connection, case, around.now, way)
            if isinstance(asked, Refusal):
                return asked
            asked = replace(asked, weights=replace(asked.weights, most_shipments=1))
            decision = decide(asked.task, asked.sites, asked.weights)
            if decision.plan.unfilled:
                refused = refusal(asked.task, asked.sites, decision)
            else:
                found.append((asked, decision))
        return max(found, key=lambda each: each[1].plan.score) if found else refused


def _said_no(parts: Sequence[Fulfilment]) -> bool:
    """Can the promise not be held any more?"""
    return any(part.status is FulfilmentStatus.REJECTED or part.method != "ship_to_home" for part in parts)

"""Pieces that nobody serves any more: given to others, offered to their customer another way, or gone without."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.domain.delivery import due_at
from gateway.domain.fulfilments import Fulfilment, FulfilmentStatus
from gateway.domain.offer_decisions import OfferKind
from gateway.domain.sourcing import Decision, decide
from gateway.domain.time import rfc3339
from gateway.store import fulfilments, offers
from gateway.store.offers import Offer
from gateway.store.pool import Connection
from gateway.workflows.notices import Teller
from gateway.workflows.reasons import DECLINED
from gateway.workflows.saga import Around, Case, Refusal
from gateway.workflows.sourcing import Asked, Sourcing, Way, promised, refusal


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
            return await self._as_promised(connection, case, around)
        best = await self._best(connection, case, around)
        if isinstance(best, Refusal):
            return Outcome(best)
        asked, decision = best
        kind: OfferKind = "ship_to_home" if asked.way.method == "ship_to_home" else "other_store"
        return await self._offered(connection, case, around, asked, decision, kind=kind)

    async def _answered(self, connection: Connection, case: Case, around: Around, offer: Offer) -> Outcome:
        if offer.state == "open":
            return Outcome(waits=offer.seconds_left)
        await offers.carried_out(connection, offer.offer_id)
        if offer.state != "accepted":
            return Outcome(DECLINED)
        if offer.kind == "later":
            return await self._as_promised(connection, case, around)
        if offer.kind == "ship_to_home":
            return Outcome(await self.sourcing.plan(connection, case, around, Way("ship_to_home")))
        way = Way(case.order.group.method, frozenset({offer.node_id}))
        return Outcome(await self.sourcing.plan(connection, case, around, way))

    async def _as_promised(self, connection: Connection, case: Case, around: Around) -> Outcome:
        """In time; what can be had only later is offered."""
        way = promised(case.order)
        asked = await self.sourcing.asked(connection, case, around.now, way)
        if isinstance(asked, Refusal):
            return Outcome(asked)
        if asked.task.deliver_by is None or not asked.task.wants:
            return Outcome(await self.sourcing.plan(connection, case, around, way))
        best = decide(asked.task, asked.sites, asked.weights)
        in_time = decide(replace(asked.task, strictly=True), asked.sites, asked.weights)
        if best.plan.unfilled < in_time.plan.unfilled and self.sourcing.may_go(case.order, best):
            return await self._offered(connection, case, around, asked, best, kind="later")
        return Outcome(await self.sourcing.plan(connection, case, around, replace(way, strictly=True)))

    async def _offered(
        self, connection: Connection, case: Case, around: Around, asked: Asked, decision: Decision, *, kind: OfferKind
    ) -> Outcome:
        """It is not reserved before the answer."""
        lines: dict[str, int] = {}
        for take in decision.plan.takes:
            lines[take.line_id] = lines.get(take.line_id, 0) + take.quantity
        node, arrives = decision.plan.nodes[0], decision.plan.arrives_at
        assert arrives is not None, "what is offered comes from somewhere"
        by, seconds = due_at(asked.way.method, arrives), self.sourcing.policy.pickup.consent_minutes * 60
        await offers.make(
            connection,
            case.order.order_id,
            self.sourcing.mint("off"),
            group_id=case.order.group.group_id,
            kind=kind,
            node_id=node,
            lines=lines,
            by=by,
            seconds=seconds,
            now=around.now,
        )
        await self.teller.tell(connection, case, "offer", {"kind": kind, "store": node, "by": rfc3339(by)}, around.now)
        return Outcome(waits=seconds)

    async def _best(self, connection: Connection, case: Case, around: Around) -> tuple[Asked, Decision] | Refusal:
        """The better of another store and shipping, by the same sums of money."""
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

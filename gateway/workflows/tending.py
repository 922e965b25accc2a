"""An order's parts, tended whenever something has come of one of them: given out, stopped, given out anew, done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.delivery import DeliveryGroup
from gateway.domain.fulfilments import ENDED, GONE, STOPPABLE, WITHOUT_PIECES, Fulfilment, FulfilmentStatus
from gateway.domain.orders import Order, OrderStatus
from gateway.ports import Effect
from gateway.store import backorders, fulfilments, offers, order_lines, orders, payments
from gateway.store.pool import Connection
from gateway.workflows import collect, fulfil, groups, ship_from_store
from gateway.workflows.backorders import SHORT
from gateway.workflows.part_saga import VERSION as PARTS_VERSION
from gateway.workflows.reasons import DECLINED, ELSEWHERE, OF_ITS_GROUP
from gateway.workflows.renewing import Renewing
from gateway.workflows.rerouting import Outcome, Rerouting
from gateway.workflows.saga import Around, Case, Refusal, Tended

FULFIL = "fulfil"
LOOK = 3600  # seconds after which parts are tended although nobody said anything


@dataclass(frozen=True, slots=True)
class Tending:
    rerouting: Rerouting
    renewing: Renewing

    async def tend(self, connection: Connection, case: Case, around: Around) -> Tended:
        order_id = case.order.order_id
        parts = await fulfilments.of_order(connection, order_id)
        given_up, waits = _given_up(parts), 0
        if around.stop_wished or given_up:
            parts = await self._recalled(connection, order_id, parts, around.now)
            await order_lines.drop(connection, order_id, reason=given_up.told if given_up else CANCELLED)
            await offers.withdraw(connection, order_id)
        else:
            given_up, waits = await self._given_out(connection, case, around, parts)
            parts = await fulfilments.of_order(connection, order_id)
            await self._accepted(connection, order_id, parts, around)
        await _started(connection, order_id, parts, around)
        tended = await self._standing(connection, order_id, parts, around, given_up=given_up, waits=waits)
        return await self.renewing.watch(connection, case, around, tended)

    async def _recalled(
        self, connection: Connection, order_id: str, parts: Sequence[Fulfilment], now: datetime
    ) -> list[Fulfilment]:
        """Whoever has not handed the goods over is asked not to. Each answers for itself."""
        for part in parts:
            if part.status in STOPPABLE:
                wished = FulfilmentStatus.CANCEL_REQUESTED
                await fulfilments.stand(connection, part.fulfilment_id, wished, pieces=part.pieces, now=now)
                await fulfilments.wake(connection, part.fulfilment_id)
        return await fulfilments.of_order(connection, order_id)

    async def _given_out(
        self, connection: Connection, case: Case, around: Around, parts: Sequence[Fulfilment]
    ) -> tuple[Refusal | None, int]:
        """Pieces that nobody serves any more, or that waited, are given to others, or the order goes without them: each
        delivery group for itself. The last reason for going without, and seconds for which a customer is waited for."""
        due = await _due(connection, case.order)
        if len(due) > 1:
            await groups.lock(connection, case)
        refused, waits = None, list[int]()
        for group in case.order.groups:
            own = [part for part in parts if part.group_id == group.group_id]
            outcome = await self._served(connection, groups.going(case, group), around, own, due=group in due)
            refused = outcome.refused or refused
            waits += [outcome.waits] if outcome.waits else []
        if refused is not None or waits:  # it is not open any more who serves all of the others
            waiting = (part.fulfilment_id for part in parts if part.status is FulfilmentStatus.BOOKED)
            await fulfilments.wake(connection, *waiting)
        return refused, min(waits, default=0)

    async def _served(
        self, connection: Connection, case: Case, around: Around, own: Sequence[Fulfilment], *, due: bool
    ) -> Outcome:
        """What has come of a delivery group, the case's. Why the order goes without pieces of it, their lines tell."""
        order_id, group, over = case.order.order_id, case.order.group, _given_up(own, OF_ITS_GROUP)
        if over is not None:
            await self._recalled(connection, order_id, own, around.now)
            await offers.withdraw(connection, order_id, group.group_id)
        outcome = await self.rerouting.given_out(connection, case, around) if due and over is None else Outcome(over)
        if outcome.refused not in (None, over, DECLINED):
            outcome = Outcome(_last(own) or outcome.refused)
        if outcome.refused is not None:
            await order_lines.drop(connection, order_id, of=group, reason=outcome.refused.told)
        return outcome

    async def _accepted(
        self, connection: Connection, order_id: str, parts: Sequence[Fulfilment], around: Around
    ) -> None:
        """An order that does nothing but wait for goods has no part whose booking would say that it is accepted."""
        if any(part.status not in WITHOUT_PIECES for part in parts) or not await _waits(connection, order_id):
            return
        if await orders.lock_status(connection, order_id) is OrderStatus.RECEIVED:
            await orders.transition(connection, order_id, OrderStatus.ACCEPTED, around.by)

    async def _standing(
        self,
        connection: Connection,
        order_id: str,
        parts: Sequence[Fulfilment],
        around: Around,
        *,
        given_up: Refusal | None,
        waits: int,
    ) -> Tended:
        """What there is to wait for, or what has come of all of it."""
        asked = any(part.status is FulfilmentStatus.CANCEL_REQUESTED for part in parts)
        goes_on = [part for part in parts if part.status not in ENDED]
        gone = [part for part in parts if part.status in GONE]
        answered = None
        if around.stop_wished and not asked and (goes_on or gone):
            dropped = await order_lines.cancelled(connection, order_id, but_for=SHORT)
            answered = "partial" if dropped else "too_late"
        if goes_on or waits or await _waits(connection, order_id):
            return Tended(answered=answered, again=min(waits or LOOK, LOOK))
        if not gone:
            return Tended(nothing_left=True, reason=None if around.stop_wished else given_up or _last(parts))
        rest = await payments.untaken(connection, order_id)
        facts = {"rest": str(rest)} if rest and self.rerouting.sourcing.in_parts else {}
        if rest and not facts:  # who takes money once gives back by itself what was not taken
            await payments.given_back(connection, order_id)
        return Tended(effect=Effect(order_id, f"{order_id}:{FULFIL}", "fulfilled", facts), answered=answered)


def saga_of(part: Fulfilment) -> str:
    """The name of the workflow that carries the part out."""
    if part.executor == "warehouse":
        return fulfil.NAME
    return ship_from_store.NAME if part.method == "ship_to_home" else collect.NAME


CANCELLED = {"code": "cancelled", "detail": "the order was cancelled"}


def _given_up(parts: Sequence[Fulfilment], among: Collection[str] = ()) -> Refusal | None:
    """Why a part came to nothing, where nobody else could do it either: for one of these reasons, or, where none is
    named, for one that ends all of the order."""
    reasons = [part.reason for part in parts if part.status is FulfilmentStatus.REJECTED and part.reason]
    elsewhere = ELSEWHERE | OF_ITS_GROUP
    found = (each for each in reasons if (each["code"] in among if among else each["code"] not in elsewhere))
    return next((Refusal(**reason) for reason in found), None)


async def _due(connection: Connection, order: Order) -> list[DeliveryGroup]:
    """The groups with pieces that nobody serves, or that wait for an answer or for goods of which some may be there."""
    lines = await order_lines.standing(connection, order.order_id)
    waits = any(line.backordered for line in lines.values())
    come = waits and await backorders.may_have_come(connection, order.order_id)
    asked = await offers.asked_about(connection, order.order_id)
    due = {line_id for line_id, line in lines.items() if line.open or (line.backordered and (come or line_id in asked))}
    return [group for group in order.groups if any(group.has(line_id) for line_id in due)]


def _last(parts: Sequence[Fulfilment]) -> Refusal | None:
    reasons = [part.reason for part in parts if part.reason]
    return Refusal(**reasons[-1]) if reasons else None


async def _waits(connection: Connection, order_id: str) -> bool:
    """For goods."""
    return any(line.backordered for line in (await order_lines.standing(connection, order_id)).values())


async def _started(connection: Connection, order_id: str, parts: Sequence[Fulfilment], around: Around) -> None:
    for part in parts:
        if part.status is FulfilmentStatus.PLANNED:
            saga, trace, now = (saga_of(part), PARTS_VERSION), around.traceparent, around.now
            await fulfilments.start(connection, part.fulfilment_id, order_id, saga, trace=trace, now=now)

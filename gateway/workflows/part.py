"""A part of an order, as its saga sees it: its moves, and what they mean for its pieces, its order and its siblings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.domain.fulfilments import ENDED, GONE, Fulfilment, FulfilmentStatus, pieces_once
from gateway.domain.orders import OrderStatus
from gateway.domain.shares import share_of
from gateway.store import fulfilments, holds, journal, offers, order_lines, orders, pickups, renewals, stock
from gateway.store.pool import Connection
from gateway.workflows.money import instead
from gateway.workflows.outcomes import effect_of
from gateway.workflows.saga import Case, Moved
from gateway.workflows.stock_effects import StockEffects

# A part that stands so has been released, and its order is being processed.
_RELEASED = GONE | {FulfilmentStatus.RELEASED, FulfilmentStatus.ACCEPTED, FulfilmentStatus.READY}
LOOK = 600  # seconds after which a part that waits looks for itself
_OPEN_TO_SIBLINGS = frozenset({FulfilmentStatus.BOOKED})


class PartSubject:
    """`gateway.workflows.saga.Subject` of a fulfilment."""

    def __init__(self, effects: StockEffects) -> None:
        self._effects = effects

    async def load(self, connection: Connection, run_id: str) -> Case:
        part = await fulfilments.one(connection, run_id)
        stored = await orders.load(connection, part.order_id)
        group = stored.order.group_of(part.group_id)
        order = share_of(stored.order.going(group), part.share, fulfilment_id=run_id, node_id=part.node_id)
        above = await journal.effects(connection, part.order_id)
        given = {name: effect for name, key, row in above if (effect := effect_of(row, key)) is not None}
        return Case(
            order,
            stored.addresses.get(part.group_id),
            given=given,
            instead=instead(stored.authorisation),
            trace_id=stored.trace_id,
            contact=stored.contact,
            method=part.method,
            begun_at=part.created_at,
        )

    async def status(self, connection: Connection, run_id: str) -> str:
        return await fulfilments.lock_status(connection, run_id)

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        part = await fulfilments.one(connection, run_id)
        after = FulfilmentStatus(status)
        reason = moved.reason.told if moved.reason else None
        await stand(connection, part, after, now=moved.now, reason=reason, refs=moved.refs)
        if after is FulfilmentStatus.BOOKED:
            await stock.acknowledge(connection, part.order_id, "erp", moved.now, attempt=part.number)
        if after in (FulfilmentStatus.CANCELLED, FulfilmentStatus.REJECTED):
            await stock.release(connection, part.order_id, attempt=part.number)
            await pickups.close(connection, run_id)
        if after is FulfilmentStatus.REJECTED and moved.reason is not None:
            pieces = await fulfilments.demand(connection, run_id)
            await self._effects.rejected(connection, run_id, part.node_id, moved.reason.code, pieces, now=moved.now)
        await self._order_follows(connection, replace(part, status=after), moved)

    async def _order_follows(self, connection: Connection, part: Fulfilment, moved: Moved) -> None:
        """The order has come as far as its parts; its run, and the parts that wait for this one, are woken."""
        parts = await fulfilments.of_order(connection, part.order_id)
        planned = [each for each in parts if each.status is FulfilmentStatus.PLANNED]
        refs = {f"{part.fulfilment_id}.{name}": value for name, value in moved.refs.items()}
        await orders.refer(connection, part.order_id, refs)
        after = None if planned else _earned(part, parts, await orders.lock_status(connection, part.order_id))
        if after is not None:
            await orders.transition(connection, part.order_id, after, moved.by)
        waiting = [each.fulfilment_id for each in parts if each.status in _OPEN_TO_SIBLINGS]
        if not planned and part.status is FulfilmentStatus.BOOKED:
            await fulfilments.wake(connection, *(each for each in waiting if each != part.fulfilment_id))
        if part.status in ENDED or part.status is FulfilmentStatus.RELEASED:
            await fulfilments.wake(connection, part.order_id)


def _earned(part: Fulfilment, parts: Sequence[Fulfilment], stands: OrderStatus) -> OrderStatus | None:
    """What the order comes to when *part* has moved. One may have been released while another was still planned: what
    that is worth is seen when the other has moved, too."""
    if stands is OrderStatus.RECEIVED and part.status is FulfilmentStatus.BOOKED:
        return OrderStatus.ACCEPTED
    if stands is OrderStatus.ACCEPTED and any(each.status in _RELEASED for each in parts):
        return OrderStatus.PROCESSING
    return None


async def stand(
    connection: Connection,
    part: Fulfilment,
    after: FulfilmentStatus,
    *,
    now: datetime,
    reason: Mapping[str, str] | None = None,
    refs: Mapping[str, str] | None = None,
) -> None:
    """The part stands so, and its pieces with it."""
    pieces, moves = pieces_once(after, part.pieces)
    if moves:
        await order_lines.move(connection, part.order_id, moves, part.counts())
    await fulfilments.stand(connection, part.fulfilment_id, after, pieces=pieces, now=now, reason=reason, refs=refs)


async def hindered(connection: Connection, case: Case) -> int:
    """Are others of the order still to be booked, is it open who serves a piece of it or whether its money is held, or
    is there a hold on it? What customers are asked about hinders their own delivery group only. Who changes that wakes
    the parts that wait; only a hold's end is nobody's doing."""
    order_id, group = case.order.order_id, case.order.group
    parts = await fulfilments.of_order(connection, order_id)
    if any(part.status is FulfilmentStatus.PLANNED for part in parts):
        return LOOK
    lines = await order_lines.standing(connection, order_id)
    left = {line_id for line_id, line in lines.items() if line.open}
    if left and (any(group.has(line_id) for line_id in left) or left - await offers.asked_about(connection, order_id)):
        return LOOK
    if await renewals.hinders(connection, order_id):
        return LOOK
    return await holds.seconds_left(connection, order_id, most=LOOK)

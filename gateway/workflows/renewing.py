"""Beside an order's parts its money is watched: held anew when it is time, and called off when the order ends."""

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.orders import Order
from gateway.domain.sourcing_policy import MoneyTerms
from gateway.refusals import Conflict
from gateway.store import orders, renewals, signals, unpaid
from gateway.store.exceptions import ExceptionRow
from gateway.store.hands import Hand
from gateway.store.mending import Deed, Mendable
from gateway.store.pool import Connection
from gateway.workflows.renew import NAME, VERSION, owed
from gateway.workflows.saga import Around, Case, Tended


@dataclass(frozen=True, slots=True)
class Renewing:
    terms: MoneyTerms

    async def watch(self, connection: Connection, case: Case, around: Around, tended: Tended) -> Tended:
        """What comes of tending the parts, with the money in mind: an order that ends waits for the renewal's end."""
        order_id = case.order.order_id
        over = tended.nothing_left or tended.effect is not None
        last = await renewals.latest(connection, order_id)
        begun = last is not None and last.under_way
        if begun and (over or around.stop_wished):
            await renewals.recall(connection, order_id, now=around.now)
        if over and begun:
            return Tended(answered=tended.answered)
        if over and last is not None:
            await unpaid.settled(connection, order_id, around.by)
        if over or begun or around.stop_wished:
            return tended
        due = await renewals.seconds_until_due(connection, order_id, self.terms)
        if due == 0:
            await begin(connection, case.order, around.by.mint, now=around.now)
        return replace(tended, again=min(tended.again, due)) if due else tended


async def begin(connection: Connection, order: Order, mint: Mint, *, now: datetime, held: str | None = None) -> bool:
    """A renewal of what the order still owes. False: it owes no goods, or no money for them."""
    still, _ = await owed(connection, order)
    if not (still.goods and still.amount):
        return False
    before = await renewals.in_force(connection, order.order_id)
    saga, order_id = (NAME, VERSION), order.order_id
    await renewals.plan(
        connection, mint("ren"), order_id, amount=still.amount, instead_of=before, saga=saga, now=now, held=held
    )
    return True


def unpaid_orders(mint: Mint) -> Mendable:
    """What operators may do about an order whose money could not be held anew: have it tried once more, say under which
    authorisation it is held now, or let the goods go on their word."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        await signals.lock_run(connection, seen.subject)
        stored = await orders.load(connection, seen.subject)
        if deed.action == "resolve" and deed.reference is None:
            by = Hand("system", deed.now, stored.trace_id, mint)
            await unpaid.let_go(
                connection, seen.subject, by, who=deed.operator, reason=f"decided: {deed.evidence}"[:500]
            )
            return
        last = await renewals.latest(connection, seen.subject)
        if last is not None and last.under_way:
            raise Conflict(f"the money of {seen.subject} is being held anew already", effect="none")
        if not await begin(connection, stored.order, mint, now=deed.now, held=deed.reference):
            raise Conflict(f"{seen.subject} is owed nothing that money would be held for", effect="none")

    return Mendable(frozenset({"retry", "resolve"}), act)

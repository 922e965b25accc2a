"""
renew: money that is held anew, as much as is still to be taken. Hold it, wait for the customer's assent if their bank
wants it, let it take the place of what was held before, and give that back.
"""

from collections.abc import Mapping
from typing import Any

from gateway.domain.money import Money
from gateway.domain.orders import Order
from gateway.domain.owed import Owed, still_owed
from gateway.domain.sourcing_policy import MoneyTerms
from gateway.ports import BackEnds, Effect
from gateway.store import fulfilments, order_lines, orders, payments, renewals, unpaid
from gateway.store.events import tell_of_order
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.workflows import money
from gateway.workflows.reasons import EXPIRED, PAYMENT
from gateway.workflows.saga import Around, Assent, Branches, Case, Moved, Saga, Seen, Step, Tended

NAME, VERSION = "renew", 1
_SOON = 15  # seconds between looks for calls that take money and are not settled
RENEWED = "com.omnigate.order.payment_renewed.v1"
DECLINED = "com.omnigate.order.payment_renewal_declined.v1"


async def owed(connection: Connection, order: Order) -> tuple[Owed, bool]:
    """What is still to be taken, and whether some of it is being taken right now."""
    order_id = order.order_id
    parts, lines = await fulfilments.of_order(connection, order_id), await order_lines.standing(connection, order_id)
    paid, taking = await renewals.paid_parts(connection, order_id)
    return still_owed(order, parts, paid, lines), taking


class RenewalSubject:
    """`gateway.workflows.saga.Subject` of a renewal."""

    def __init__(self, terms: MoneyTerms) -> None:
        self._terms = terms

    async def load(self, connection: Connection, run_id: str) -> Case:
        renewal = await renewals.load(connection, run_id)
        stored = await orders.load(connection, renewal.order_id)
        before = {"hold_money": Effect(renewal.instead_of, "", "authorisation")}
        return Case(stored.order, None, given=before, trace_id=stored.trace_id, amount=renewal.amount)

    async def status(self, connection: Connection, run_id: str) -> str:
        return (await renewals.load(connection, run_id)).status

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        reason = moved.reason.told if moved.reason else None
        await renewals.stand(connection, run_id, status, now=moved.now, reason=reason)
        renewal = await renewals.load(connection, run_id)
        if status == "declined" and reason is not None:
            await self._declined(connection, renewal, moved.by, reason)
        if status != "renewed":
            await orders.ask(connection, renewal.order_id, None, moved.by)
        await unpaid.wake_waiting(connection, renewal.order_id)
        await fulfilments.wake(connection, renewal.order_id)

    async def _declined(
        self, connection: Connection, renewal: renewals.Renewal, by: Hand, reason: Mapping[str, str]
    ) -> None:
        """Not the order's end. It is tried again, or else a person has to decide, and no goods leave before."""
        order_id = renewal.order_id
        await tell_of_order(connection, order_id, DECLINED, by, reason=reason)
        if await renewals.tries(connection, order_id) >= self._terms.renew_tries:
            await renewals.give_up(connection, renewal.renewal_id)
            await unpaid.left_to_a_person(connection, renewal, by, reason=reason)


async def take_over(connection: Connection, case: Case, around: Around) -> Tended:
    """One transaction in which the new authorisation takes the old one's place. Nobody may be taking money of the old
    one then: what is not settled would be asked for again of the new one."""
    held, order_id = case.done("hold_again"), case.order.order_id
    still, taking = await owed(connection, case.order)
    if around.stop_wished:
        return Tended(nothing_left=True)
    if not still.amount:
        await renewals.recall(connection, order_id, now=around.now)  # as if the order had not wanted it
        return Tended(nothing_left=True)
    if taking:
        return Tended(again=_SOON)
    renewal = await renewals.latest(connection, order_id)
    assert renewal is not None, "it is this one"
    until = money.until(held.facts) or renewal.until
    left = await payments.hold_instead(connection, order_id, held.id, case.amount, until=until)
    await renewals.stand(connection, renewal.renewal_id, "in_force", now=around.now, left_there=left)
    await orders.refer(connection, order_id, {"hold_money.authorisation": held.id})
    await tell_of_order(connection, order_id, RENEWED, around.by)
    await unpaid.settled(connection, order_id, around.by)
    return Tended(effect=Effect(held.id, held.key, "authorisation", held.facts))


async def _hold(case: Case, back_ends: BackEnds, key: str) -> Effect:
    order = case.order
    amount = Money(case.amount, order.currency)
    return await back_ends.payments.authorise(order.payment.token, amount, reference=order.order_id, key=key)


async def _release(case: Case, back_ends: BackEnds, held: Effect, key: str) -> Effect:
    return await back_ends.payments.void(held.id, key=key)


async def _look(case: Case, back_ends: BackEnds) -> Seen:
    return await money.standing(case.done("hold_again").id, back_ends)


async def _agreed(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    renewal, until = await renewals.latest(connection, case.order.order_id), money.until(fact)
    if renewal is not None and until is not None:
        await renewals.lasts(connection, renewal.renewal_id, until)


async def _give_back(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.payments.void(case.done("hold_money").id, key=key)


async def _given_back(connection: Connection, case: Case, effect: Effect) -> None:
    renewal = await renewals.latest(connection, case.order.order_id)
    assert renewal is not None, "it ends after this"
    await payments.give_back_some(connection, renewal.order_id, renewal.left_there or 0)


def renew(terms: MoneyTerms) -> Saga:
    return Saga(
        NAME,
        VERSION,
        (
            Step(
                *("hold_again", "payments", "authorise", _hold, PAYMENT, _release, "void"),
                by_hand="look it up at the provider; resolve with the authorisation's id, or as failed, or abandon",
            ),
            Assent(
                *("await_customer", "hold_again", "payments", _look, EXPIRED),
                on=_agreed,
                by_hand="ask the customer; retry has it look again, abandon gives the renewal up",
            ),
            Branches("take_over", take_over, by_hand="settle the parts' take_money; retry looks again"),
            Step(
                *("give_back_old", "payments", "void", _give_back, PAYMENT),
                about="hold_money",
                note=_given_back,
                by_hand="void the old authorisation at the provider; resolve with its id",
            ),
        ),
        RenewalSubject(terms),
        done="renewed",
        undone="declined",
        stopped="cancelled",
        wished="cancel_requested",
        resumed="in_force",
    )

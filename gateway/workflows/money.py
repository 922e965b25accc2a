"""Steps about an order's money: held before anything else, given back when nothing comes of it, taken for what left."""

from datetime import datetime

from gateway.ports import BackEnds, Effect
from gateway.store import payments
from gateway.store.pool import Connection
from gateway.workflows.reasons import EXPIRED, PAYMENT
from gateway.workflows.saga import Assent, Case, Seen, Step


async def hold_money(case: Case, back_ends: BackEnds, key: str) -> Effect:
    order = case.order
    return await back_ends.payments.authorise(
        order.payment.token, order.payment.amount, reference=order.order_id, key=key
    )


async def look_at_hold(case: Case, back_ends: BackEnds) -> Seen:
    hold = await back_ends.payments.standing(case.done("hold_money").id)
    if hold.status == "held":
        return Seen(fact={})
    return Seen(refusal=PAYMENT(hold.code) if hold.status == "refused" else None)


async def release_money(case: Case, back_ends: BackEnds, held: Effect, key: str) -> Effect:
    return await back_ends.payments.void(held.id, key=key)


async def take_money(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.payments.capture(case.done("hold_money").id, case.order.payment.amount, key=key)


async def give_back_rest(case: Case, back_ends: BackEnds, key: str) -> Effect:
    return await back_ends.payments.void(case.done("hold_money").id, key=key)


async def _asked(connection: Connection, case: Case, effect: Effect) -> None:
    if not effect.pending:
        await _held(connection, case, effect)


async def _held(connection: Connection, case: Case, effect: Effect) -> None:
    until = effect.facts.get("expires_at")
    moment = datetime.fromisoformat(until) if until else None
    await payments.held(connection, case.order.order_id, case.order.payment.amount.amount, until=moment)


async def _taken(connection: Connection, case: Case, effect: Effect) -> None:
    await payments.taken(connection, case.order.order_id, case.order.payment.amount.amount)


async def _given_back(connection: Connection, case: Case, effect: Effect) -> None:
    await payments.given_back(connection, case.order.order_id)


HOLD = Step(
    *("hold_money", "payments", "authorise", hold_money, PAYMENT, release_money, "void"),
    note=_asked,
    note_undo=_given_back,
)
ASSENT = Assent("await_customer", "hold_money", "payments", look_at_hold, EXPIRED, note=_held)
TAKE = Step("take_money", "payments", "capture", take_money, PAYMENT, about="hold_money", note=_taken)
GIVE_BACK_REST = Step(
    *("give_back_rest", "payments", "void", give_back_rest, PAYMENT),
    about="hold_money",
    only_if="fulfil.rest",
    note=_given_back,
)

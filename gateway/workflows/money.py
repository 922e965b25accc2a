"""Steps about an order's money: held before anything else, given back when nothing comes of it, taken for what left."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.ports import EXPIRES_AT, BackEnds, Effect
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
    return await standing(case.done("hold_money").id, back_ends)


async def standing(authorisation: str, back_ends: BackEnds) -> Seen:
    """What the customer's bank has said to what was pending."""
    hold = await back_ends.payments.standing(authorisation)
    if hold.status == "held":
        return Seen(fact={EXPIRES_AT: hold.until.isoformat()} if hold.until else {})
    return Seen(refusal=PAYMENT(hold.code) if hold.status == "refused" else None)


async def in_force(connection: Connection, case: Case) -> Case:
    """The case with the authorisation that money is taken of now: it may be another one since the run was taken up."""
    named = await payments.in_force(connection, case.order.order_id)
    return replace(case, instead=instead(named))


def instead(named: str | None) -> Mapping[str, Effect]:
    """What has taken the place of `hold_money`'s effect; None: nothing has."""
    return {"hold_money": Effect(named, "", "authorisation")} if named is not None else {}


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
    await payments.held(connection, case.order.order_id, case.order.payment.amount.amount, until=until(effect.facts))


async def _agreed(connection: Connection, case: Case, fact: Mapping[str, Any]) -> None:
    moment = until(fact)
    if moment is not None:
        await payments.lasts(connection, case.order.order_id, moment)


def until(facts: Mapping[str, Any]) -> datetime | None:
    """Until when it is held, if its provider says so."""
    told = facts.get(EXPIRES_AT)
    return datetime.fromisoformat(told) if told else None


async def _taken(connection: Connection, case: Case, effect: Effect) -> None:
    await payments.taken(connection, case.order.order_id, case.order.payment.amount.amount)


async def _given_back(connection: Connection, case: Case, effect: Effect) -> None:
    await payments.given_back(connection, case.order.order_id)


HOLD = Step(
    *("hold_money", "payments", "authorise", hold_money, PAYMENT, release_money, "void"),
    note=_asked,
    note_undo=_given_back,
    by_hand="look the authorisation up at the provider; resolve with its id, or void it there and abandon the order",
)
ASSENT = Assent(
    "await_customer",
    "hold_money",
    "payments",
    look_at_hold,
    EXPIRED,
    note=_held,
    on=_agreed,
    by_hand="ask the customer; retry has it look again, abandon gives the order up",
)
TAKE = Step(
    *("take_money", "payments", "capture", take_money, PAYMENT),
    about="hold_money",
    note=_taken,
    fresh=in_force,
    by_hand="the goods have left: take the money at the provider, or otherwise; resolve with the capture's id",
)
GIVE_BACK_REST = Step(
    *("give_back_rest", "payments", "void", give_back_rest, PAYMENT),
    about="hold_money",
    only_if="fulfil.rest",
    note=_given_back,
    by_hand="void the rest at the provider; resolve with the authorisation's id",
)

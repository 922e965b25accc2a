"""remind_supplier: one question to a supplier that has not answered, once, unless the answer has come meanwhile."""

from dataclasses import replace
from datetime import datetime

from gateway.domain.purchase_orders import OrderState
from gateway.ports import BackEnds, Effect
from gateway.purchasing_ports import Reminder
from gateway.store import purchases
from gateway.store.pool import Connection
from gateway.workflows.executors import LOCAL_BY_HAND
from gateway.workflows.reasons import SUPPLIER
from gateway.workflows.saga import Case, Local, Moved, Saga, Step

NAME, VERSION = "remind_supplier", 1


async def begin(connection: Connection, case: Case, now: datetime) -> Effect:
    seen = await purchases.standing(connection, case.purchase.purchase_id)
    facts = {"open": "yes"} if seen.order is OrderState.ISSUED and not seen.superseded else {}
    return Effect(case.purchase.purchase_id, f"{case.purchase.purchase_id}:remind", "looked", facts)


async def _stays(connection: Connection, case: Case, now: datetime) -> None:
    raise AssertionError("there is no way back from a question")


async def remind(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.supplier is not None, "none is begun where nobody carries orders to suppliers"
    awaited: Reminder = "shipping_notice" if case.purchase.awaited == "shipping_notice" else "confirmation"
    return await back_ends.supplier.remind(case.purchase.order, awaited, key=key)


class ReminderSubject:
    """`gateway.workflows.saga.Subject` of a reminder."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        purchase_id, awaited, _ = await purchases.reminder(connection, run_id)
        bought = replace(await purchases.load(connection, purchase_id), awaited=awaited)
        return Case(None, None, trace_id=bought.trace_id, bought=bought)

    async def status(self, connection: Connection, run_id: str) -> str:
        return (await purchases.reminder(connection, run_id))[2]

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        await purchases.reminded(connection, run_id, now=moved.now)


def remind_supplier() -> Saga:
    return Saga(
        NAME,
        VERSION,
        (
            Local("begin", begin, _stays, by_hand=LOCAL_BY_HAND),
            Step(
                *("remind", "supplier", "remind", remind, SUPPLIER),
                only_if="begin.open",
                by_hand="ask the supplier; then abandon",
            ),
        ),
        ReminderSubject(),
        done="sent",
        undone="sent",
        stopped="sent",
        wished="",
        resumed="",
        forward_only=True,
    )

"""remind_supplier: one question to a supplier that has not answered, once, unless the answer has come meanwhile."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.domain.purchase_orders import OrderState
from gateway.ports import BackEnds, Effect
from gateway.purchasing_ports import Reminder
from gateway.store import purchases, supplier_reminders
from gateway.store.pool import Connection
from gateway.store.purchases import Bought
from gateway.workflows.executors import LOCAL_BY_HAND
from gateway.workflows.reasons import SUPPLIER
from gateway.workflows.saga import Case, Local, Moved, Saga, Step

NAME, VERSION = "remind_supplier", 1


async def begin(connection: Connection, case: Case, now: datetime) -> Effect:
    facts = {"open": "yes"} if await _missing(connection, case.purchase) else {}
    return Effect(case.purchase.purchase_id, f"{case.purchase.purchase_id}:remind", "looked", facts)


async def _missing(connection: Connection, bought: Bought) -> bool:
    if bought.awaited == "shipping_notice":
        return not bought.answered
    seen = await purchases.standing(connection, bought.purchase_id)
    return seen.order is OrderState.ISSUED and not seen.superseded


async def _stays(connection: Connection, case: Case, now: datetime) -> None:
    raise AssertionError("there is no way back from a question")


async def remind(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert back_ends.supplier is not None, "none is begun where nobody carries orders to suppliers"
    awaited: Reminder = "shipping_notice" if case.purchase.awaited == "shipping_notice" else "confirmation"
    return await back_ends.supplier.remind(case.purchase.agreed or case.purchase.order, awaited, key=key)


class ReminderSubject:
    """`gateway.workflows.saga.Subject` of a reminder."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        asked = await supplier_reminders.reminder(connection, run_id)
        bought = await purchases.load(connection, asked.purchase_id)
        bought = replace(bought, awaited=asked.awaited, answered=asked.answered)
        return Case(None, None, trace_id=bought.trace_id, bought=bought)

    async def status(self, connection: Connection, run_id: str) -> str:
        return (await supplier_reminders.reminder(connection, run_id)).state

    async def ask(self, connection: Connection, run_id: str, action: Mapping[str, str] | None, moved: Moved) -> None:
        raise AssertionError("nobody has to act before a supplier is reminded")

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        await supplier_reminders.reminded(connection, run_id, now=moved.now)


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

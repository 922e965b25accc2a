"""
Bringing a record of Tryton's to a state.

A transition that was made before is refused, not repeated, so a refusal is believed only when the state is still the
old one. Some transitions are dialogues of several calls, Tryton's wizards. And what a transition entails (that a
sale knows of its cancelled shipment, that an invoice is paid) Tryton does in a transaction of its own, a moment later,
or when its worker gets to it: in between everybody sees a record that has gone halfway, and goes on from there.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from adapters.tryton.conversation import Conversation, Json
from gateway.errors import Failed, Rejected

ROUNDS = 12  # steps to a state, and those lost to others
LASTING = 4  # so often nothing has come of a step, or it was refused, while the record is as it was: it stays like that
SAME_AGAIN = 0.2  # seconds before a step is taken once more from where it was taken before

SALE = "sale.sale"
A_MOMENT = (0.1, 0.2, 0.4, 0.8, 1.6)  # seconds between looks
HANDLED = {"shipment": "moves", "invoice": "invoices"}  # what can be cancelled of a sale, and its name in the dialogue

There = TypeVar("There")


async def stepwise(
    talk: Conversation, look: Callable[[], Awaitable[Json]], step: Callable[[Json], Awaitable[There | None]]
) -> There:
    """One step after the other, each from where the record has just been seen and nowhere else, until it is *There*.

    What a step was refused because somebody else took it, a copy of this call or a clerk, is looked at again. Raises
    Tryton's no when it stays with it, and `Failed` when others keep being faster.
    """
    seen_like = Counter[str]()
    for _ in range(ROUNDS):
        seen = await look()
        seen_like[repr(seen)] += 1
        lasting = seen_like[repr(seen)] >= LASTING
        if seen_like[repr(seen)] > 1:  # on SQLite Tryton may show a record for a while as it was
            await asyncio.sleep(SAME_AGAIN)
        try:
            there = await step(seen)
        except (Rejected, Failed) as no:
            if not may_be_overtaken(no) or (lasting and isinstance(no, Rejected)):
                raise
            continue
        if there is not None:
            return there
        if lasting:
            break
    raise Failed("others are at this record, or Tryton does not go on with it", system=talk.system)


async def moved(
    talk: Conversation, operation: str, transition: str, record: int, *, before: str, **context: Any
) -> str:
    """The state after the *transition* `model.button`. Raises Tryton's no when the record is still as *before*."""
    model = transition.rpartition(".")[0]
    try:
        await talk.effect(operation, f"model.{transition}", [record], **context)
    except Rejected:
        state = await state_of(talk, operation, model, record)
        if state == before:
            raise
        return state
    return await state_of(talk, operation, model, record)


def may_be_overtaken(no: Rejected | Failed) -> bool:
    """What is asked for on condition that a record is as it was seen, is not done when it has changed since: Tryton
    says so itself, or refuses what cannot be done in the new state, which it looks at first."""
    return no.facts.get("code") == "refused" or no.facts.get("said") == "ConcurrencyException"


async def state_of(talk: Conversation, operation: str, model: str, record: int) -> str:
    found = await talk.read(operation, model, record, ["state"])
    if found is None or not isinstance(found["state"], str):
        raise talk.unreadable(f"it has lost a record of {model}")
    return found["state"]


async def answered(
    talk: Conversation, operation: str, wizard: str, about: tuple[str, int], fill: Callable[[Json], tuple[str, Json]]
) -> None:
    """Go through a *wizard* of one form. *fill* gets the form's defaults, and gives the button and the form."""
    model, record = about
    active = {"active_model": model, "active_id": record, "active_ids": [record]}
    number, start, _ = await talk.effect(operation, f"wizard.{wizard}.create", **active)
    shown = await talk.effect(operation, f"wizard.{wizard}.execute", number, {}, start, **active)
    try:
        defaults = shown["view"]["defaults"]
    except (KeyError, TypeError) as error:
        raise talk.unreadable("its wizard shows no form") from error
    button, form = fill({name: value for name, value in defaults.items() if "." not in name})
    await talk.effect(operation, f"wizard.{wizard}.execute", number, {start: form}, button, **active)
    await talk.effect(operation, f"wizard.{wizard}.delete", number)


async def processed(talk: Conversation, operation: str, record: int, *, model: str = SALE) -> None:
    """What Tryton queued when it confirmed a sale or a purchase is done: by itself, a moment later, or else by us.

    Not at once: two who do it together on SQLite, which locks no records, make each part of it twice.
    """
    unchanged: Json = {}
    for pause in A_MOMENT:
        found = await talk.read(operation, model, record, ["state", "_timestamp"])
        if found is None or found["state"] != "confirmed":
            return
        unchanged = {f"{model},{record}": found["_timestamp"]}
        await asyncio.sleep(pause)
    try:
        await moved(talk, operation, f"{model}.process", record, before="confirmed", _timestamp=unchanged)
    except Failed as lost:
        if not may_be_overtaken(lost):
            raise


async def accepted(talk: Conversation, operation: str, sale: int) -> None:
    """What of a sale was cancelled is not to be made again: without this word Tryton waits for it in `exception`."""
    process = (operation, f"model.{SALE}.process", [sale])
    await talk.effect(*process)  # else the sale may not know yet what was cancelled
    found = await talk.read(operation, SALE, sale, [f"{kind}_state" for kind in HANDLED])
    if found is None:
        raise talk.unreadable("it has lost a sale")
    for kind, field in HANDLED.items():
        if found[f"{kind}_state"] != "exception":
            continue

        def ignore(defaults: Json, field: str = field) -> tuple[str, Json]:
            cancelled = defaults[f"domain_{field}"]
            form = {f"domain_{field}": cancelled, f"recreate_{field}": [], f"ignore_{field}": cancelled}
            return "handle", form

        await answered(talk, operation, f"sale.handle.{kind}.exception", (SALE, sale), ignore)
        await talk.effect(*process)

"""
Bringing a record of Tryton's to a state.

A transition that was made before is refused, not repeated, so a refusal is believed only when the state is still the
old one. Some transitions are dialogues of several calls, Tryton's wizards.
"""

from collections.abc import Callable
from typing import Any

from adapters.tryton.conversation import Conversation, Json
from gateway.errors import Failed, Rejected


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
    says so itself, or refuses what cannot be done in the new state."""
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


async def accepted(talk: Conversation, operation: str, sale: int) -> None:
    """What of a sale was cancelled is not to be made again: without this word Tryton waits for it in `exception`."""
    for kind, field in (("shipment", "moves"), ("invoice", "invoices")):
        found = await talk.read(operation, "sale.sale", sale, [f"{kind}_state"])
        if found is None or found[f"{kind}_state"] != "exception":
            continue

        def ignore(defaults: Json, field: str = field) -> tuple[str, Json]:
            cancelled = defaults[f"domain_{field}"]
            form = {f"domain_{field}": cancelled, f"recreate_{field}": [], f"ignore_{field}": cancelled}
            return "handle", form

        await answered(talk, operation, f"sale.handle.{kind}.exception", ("sale.sale", sale), ignore)

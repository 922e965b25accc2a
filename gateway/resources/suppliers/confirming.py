"""A supplier's word about an order: taken by a policy where it is near enough, else decided by a buyer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.confirmations import Outcome, Tolerances, agreed, outcome, read_words
from gateway.domain.documents import differing
from gateway.domain.identifiers import Mint
from gateway.domain.purchase_orders import MOST, MOVES, OrderState, PurchaseLine, Trigger, total
from gateway.refusals import Conflict, Fault, Invalid, NaturalKeyConflict, NotFound
from gateway.resources.answers import JSON, content_hash, hand_of
from gateway.resources.once import Done, once
from gateway.resources.suppliers.purchase_schemas import ConfirmationReceipt
from gateway.resources.suppliers.purchase_views import locked_order, seen_order, told_order
from gateway.resources.suppliers.views import refuse_unless_expected
from gateway.store import purchase_orders
from gateway.store.answers import ask_buyer
from gateway.store.confirmations import (
    Confirmation,
    decide_confirmation,
    known_reference,
    load_confirmation,
    write_confirmation,
)
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import PurchaseOrder

_TRIGGERS: Mapping[Outcome, Trigger] = {"confirmed": "accept", "proposed": "propose", "declined": "decline"}
_POLICY = "policies/suppliers.yaml"
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Confirming:
    database: Database
    tolerances: Tolerances
    mint: Mint

    async def confirm(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._confirm, call), mint=self.mint)

    async def _confirm(self, call: Call, connection: Connection) -> Done:
        found, body = await locked_order(connection, call), call.body
        known = await known_reference(connection, found.po_id, body["supplier_ref"])
        if known is not None:
            if known.content_hash != content_hash(call):
                raise NaturalKeyConflict("under this supplier_ref something else was said", effect="none")
            return _told(known, replayed=True)
        if found.state is not OrderState.ISSUED or found.revision.revision != body["revision"]:
            stands = f"the order is {found.state}, and what was issued is revision {found.issued_revision}"
            raise Conflict(stands, effect="none")
        _refuse_words(body["lines"], found.revision.lines)
        said = read_words(body["lines"], found.revision.lines)
        if total(agreed(found.revision.lines, said), found.currency).amount > MOST:
            fault = Fault("#/lines", "total_too_large", f"their total is more than {MOST} minor units")
            raise Invalid("this is no answer to the order", faults=(fault,))
        came_to = outcome(found.revision.lines, said, self.tolerances)
        new = Confirmation(
            *(self.mint("poc"), found.po_id, body["supplier_ref"], content_hash(call), found.revision.revision),
            said,
            came_to,
        )
        hand = hand_of(call, self.mint)
        await write_confirmation(connection, new, hand)
        if came_to == "confirmed":
            await self._agree(connection, found, new, hand, by=_POLICY)
        else:
            await _ask_buyer(connection, found, new, hand)
        return _told(new)

    async def decide(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await once(self.database, call, partial(self._decide, call, if_match), mint=self.mint)

    async def _decide(self, call: Call, if_match: Sequence[str], connection: Connection) -> Done:
        found, body = await locked_order(connection, call), call.body
        refuse_unless_expected(found.version, if_match, called="purchase order")
        known = await load_confirmation(connection, found.po_id, call.path_parameters["confirmation_id"])
        if known is None:
            raise NotFound("there is no such confirmation")
        if known.decision != body["decision"]:
            if found.state is not OrderState.CHANGE_PROPOSED or known.outcome != "proposed" or known.decision:
                raise Conflict("nothing of it is to be decided", effect="none")
            await decide_confirmation(connection, known.confirmation_id, body["decision"])
            hand = hand_of(call, self.mint)
            if body["decision"] == "agree":
                await self._agree(connection, found, known, hand, by=hand.who)
            else:
                await _move(connection, found, "refuse", hand)
        facts = {"decision": body["decision"], "reason": body["reason"], "confirmation": known.confirmation_id}
        return Done(found.po_id, told_order(await seen_order(connection, call), call), facts)

    async def _agree(
        self, connection: Connection, found: PurchaseOrder, said: Confirmation, hand: Hand, *, by: str
    ) -> None:
        """As one revision more, where it differs. What a buyer takes and is dearer than what was approved is a draft:
        it needs the yes of others again."""
        before, after = found.revision.lines, agreed(found.revision.lines, said.lines)
        changes = list(differing([each.document for each in before], [each.document for each in after], "#/lines"))
        if not changes:
            await _move(connection, found, "accept", hand)
            return
        dearer = total(after, found.currency).amount > found.revision.total
        trigger: Trigger = "revise" if dearer and by != _POLICY else "accept"
        writer = Hand(by, hand.now, hand.trace_id, hand.mint)
        await purchase_orders.revise(
            *(connection, found, after, changes[:100], writer),
            reason=f"as the supplier confirmed it: {said.supplier_ref}",
            state=MOVES[found.state, trigger],
        )


async def _move(connection: Connection, found: PurchaseOrder, trigger: Trigger, hand: Hand) -> None:
    after, number = MOVES[found.state, trigger], found.revision.revision
    await purchase_orders.move_order(connection, found.po_id, after, hand, revision=number)


async def _ask_buyer(connection: Connection, found: PurchaseOrder, said: Confirmation, hand: Hand) -> None:
    trigger = _TRIGGERS[said.outcome]
    await _move(connection, found, trigger, hand)
    await ask_buyer(connection, found.po_id, MOVES[found.state, trigger], _evidence(found, said), hand)


def _evidence(found: PurchaseOrder, said: Confirmation) -> Mapping[str, object]:
    words = [f"line {line.line_id}: {line.word}" for line in said.lines if line.word != "accepted"]
    told = {"po_number": found.po_number, "supplier_id": found.supplier_id, "revision": said.revision}
    return {**told, "confirmation_id": said.confirmation_id, "lines": words[:_MOST_TOLD]}


def _told(known: Confirmation, *, replayed: bool = False) -> Done:
    receipt: ConfirmationReceipt = {
        "confirmation_id": known.confirmation_id,
        "po_id": known.po_id,
        "supplier_ref": known.supplier_ref,
        "revision": known.revision,
        "outcome": known.outcome,
    }
    answer = Answer(201, {"content-type": JSON}, orjson.dumps(receipt), replayed=replayed)
    return Done(known.po_id, answer, {"outcome": known.outcome, "confirmation": known.confirmation_id})


def _refuse_words(said: Sequence[Mapping[str, Any]], lines: Sequence[PurchaseLine]) -> None:
    """Each line of the order is answered once, and what is said of it fits the word."""
    faults, missing = [], {line.line_id for line in lines}
    for index, each in enumerate(said):
        if each["line_id"] not in missing:
            faults.append(Fault(f"#/lines/{index}/line_id", "unknown_line", "the order has no such line left"))
        missing.discard(each["line_id"])
        differs = [name for name in ("quantity", "unit_price", "date") if name in each]
        if (each["status"] in ("changed", "backordered")) != bool(differs):
            detail = "`changed` and `backordered` say what differs, and nothing else does"
            faults.append(Fault(f"#/lines/{index}", "word_does_not_fit", detail))
    if missing:
        faults.append(Fault("#/lines", "line_missing", f"nothing is said of {', '.join(sorted(missing))}"))
    if faults:
        raise Invalid("this is no answer to the order", faults=tuple(faults[:100]))

"""One call to a back end and how it ended: errors in, an outcome out. The only place where a saga meets the network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from gateway.errors import Failed, GatewayError, Rejected, Unknown
from gateway.ports import BackEnds, Effect, sending
from gateway.store.journal import Intent
from gateway.workflows.moves import Send
from gateway.workflows.saga import Assent, Case, Pivot, Seen, Step

Kind = Literal["succeeded", "rejected", "failed", "unknown", "found", "seen"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has been committed as an intent and may be sent until `send_by`."""

    send: Send
    intent: Intent
    send_by: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    call: Call
    kind: Kind
    effect: Effect | None = None
    found: Sequence[Effect] = ()
    seen: Seen | None = None
    code: str = ""
    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """What the journal keeps of it: no personal data, no payloads."""
        told: dict[str, Any] = {"code": self.code, "detail": self.detail, **self.facts}
        if self.kind == "found":
            told["matches"] = [effect.id for effect in self.found]
        if self.effect is not None:
            told["id"] = self.effect.id
        return {name: value for name, value in told.items() if value}


async def make(call: Call, case: Case, back_ends: BackEnds) -> Outcome:
    """Make the call. Its end is an outcome, whatever it is; only a fault of our own code escapes."""
    try:
        with sending(call.send_by, key=call.intent.key):
            return await _made(call, case, back_ends)
    except Rejected as error:
        return _ended(call, "rejected", error)
    except Failed as error:
        return _ended(call, "failed", error)
    except Unknown as error:
        return _ended(call, "unknown", error)


async def _made(call: Call, case: Case, back_ends: BackEnds) -> Outcome:
    send, key = call.send, call.intent.key
    step = send.step
    if isinstance(step, Assent | Pivot):
        return Outcome(call, "seen", seen=await step.look(case, back_ends))
    if send.call == "find":
        found = await back_ends.named(step.system).find(send.operation, key=key, subject=send.subject)
        return Outcome(call, "found", found=found)
    effect = await _effect(step, send, case, back_ends, key=key)
    return Outcome(call, "succeeded", effect=effect)


async def _effect(step: Step, send: Send, case: Case, back_ends: BackEnds, *, key: str) -> Effect:
    if send.call == "undo":
        assert step.undo is not None, "the plan asks only for undos that exist"
        return await step.undo(case, back_ends, case.done(step.name), key)
    return await step.do(case, back_ends, key)


def _ended(call: Call, kind: Kind, error: GatewayError) -> Outcome:
    code = str(error.facts.get("code", error.code))
    facts = {name: value for name, value in error.facts.items() if name != "code"}
    return Outcome(call, kind, code=code, detail=error.detail, facts=facts)

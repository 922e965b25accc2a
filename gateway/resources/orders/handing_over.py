"""Goods that are fetched in a store: handed over to whoever has the customer's code, without it by few."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.context import Answer, Call
from gateway.domain.access import Decision, Deny
from gateway.domain.operation import Operation
from gateway.domain.principal import Principal
from gateway.domain.time import rfc3339
from gateway.refusals import Fault, Invalid, NotFound, denied
from gateway.resources.answers import whose
from gateway.resources.orders.handover_schemas import Collected
from gateway.resources.orders.once import Done, Once
from gateway.store import audit
from gateway.store.accept import outcome_told
from gateway.store.cancelling import is_within_reach
from gateway.store.handovers import Claim, Handed, Missed, facts_of, hand_over, is_ready, lock_part
from gateway.store.idempotency import answered
from gateway.store.pool import Connection

Waiver = Callable[[Principal, Operation], Iterable[Decision]]

_ABSENT = "the order has no such part that is ready to be fetched"


@dataclass(frozen=True, slots=True)
class HandingOver:
    """*waiver*: what policies say of goods without their code."""

    once: Once
    waiver: Waiver

    async def collect(self, call: Call) -> Answer:
        """Raises `WrongCode` behind the commit that counts it: what was tried stays tried."""
        claim, partner = _claim(call), whose(call)
        if claim.code is None:
            self._permit(call)
        with outcome_told(call):
            async with self.once.database.transaction() as connection:
                outcome = await self._heard(connection, call, claim, partner=partner)
            call.effect = "applied"
        if isinstance(outcome, Missed):
            raise outcome.refusal()
        return outcome

    async def _heard(self, connection: Connection, call: Call, claim: Claim, *, partner: str | None) -> Answer | Missed:
        if not await is_within_reach(connection, claim.order_id, partner=partner):
            raise NotFound(self.once.absent)
        if not await is_ready(connection, claim.order_id, claim.fulfilment_id):
            raise NotFound(_ABSENT)
        if call.given_before:
            return call.given_before.answer
        await lock_part(connection, claim.fulfilment_id)
        if given := await answered(connection, call):  # by a copy that held the lock while this one stood in line
            return given
        outcome = await hand_over(connection, claim, self.once.hand(call))
        facts = facts_of(claim, outcome)
        if isinstance(outcome, Handed):
            return await self.once.kept(connection, call, Done(200, _collected(claim, outcome), facts))
        call.effect = "unknown"
        await audit.record(connection, call, claim.order_id, audit_id=self.once.mint("aud"), facts=facts)
        return outcome

    def _permit(self, call: Call) -> None:
        """Raises `Forbidden` unless the caller may hand goods over without their code."""
        assert call.operation is not None, "the operation stage has run"
        for decision in self.waiver(call.caller, call.operation):
            call.decisions.append(decision)
            if isinstance(decision, Deny):
                raise denied(decision)


def _claim(call: Call) -> Claim:
    """Raises `Invalid` unless the body has either the code or why there is none."""
    body, where = call.body, call.path_parameters
    if "code" in body and ("without_code" in body or "reason" in body):
        fault = Fault("#/code", "not_expected", "stands alone; leave out what is for handing over without")
        raise Invalid("either with the code or without", faults=(fault,))
    if "code" not in body and not ("without_code" in body and "reason" in body):
        fault = Fault("#/code", "required", "is required, or 'without_code' with a 'reason'")
        raise Invalid("either with the code or without, for a reason", faults=(fault,))
    return Claim(where["order_id"], where["fulfilment_id"], body.get("code"), body.get("reason"))


def _collected(claim: Claim, handed: Handed) -> Collected:
    return {
        "fulfilment_id": claim.fulfilment_id,
        "order_id": claim.order_id,
        "collected_at": rfc3339(handed.collected_at),
    }

"""What operators may do about a refund that failed after it had succeeded: pay anew, or say how it was paid."""

from dataclasses import replace

from gateway.domain.identifiers import Mint
from gateway.domain.refunds import RefundState
from gateway.refusals import Conflict, Invalid
from gateway.store import fulfilments, late_failures, refund_facts, refunds
from gateway.store.exceptions import ExceptionRow
from gateway.store.hands import Hand
from gateway.store.mending import Deed, Mendable
from gateway.store.pool import Connection
from gateway.store.refunds import Refund
from gateway.store.signals import lock_run
from gateway.workflows.pay_back import NAME, VERSION

_NO_TRACE = "0" * 32


def failed_refunds(mint: Mint) -> Mendable:
    """The provider's word is the evidence on which a new key may be used."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        await lock_run(connection, seen.subject)
        owed = await refunds.locked(connection, seen.subject)
        if owed.state is not RefundState.LATE_FAILED:
            raise Conflict(f"{owed.refund_id} is {owed.state}; nothing of it is owed", effect="none")
        if deed.action == "retry":
            await _anew(connection, owed, deed, mint)
            return
        if deed.as_ is None or (deed.as_ == "succeeded" and deed.reference is None):
            raise Invalid(
                "resolve: say with 'as' that it was paid otherwise (succeeded, with a 'reference') or not (failed)",
                effect="none",
            )
        after = RefundState.SUCCEEDED if deed.as_ == "succeeded" else RefundState.FAILED
        if after is RefundState.SUCCEEDED:
            hand = Hand(deed.operator, deed.now, _NO_TRACE, mint)
            await refund_facts.tell(connection, owed, refund_facts.REFUNDED, hand)
        await refunds.stand(connection, owed, after, now=deed.now, provider_ref=deed.reference)

    return Mendable(frozenset(late_failures.ACTIONS), act)


async def _anew(connection: Connection, owed: Refund, deed: Deed, mint: Mint) -> None:
    """A further attempt at the same refund: what the first one held goes over to it, and nothing is credited again."""
    await refunds.stand(connection, owed, RefundState.FAILED, now=deed.now)
    again = replace(
        owed, refund_id=mint("rfd"), attempt=owed.attempt + 1, state=RefundState.APPROVED, provider_ref=None
    )
    if not await refunds.reserve(connection, again, memo_id=None, now=deed.now):
        raise Conflict("the money that it would be paid from has gone elsewhere", effect="none")
    saga, above = (NAME, VERSION), owed.source[1]
    await fulfilments.start(connection, again.refund_id, above, saga, trace=None, now=deed.now)

"""
return_to_refund: as goods come back and are found good, what is due for them is reserved, approved and paid back, one
tranche after the other; the return is closed once all of it is counted and nothing is owed any more.
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.identifiers import Mint
from gateway.domain.returns import SAGA, SAGA_VERSION, Return, ReturnState
from gateway.ports import Effect
from gateway.store import orders, returns
from gateway.store.pool import Connection
from gateway.workflows.saga import Around, Branches, Case, Moved, Saga, Tended
from gateway.workflows.tranches import Tranches

LOOK = 3600  # seconds after which a return is looked at although nobody said anything
PAY_BACK = "pay_back"


@dataclass(frozen=True, slots=True)
class Returning:
    """What is tended of a return, whenever something has come of it or of its refunds."""

    tranches: Tranches

    async def tend(self, connection: Connection, case: Case, around: Around) -> Tended:
        await returns.lock_return(connection, case.returned)
        seen = await _seen(connection, case.returned)
        owed = await self.tranches.tend(connection, case.order, seen, around)
        if seen.state is ReturnState.AUTHORISED and not _all_counted(seen):
            if around.now < seen.expires_at:
                left = (seen.expires_at - around.now) / timedelta(seconds=1)
                return Tended(again=max(1, min(LOOK, int(left) + 1)))
            if not any(line.quantities.counted for line in seen.lines):
                if seen.scanned_at is not None:  # it may have been paid for: somebody counts it, or counts it missing
                    return Tended(again=LOOK)
                await returns.move_return(connection, seen.return_id, ReturnState.EXPIRED, around.by)
        if owed or any(line.quantities.uninspected for line in seen.lines):
            return Tended(again=LOOK)
        return Tended(effect=Effect(seen.return_id, f"{seen.return_id}:{PAY_BACK}", "paid_back"))


def _all_counted(seen: Return) -> bool:
    return not any(line.quantities.outstanding for line in seen.lines)


async def _seen(connection: Connection, return_id: str) -> Return:
    stored = await returns.load_return(connection, return_id)
    assert stored is not None, f"{return_id} was authorised together with its run"
    return stored.told


class ReturnSubject:
    """`gateway.workflows.saga.Subject` of a return."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        stored = await returns.load_return(connection, run_id)
        assert stored is not None, f"{run_id} was authorised together with its run"
        order = (await orders.load(connection, stored.told.order_id)).order
        return Case(order, None, trace_id=stored.trace_id, returned=run_id)

    async def status(self, connection: Connection, run_id: str) -> str:
        await returns.lock_return(connection, run_id)
        return (await _seen(connection, run_id)).state

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        """Closed, unless it was given up before."""
        await returns.move_return(connection, run_id, ReturnState(status), moved.by)


def return_to_refund(mint: Mint, approvals: ApprovalPolicy) -> Saga:
    tend = Returning(Tranches(mint, approvals)).tend
    return Saga(
        SAGA,
        SAGA_VERSION,
        (Branches(PAY_BACK, tend, by_hand="mend what its refunds hang on; retry looks again"),),
        ReturnSubject(),
        done=ReturnState.CLOSED,
        undone=ReturnState.CLOSED,
        stopped=ReturnState.CLOSED,
        wished="",
        resumed="",
        forward_only=True,
    )

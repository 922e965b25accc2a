"""
Goods that are handed over in a store, under the locks of the part's run.

A wrong code is counted in the transaction it was tried in, which the caller therefore commits, whatever it says then.
"""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.customer_refusals import PickupExpired, TriesExhausted, WrongCode
from gateway.domain.fulfilments import WITHOUT_PIECES
from gateway.domain.handovers import MOST_WRONG, is_code
from gateway.domain.time import rfc3339
from gateway.refusals import Conflict
from gateway.store.accept import order_locked
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.store.signals import Signal, lock_run, signal


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody wants the goods of a part. Without a *code*: who hands over may do without, for a *reason*."""

    order_id: str
    fulfilment_id: str
    code: str | None = field(default=None, repr=False)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """Since when the customer has them, and whether that is this claim's doing."""

    collected_at: datetime
    changed: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """Not the code; so many tries have been wrong now."""

    wrong: int

    def refusal(self) -> WrongCode:
        left = MOST_WRONG - self.wrong
        tries = "1 try is" if left == 1 else f"{left} tries are"
        return WrongCode(f"this is not the customer's code; {tries} left", effect="none", tries_left=left)


async def is_ready(connection: Connection, order_id: str, fulfilment_id: str) -> bool:
    """Has the order such a part, and has it been put aside for its customer? Asked before any lock."""
    return await (await connection.execute(_READY, (order_id, fulfilment_id))).fetchone() is not None


_READY = "select 1 from fulfilment join pickup using (fulfilment_id) where order_id = %s and fulfilment_id = %s"


async def lock_part(connection: Connection, fulfilment_id: str) -> None:
    """Raises `OrderLocked` when its run or its order's stays in other hands for too long."""
    with order_locked():
        await lock_run(connection, fulfilment_id)


async def hand_over(connection: Connection, claim: Claim, by: Hand) -> Handed | Missed:
    """The caller has locked a part that is ready, and commits. What has been handed over stays so.

    Raises `PickupExpired`, `TriesExhausted`, or `Conflict` when the part has been given up, is being taken back, or a
    person has to decide how it is paid.
    """
    cursor = await connection.execute(_STANDING, (claim.fulfilment_id,))
    row = await cursor.fetchone()
    assert row is not None, "the caller has seen that it is ready"
    code_hash, wrong, collected_at, over, status, taken_back, unpaid = row
    if collected_at is not None:
        return Handed(collected_at, changed=False)
    _refuse_unless_there(status, over=over, taken_back=taken_back)
    if unpaid:
        raise Conflict("the money for it could not be held anew; operations have to decide first", effect="none")
    if claim.code is not None:
        if wrong >= MOST_WRONG:
            raise TriesExhausted(f"{wrong} wrong codes were tried; operations may hand over without one", effect="none")
        if not is_code(claim.fulfilment_id, claim.code, code_hash):
            await connection.execute(_MISSED, (claim.fulfilment_id,))
            return Missed(wrong + 1)
    await connection.execute(_COLLECTED, (by.now, claim.fulfilment_id))
    told = {"collected_at": rfc3339(by.now)}
    fact = Signal(by.mint("sig"), claim.fulfilment_id, "collected", f"store:{by.who}", told)
    await signal(connection, fact, now=by.now, trace_id=by.trace_id)
    return Handed(by.now, changed=True)


def _refuse_unless_there(status: str, *, over: bool, taken_back: bool) -> None:
    if status in WITHOUT_PIECES:
        raise Conflict(f"this part of the order is {status}: there is nothing to hand over", effect="none")
    if over:
        raise PickupExpired("the time to fetch the goods is over", effect="none")
    if taken_back:  # the store is being asked to put them back, and the money goes back after that
        raise Conflict("this part of the order is being taken back: nothing may be handed over", effect="none")


_STANDING = """
select p.code_hash, p.wrong, p.collected_at, p.expires_at <= clock_timestamp(), f.status,
       f.status = 'cancel_requested' or r.direction = 'backward',
       exists (select from order_hold h where h.order_id = f.order_id and h.placed_by = 'omnigate'
                                          and h.released_at is null)
  from pickup p join fulfilment f using (fulfilment_id) join run r on r.run_id = f.fulfilment_id
 where p.fulfilment_id = %s for no key update of p
"""
_MISSED = "update pickup set wrong = wrong + 1 where fulfilment_id = %s"
_COLLECTED = "update pickup set collected_at = %s where fulfilment_id = %s"


def facts_of(claim: Claim, outcome: Handed | Missed) -> dict[str, object]:
    """For the audit row of whoever handed over or tried to: never the code, be it right or wrong."""
    facts: dict[str, object] = {"fulfilment_id": claim.fulfilment_id, "without_code": claim.code is None}
    if claim.reason is not None:
        facts["reason"] = claim.reason
    if isinstance(outcome, Missed):
        return {**facts, "outcome": "wrong_code", "wrong": outcome.wrong}
    return {**facts, "outcome": "collected", "changed": outcome.changed}

"""A carrier's word that it has what comes back: recorded, told and acted on in one commit, once."""

from datetime import UTC, datetime
from typing import Literal

from gateway.context import Call
from gateway.domain.identifiers import Mint
from gateway.domain.returns import Return, ReturnState
from gateway.store import audit, return_counts
from gateway.store.accept import order_locked, outcome_told
from gateway.store.hands import Hand
from gateway.store.pool import Connection, Database
from gateway.store.returns import load_return, scanned
from gateway.store.signals import Signal, signal

Taken = Literal["recorded", "known", "ignored"]


async def record_scan(database: Database, call: Call, name: str, mint: Mint) -> Taken | None:
    """Write down that a carrier has the return, tell its partner, and wake its run. None: there is no such return.

    *name* is the carrier's for this fact. A return that has been counted, or is over, is past its scan: ignored.
    """
    return_id = call.body["data"]["return_id"]
    with outcome_told(call), order_locked():
        async with database.transaction() as connection:
            found = await load_return(connection, return_id)
            if found is None:
                return None
            await return_counts.lock(connection, found.told)
            found = await load_return(connection, return_id)
            assert found is not None, "returns are never deleted"
            if (stands := _before(found.told)) is not None:
                return stands
            call.effect = "unknown"
            new = await _take(connection, call, name, mint)
        call.effect = "applied"
        return "recorded" if new else "known"


def _before(seen: Return) -> Taken | None:
    """What becomes of a scan that changes nothing."""
    if seen.scanned_at is not None:
        return "known"
    counted = any(line.quantities.counted for line in seen.lines)
    return "ignored" if counted or seen.state is not ReturnState.AUTHORISED else None


async def _take(connection: Connection, call: Call, name: str, mint: Mint) -> bool:
    """False: the carrier has told something under this name before."""
    said = call.body["data"]
    return_id = said["return_id"]
    fact = Signal(f"carrier:{name}", return_id, "scanned", "callback:carrier", said)
    if not await signal(connection, fact, now=call.now, trace_id=call.trace_id):
        return False
    at = datetime.fromisoformat(said["scanned_at"]).astimezone(UTC)
    hand = Hand(call.caller.subject, call.now, call.trace_id, mint)
    await scanned(connection, return_id, min(at, call.now), hand)  # scanners' clocks are fast at times
    await audit.record(connection, call, return_id, audit_id=mint("aud"))
    return True

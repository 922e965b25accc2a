"""What back ends tell us: recorded as signals of the run they speak of, once."""

from dataclasses import dataclass

from gateway.context import Call
from gateway.domain.identifiers import Mint
from gateway.store import audit, late_failures
from gateway.store.accept import order_locked, outcome_told
from gateway.store.pool import Database
from gateway.store.signals import Signal, lock_run, signal


@dataclass(frozen=True, slots=True)
class Told:
    """Whether the run was known; and if it was, whether the fact was new."""

    known_run: bool
    new: bool = False


async def record(database: Database, call: Call, told: Signal, mint: Mint) -> Told:
    """Record *told*, wake its run, and write down who told it, in one commit; a refund that failed is owed again."""
    with outcome_told(call), order_locked():
        async with database.transaction() as connection:
            if not await lock_run(connection, told.run_id):
                return Told(known_run=False)
            call.effect = "unknown"
            new = await signal(connection, told, now=call.now, trace_id=call.trace_id)
            if new:
                await audit.record(connection, call, told.run_id, audit_id=mint("aud"))
            if new and told.kind == late_failures.TOLD:
                await late_failures.take(connection, told.run_id, mint, now=call.now)
        call.effect = "applied"
        return Told(known_run=True, new=new)

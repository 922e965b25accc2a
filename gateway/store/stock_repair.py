"""What an audit found is mended: seen again under lock, and changed with an audit row in one commit."""

from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.store.audit import Act, record_act
from gateway.store.exceptions import close_exception
from gateway.store.pool import Connection, Database
from gateway.store.reservation_changes import lock_reservation, release
from gateway.store.stock import lock_positions
from gateway.store.stock_audit import Finding, Mismatch, Phantom, counters_of


def told(finding: Finding) -> str:
    """The mend, in words."""
    if isinstance(finding, Phantom):
        return f"release {finding.open} of {finding.reservation_id}, whose order {finding.order_id} is {finding.status}"
    return (
        f"set {finding.subject}: reserved {finding.reserved} -> {finding.claims},"
        f" reserved_soft {finding.reserved_soft} -> {finding.soft}"
    )


async def mend(database: Database, finding: Finding, *, operator: str, now: datetime, mint: Mint) -> bool:
    """False: there is nothing to mend any more."""
    act = Act(mint("aud"), operator, now)
    async with database.transaction() as connection:
        if isinstance(finding, Phantom):
            mended = await _release(connection, finding, act, event_id=mint("evt"))
        else:
            mended = await _count_again(connection, finding, act)
        if mended:
            await close_exception(
                connection,
                class_=finding.class_,
                code=finding.code,
                subject=finding.subject,
                resolution={"action": "repair", "operator": operator},
                now=now,
            )
        return mended


async def _release(connection: Connection, phantom: Phantom, act: Act, *, event_id: str) -> bool:
    """An order that has ended stays so: only the reservation needs a second look."""
    seen = (await lock_reservation(connection, phantom.reservation_id)).reservation
    moves = {held.number: held.open for held in seen.lines if held.open}
    if seen.state != "active" or not moves:
        return False
    await release(connection, seen.reservation_id, moves)
    await connection.execute(_EVENT, (event_id, seen.reservation_id, act.at, seen.reservation_id))
    await record_act(connection, act, "inventory:repair", seen.reservation_id, phantom.evidence())
    return True


_EVENT = """
select record_event(%s, %s, 'com.omnigate.reservation.released.v1', %s, repeat('0', 32),
                    jsonb_build_object('state', state, 'version', version)) from reservation where reservation_id = %s
"""


async def _count_again(connection: Connection, mismatch: Mismatch, act: Act) -> bool:
    place = (mismatch.sku, mismatch.node_id)
    await lock_positions(connection, [place])
    differing = [each for each in await counters_of(connection, [place]) if each.condition == mismatch.condition]
    for each in differing:
        await connection.execute(_SET, (each.claims, each.soft, *place, each.condition))
        await record_act(connection, act, "inventory:repair", each.subject, each.evidence())
    return bool(differing)


_SET = """
update stock_position set reserved = %s, reserved_soft = %s, cause = 'repair'
 where sku = %s and node_id = %s and condition = %s
"""

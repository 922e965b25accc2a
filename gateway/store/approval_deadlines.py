"""Steps of approvals that nobody decided in time, by the database's clock: passed to another role, once."""

from gateway.domain.identifiers import Mint
from gateway.store.pool import Connection, Database

AT_ONCE = 100
_MOST_ROUNDS = 50


async def pass_on_overdue(database: Database, mint: Mint) -> int:
    """A bounded number of small transactions. Returns how many steps were passed on; none is decided by it."""
    passed = 0
    for _ in range(_MOST_ROUNDS):
        async with database.transaction() as connection:
            now = await _pass_on(connection, mint)
        passed += now
        if now < AT_ONCE:
            break
    return passed


async def _pass_on(connection: Connection, mint: Mint) -> int:
    """Whoever decides one of them at this moment is in time."""
    cursor = await connection.execute(_OVERDUE, {"ids": [mint("aud") for _ in range(AT_ONCE)], "most": AT_ONCE})
    return cursor.rowcount


_OVERDUE = """
with late as (
    select s.approval_id, s.number, a.escalate_to
      from approval_step s join approval a on a.approval_id = s.approval_id and a.step = s.number
     where s.verdict is null and s.passed_on_from is null and s.due_at <= clock_timestamp()
     order by s.due_at limit %(most)s for no key update of a skip locked
), passed as (
    update approval_step s
       set passed_on_from = s.role, role = late.escalate_to,
           due_at = clock_timestamp() + make_interval(mins => s.minutes)
      from late where s.approval_id = late.approval_id and s.number = late.number
    returning s.approval_id, s.number, s.passed_on_from, s.role
), numbered as (
    select *, row_number() over (order by approval_id) as place from passed
)
insert into audit (audit_id, at, actor, subject, action, resource, facts)
select (%(ids)s::text[])[place], clock_timestamp(), 'system', 'approvals', 'approvals:pass_on', approval_id,
       jsonb_build_object('step', number + 1, 'from', passed_on_from, 'to', role)
  from numbered
"""

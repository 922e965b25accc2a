"""Lists of approvals: all of them, or those that somebody may decide now."""

from dataclasses import dataclass
from typing import Any, LiteralString

from gateway.domain.approvals import Approval
from gateway.domain.principal import Principal
from gateway.store.approval_rows import COLUMNS, with_steps
from gateway.store.pool import Database


@dataclass(frozen=True, slots=True)
class Sought:
    """Which approvals are asked for; None: whatever they are. *by*: those that this operator may decide now."""

    status: str | None = None
    kind: str | None = None
    subject: str | None = None
    by: Principal | None = None


# As `personal_bar` of the domain says it of one of them.
_DECIDABLE: LiteralString = """a.state = 'pending' and a.operator is distinct from %(who)s
   and %(who)s != all(a.barred)
   and exists (select from approval_step s
                where s.approval_id = a.approval_id and s.number = a.step and s.role = any(%(roles)s))
   and not exists (select from approval_step d where d.approval_id = a.approval_id and d.decided_by = %(who)s)"""


async def list_approvals(database: Database, sought: Sought, *, limit: int, after: str | None = None) -> list[Approval]:
    """The newest first; *after*: those that were asked for before that one."""
    conditions: list[LiteralString] = ["true"]
    if sought.status is not None:
        conditions.append("a.state = %(status)s")
    if sought.kind is not None:
        conditions.append("a.kind = %(kind)s")
    if sought.subject is not None:
        conditions.append("a.subject = %(subject)s")
    if sought.by is not None:
        conditions.append(_DECIDABLE)
    if after is not None:
        conditions.append("a.approval_id < %(after)s")
    values: dict[str, Any] = {
        **{"status": sought.status, "kind": sought.kind, "subject": sought.subject, "after": after, "limit": limit},
        **{"who": sought.by and sought.by.subject, "roles": sorted(sought.by.roles) if sought.by else []},
    }
    where: LiteralString = " and ".join(conditions)
    async with database.connection() as connection:
        cursor = await connection.execute(
            f"select {COLUMNS} from approval a where {where} order by a.approval_id desc limit %(limit)s", values
        )
        return await with_steps(connection, await cursor.fetchall())

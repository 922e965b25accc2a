"""
Approvals as workflows ask for them and people decide them, in the caller's transaction.

Of one subject's approvals at most one counts: the one of its present content.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from gateway.approval_refusals import AlreadyDecided, ApprovalSuperseded, NotInChain, SelfApprovalForbidden
from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.approvals import Approval, Asker, Attempt, Bar, Matter, bar, begun, holds
from gateway.domain.approvals import decide as decided_by
from gateway.domain.identifiers import Mint
from gateway.domain.money import Money
from gateway.purchase_refusals import DutiesNotSeparate
from gateway.refusals import Refused
from gateway.store.approval_rows import COLUMNS, read_approval, with_steps
from gateway.store.pool import Connection
from gateway.store.signals import lock_run


async def request(
    connection: Connection,
    *,
    kind: str,
    subject: str,
    content: Mapping[str, Any],
    amount: Money,
    requested_by: Asker,
    policy: ApprovalPolicy,
    now: datetime,
    ids: Mint,
    run_id: str | None = None,
) -> Approval:
    """The approval of this content: approved already where the policy says yes, as it stands if it was asked for
    before; else new, and what the subject's earlier content was given counts no more. Nor does the yes of somebody
    who is barred by now.

    *content* is JSON without fractions and without personal data. *run_id*, which the caller has locked, is woken by
    the decision; None: the run whose id is the subject's, if there is one.
    """
    matter = Matter(kind, subject, amount, content)
    await connection.execute(_ALONE, (f"approval:{kind}:{subject}",))
    last = await _last(connection, kind, subject)
    if last is not None and holds(last, matter, requested_by.barred):
        return last
    await connection.execute(_SUPERSEDE, (kind, subject))
    new = begun(ids("apr"), matter, requested_by, policy.rule(kind), now=now)
    await _write(connection, new, run_id or subject)
    await _audit(connection, new, audit_id=ids("aud"))
    return await read_approval(connection, new.approval_id) or new


_ALONE = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
_SUPERSEDE = """
update approval set state = 'superseded', step = null, superseded_at = clock_timestamp()
 where kind = %s and subject = %s and state in ('pending', 'approved')
"""


async def withdraw(connection: Connection, *, kind: str, subject: str) -> None:
    """The subject is not what it was, or is given up: what its content was asked for or given counts no more."""
    await connection.execute(_ALONE, (f"approval:{kind}:{subject}",))
    await connection.execute(_SUPERSEDE, (kind, subject))


async def _write(connection: Connection, new: Approval, run_id: str) -> None:
    matter = new.matter
    said = {
        **{"id": new.approval_id, "kind": matter.kind, "subject": matter.subject, "hash": new.content_hash},
        **{"content": Jsonb(dict(matter.content)), "amount": matter.amount.amount, "currency": matter.amount.currency},
        **{"asked_by": new.asker.name, "operator": new.asker.operator, "barred": sorted(new.asker.barred)},
        **{"run": run_id, "state": new.state},
        **{"escalate_to": new.escalate_to, "step": new.at, "now": new.created_at, "decided_at": new.decided_at},
    }
    await connection.execute(_WRITE, said)
    roles, minutes = [step.role for step in new.steps], [step.minutes for step in new.steps]
    await connection.execute(_WRITE_STEPS, (new.approval_id, roles, minutes))


_WRITE = """
insert into approval (approval_id, kind, subject, content, content_hash, amount, currency, asked_by, operator, barred,
                      run_id, escalate_to, state, step, created_at, decided_at)
values (%(id)s, %(kind)s, %(subject)s, %(content)s, %(hash)s, %(amount)s, %(currency)s, %(asked_by)s, %(operator)s,
        %(barred)s, %(run)s, %(escalate_to)s, %(state)s, %(step)s, %(now)s, %(decided_at)s)
"""
_WRITE_STEPS = """
insert into approval_step (approval_id, number, role, minutes, due_at)
select %s, place - 1, role, minutes, case place when 1 then clock_timestamp() + make_interval(mins => minutes) end
  from unnest(%s::text[], %s::integer[]) with ordinality as told (role, minutes, place)
"""


async def _last(connection: Connection, kind: str, subject: str) -> Approval | None:
    """The one that counts; if none does, the newest."""
    cursor = await connection.execute(_LAST, (kind, subject))
    found = await with_steps(connection, await cursor.fetchall())
    return found[0] if found else None


_LAST: LiteralString = f"""
select {COLUMNS} from approval a where a.kind = %s and a.subject = %s
 order by a.state in ('pending', 'approved') desc, a.created_at desc, a.approval_id desc limit 1 for no key update
"""


async def _audit(connection: Connection, asked: Approval, *, audit_id: str) -> None:
    facts = {
        **{"kind": asked.matter.kind, "subject": asked.matter.subject, "content_hash": asked.content_hash},
        **{"asked_by": asked.asker.name, "operator": asked.asker.operator, "state": asked.state},
        "roles": [step.role for step in asked.steps],
    }
    by = "policies/approvals.yaml" if asked.state == "approved" else "approvals"
    await connection.execute(_AUDIT, (audit_id, asked.created_at, by, asked.approval_id, Jsonb(facts)))


_AUDIT = """
insert into audit (audit_id, at, actor, subject, action, resource, facts)
values (%s, %s, 'system', %s, 'approvals:request', %s, %s)
"""


async def is_approved(connection: Connection, *, kind: str, subject: str, content_hash: str) -> bool:
    """Has this very content been approved, and is it what the subject was last asked about with?"""
    cursor = await connection.execute(_APPROVED, (kind, subject, content_hash))
    return await cursor.fetchone() is not None


_APPROVED = "select from approval where kind = %s and subject = %s and content_hash = %s and state = 'approved'"


async def decide(connection: Connection, approval_id: str, attempt: Attempt) -> tuple[Approval, bool] | None:
    """The approval as it stands then, and whether that is this decision's doing: the same by the same person changes
    nothing once it is decided. The last word wakes the run that waits.

    None: there is no such approval. Raises `ApprovalSuperseded`, `AlreadyDecided`, `SelfApprovalForbidden` or
    `NotInChain`.
    """
    cursor = await connection.execute("select run_id from approval where approval_id = %s", (approval_id,))
    if (row := await cursor.fetchone()) is None:
        return None
    if row[0] is not None:
        await lock_run(connection, row[0])
    seen = await read_approval(connection, approval_id, locked=True)
    assert seen is not None, "approvals are kept"
    if (barred := bar(seen, attempt)) is not None:
        raise _refusal(barred, seen)
    after = decided_by(seen, attempt)
    if after is not seen:
        await _keep(connection, seen, after, attempt)
        after = await read_approval(connection, approval_id) or after
    return after, after is not seen


async def _keep(connection: Connection, seen: Approval, after: Approval, attempt: Attempt) -> None:
    made, key = attempt.decision, {"id": seen.approval_id, "at": seen.at, "next": after.at}
    said = {"verdict": made.verdict, "by": made.by, "reason": made.reason, "now": made.at}
    await connection.execute(_DECIDE_STEP, {**key, **said})
    if after.at is not None:
        await connection.execute(_BEGIN_STEP, key)
    await connection.execute(_DECIDE, {**key, "state": after.state, "decided_at": after.decided_at})
    if after.at is None:
        await connection.execute("select wake(%s)", (seen.run_id,))


_DECIDE_STEP = """
update approval_step set verdict = %(verdict)s, decided_by = %(by)s, reason = %(reason)s, decided_at = %(now)s
 where approval_id = %(id)s and number = %(at)s
"""
_BEGIN_STEP = """
update approval_step set due_at = clock_timestamp() + make_interval(mins => minutes)
 where approval_id = %(id)s and number = %(next)s
"""
_DECIDE = """
update approval set state = %(state)s, step = %(next)s, decided_at = %(decided_at)s where approval_id = %(id)s
"""


def _refusal(barred: Bar, seen: Approval) -> Refused:
    match barred:
        case "superseded":
            detail = "what you have seen is not what is to be approved; look at it again"
            return ApprovalSuperseded(detail, effect="none", state=seen.state)
        case "decided":
            return AlreadyDecided(f"the approval is {seen.state}", effect="none", state=seen.state)
        case "own_request":
            return SelfApprovalForbidden("whoever asked for it decides no step of it", effect="none")
        case "took_part":
            return DutiesNotSeparate("whoever had a part in it decides no step of its approval", effect="none")
        case "second_step":
            return NotInChain("whoever decided a step decides no other of the same approval", effect="none")
        case "other_role":
            assert seen.at is not None, "a step is to be decided"
            return NotInChain(f"this step needs the role {seen.steps[seen.at].role}", effect="none")


def facts_of(approval: Approval, attempt: Attempt, *, changed: bool) -> dict[str, object]:
    """For the audit row of whoever decided."""
    made = attempt.decision
    return {
        **{"kind": approval.matter.kind, "subject": approval.matter.subject, "state": approval.state},
        **{"content_hash": attempt.content_hash, "verdict": made.verdict, "reason": made.reason, "changed": changed},
    }

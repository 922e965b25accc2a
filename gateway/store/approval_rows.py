"""Approvals as rows, read whole: with the steps of their chains."""

from collections.abc import Sequence
from typing import Any, LiteralString

from gateway.domain.approvals import Approval, Asker, Decision, Matter, Step
from gateway.domain.money import Money
from gateway.store.pool import Connection

COLUMNS: LiteralString = """a.approval_id, a.kind, a.subject, a.content, a.content_hash, a.amount, a.currency,
    a.asked_by, a.operator, a.barred, a.run_id, a.escalate_to, a.state, a.created_at, a.decided_at"""

_STEPS = """
select approval_id, role, minutes, passed_on_from, due_at, verdict, decided_by, reason, decided_at
  from approval_step where approval_id = any(%s) order by approval_id, number
"""


async def with_steps(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Approval]:
    """*rows* of COLUMNS, in their order."""
    chains: dict[str, list[Step]] = {row[0]: [] for row in rows}
    if chains:
        cursor = await connection.execute(_STEPS, (list(chains),))
        for approval_id, *step in await cursor.fetchall():
            chains[approval_id].append(_step(*step))
    return [_approval(row, tuple(chains[row[0]])) for row in rows]


def _step(role: str, minutes: int, passed_on_from: str | None, due_at: Any, *decision: Any) -> Step:
    return Step(role, minutes, passed_on_from, due_at, Decision(*decision) if decision[0] is not None else None)


def _approval(row: tuple[Any, ...], steps: tuple[Step, ...]) -> Approval:
    approval_id, kind, subject, content, content_hash, amount, currency, asked_by, operator, barred, *rest = row
    run_id, escalate_to, state, created_at, decided_at = rest
    return Approval(
        approval_id,
        Matter(kind, subject, Money(amount, currency), content),
        content_hash,
        Asker(asked_by, operator, frozenset(barred)),
        steps,
        escalate_to,
        state,
        created_at,
        decided_at,
        run_id,
    )


async def read_approval(connection: Connection, approval_id: str, *, locked: bool = False) -> Approval | None:
    sought: LiteralString = f"select {COLUMNS} from approval a where a.approval_id = %s"
    cursor = await connection.execute(f"{sought} for no key update" if locked else sought, (approval_id,))
    found = await with_steps(connection, await cursor.fetchall())
    return found[0] if found else None

"""Approvals as a workflow would ask for them, over a database of one test."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.domain.approval_policy import ApprovalPolicy, Band, KindRule, StepRule
from gateway.domain.approvals import Approval, Asker, Attempt, Decision, Verdict
from gateway.domain.identifiers import mint
from gateway.domain.money import Money
from gateway.store import approvals
from gateway.store.pool import Database

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
REFUND = "rfd_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"
WHY = "the goods are back, return 812"
POLICY = ApprovalPolicy(
    {
        "refund": KindRule(
            {
                "GBP": (
                    Band(10_000, ()),
                    Band(50_000, (StepRule("support", 240),)),
                    Band(None, (StepRule("support", 240), StepRule("finance", 480))),
                )
            },
            (StepRule("approver", 240),),
            "admin",
        )
    }
)


@dataclass(frozen=True, slots=True)
class Refunds:
    """Who asks for refunds, and who decides them."""

    database: Database

    async def ask(self, pounds: int, *, subject: str = REFUND, asker: Asker | None = None, **more: Any) -> Approval:
        async with self.database.transaction() as connection:
            return await approvals.request(
                connection,
                kind="refund",
                subject=subject,
                content={"order_id": "ord_1", "reason": "damaged", **more.pop("content", {})},
                amount=Money(pounds * 100, more.pop("currency", "GBP")),
                requested_by=asker or Asker("web"),
                policy=POLICY,
                now=NOW,
                ids=mint,
                **more,
            )

    async def decide(
        self, approval: Approval, who: str, *roles: str, verdict: Verdict = "approved", seen: str = ""
    ) -> Approval:
        attempt = Attempt(Decision(verdict, who, WHY, NOW), frozenset(roles), seen or approval.content_hash)
        async with self.database.transaction() as connection:
            done = await approvals.decide(connection, approval.approval_id, attempt)
        assert done is not None
        return done[0]

    async def counts(self, approval: Approval) -> bool:
        matter = approval.matter
        async with self.database.connection() as connection:
            return await approvals.is_approved(
                connection, kind=matter.kind, subject=matter.subject, content_hash=approval.content_hash
            )

    async def rows(self, sql: Any, *values: object) -> list[tuple[Any, ...]]:
        async with self.database.connection() as connection:
            return await (await connection.execute(sql, values)).fetchall()

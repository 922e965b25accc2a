"""Approvals in the database: bound to one content, decided by distinct people, passed on by the database's clock."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from gateway.approval_refusals import AlreadyDecided, ApprovalSuperseded, NotInChain, SelfApprovalForbidden
from gateway.domain.approvals import Asker
from gateway.domain.identifiers import mint
from gateway.store.approval_deadlines import pass_on_overdue
from gateway.store.approval_rows import read_approval
from gateway.store.pool import Database
from tests.store.approving import NOW, POLICY, REFUND, WHY, Refunds

LATE = "update approval_step set due_at = clock_timestamp() - interval '1 second' where due_at is not null returning 1"
RUN = """
insert into run (run_id, saga, version, state, created_at, updated_at)
values (%s, 'refund', 1, 'running', now(), now()) returning 1
"""


@pytest.fixture
async def refunds(database_url: str) -> AsyncIterator[Refunds]:
    pool = Database(database_url, connections=6, name="tests")
    await pool.open()
    yield Refunds(pool)
    await pool.close()


async def test_below_the_limit_the_policy_says_yes_and_that_is_written_down(refunds: Refunds) -> None:
    asked = await refunds.ask(100)

    assert (asked.state, asked.steps, asked.decided_at, await refunds.counts(asked)) == ("approved", (), NOW, True)
    assert await refunds.rows(
        "select actor, subject, facts ->> 'state', facts ->> 'asked_by' from audit where resource = %s",
        asked.approval_id,
    ) == [("system", "policies/approvals.yaml", "approved", "web")]


@pytest.mark.parametrize(
    ("pounds", "currency", "roles"),
    [
        (101, "GBP", ["support"]),
        (500, "GBP", ["support"]),
        (501, "GBP", ["support", "finance"]),
        (1, "EUR", ["approver"]),
    ],
)
async def test_amount_and_currency_say_who_has_to_say_yes(
    refunds: Refunds, pounds: int, currency: str, roles: list[str]
) -> None:
    asked = await refunds.ask(pounds, currency=currency)

    assert (asked.state, [step.role for step in asked.steps]) == ("pending", roles)
    assert [step.due_at is not None for step in asked.steps] == [True, *([False] * (len(roles) - 1))]


async def test_a_chain_is_gone_through_step_by_step(refunds: Refunds) -> None:
    asked = await refunds.ask(800)

    first = await refunds.decide(asked, "sue", "support")
    between = await refunds.counts(asked)
    last = await refunds.decide(asked, "finn", "finance")

    assert (first.state, first.at, between) == ("pending", 1, False)
    assert first.steps[1].due_at is not None
    assert (last.state, last.decided_at, await refunds.counts(asked)) == ("approved", NOW, True)
    assert [step.decision and (step.decision.by, step.decision.reason) for step in last.steps] == [
        ("sue", WHY),
        ("finn", WHY),
    ]


async def test_one_no_is_enough(refunds: Refunds) -> None:
    asked = await refunds.ask(800)

    refused = await refunds.decide(asked, "sue", "support", verdict="rejected")
    again = await refunds.ask(800)

    assert (refused.state, refused.steps[1].decision, await refunds.counts(asked)) == ("rejected", None, False)
    assert again == refused  # the same content is not asked about once more


async def test_asking_again_with_the_same_content_changes_nothing(refunds: Refunds) -> None:
    copies = await asyncio.gather(*(refunds.ask(300) for _ in range(4)))
    done = await refunds.decide(copies[0], "sue", "support")

    assert len({copy.approval_id for copy in copies}) == 1
    assert await refunds.ask(300) == done


@pytest.mark.parametrize("approved", [False, True])
async def test_a_changed_subject_begins_anew_and_old_words_count_no_more(refunds: Refunds, approved: bool) -> None:
    asked = await refunds.ask(300)
    if approved:
        await refunds.decide(asked, "sue", "support")

    changed = await refunds.ask(300, content={"reason": "lost"})

    assert (changed.approval_id != asked.approval_id, changed.state) == (True, "pending")
    assert (await refunds.counts(asked), await refunds.counts(changed)) == (False, False)
    for seen in (asked, changed):
        with pytest.raises(ApprovalSuperseded):
            await refunds.decide(seen, "sam", "support", seen=asked.content_hash)
    back = await refunds.ask(300)
    assert (back.state, back.approval_id != asked.approval_id) == ("pending", True)


async def test_the_amount_is_part_of_what_is_approved(refunds: Refunds) -> None:
    low = await refunds.ask(90)

    high = await refunds.ask(900)

    assert (low.state, high.state, await refunds.counts(low)) == ("approved", "pending", False)


async def test_what_is_kept_has_the_hash_that_it_was_asked_with(refunds: Refunds) -> None:
    content = {"zeta": [1, True, None], "alpha": {"é": "ß \u2028", "big": 2**60}, "Alpha": ""}
    asked = await refunds.ask(300, content=content)

    async with refunds.database.connection() as connection:
        read = await read_approval(connection, asked.approval_id)

    assert read is not None
    assert await refunds.rows("select content_hash from approval") == [(read.matter.content_hash,)]
    assert await refunds.ask(300, content=dict(reversed(content.items()))) == asked


async def test_nobody_decides_what_they_asked_for(refunds: Refunds) -> None:
    own = await refunds.ask(300, asker=Asker("sue", "sue"))
    acted = await refunds.ask(300, subject="rfd_2", asker=Asker("web", "sue"))

    for asked in (own, acted):
        with pytest.raises(SelfApprovalForbidden):
            await refunds.decide(asked, "sue", "support", "admin")
        assert (await refunds.decide(asked, "sam", "support")).state == "approved"


async def test_nobody_decides_two_steps(refunds: Refunds) -> None:
    asked = await refunds.ask(800)
    await refunds.decide(asked, "sue", "support", "finance")

    with pytest.raises(NotInChain, match="decides no other"):
        await refunds.decide(asked, "sue", "support", "finance")
    with pytest.raises(psycopg.errors.UniqueViolation):
        await refunds.rows(
            "update approval_step set verdict = 'approved', decided_by = 'sue', reason = 'once more',"
            " decided_at = now() where number = 1 returning 1"
        )


async def test_only_the_steps_role_decides(refunds: Refunds) -> None:
    asked = await refunds.ask(800)

    with pytest.raises(NotInChain, match="needs the role support"):
        await refunds.decide(asked, "finn", "finance", "admin", "approver")


async def test_once_decided_the_same_word_is_absorbed_and_another_refused(refunds: Refunds) -> None:
    asked = await refunds.ask(300)
    done = await refunds.decide(asked, "sue", "support")

    assert await refunds.decide(asked, "sue", "support") == done
    for who, verdict in (("sue", "rejected"), ("sam", "approved")):
        with pytest.raises(AlreadyDecided):
            await refunds.decide(asked, who, "support", verdict=verdict)  # type: ignore[arg-type]


async def test_of_two_at_once_one_decides(refunds: Refunds) -> None:
    asked = await refunds.ask(300)

    outcomes = await asyncio.gather(
        *(refunds.decide(asked, who, "support") for who in ("sue", "sam", "sid")), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyDecided", "AlreadyDecided", "Approval"]


@pytest.mark.parametrize("run_id", [None, "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"])
async def test_the_last_word_wakes_who_waits(refunds: Refunds, run_id: str | None) -> None:
    waiting = run_id or REFUND
    await refunds.rows(RUN, waiting)
    asked = await refunds.ask(800, run_id=run_id)
    woken = "select count(*) from absurd.e_sagas where event_name like %s"

    await refunds.decide(asked, "sue", "support")
    before = await refunds.rows(woken, f"{waiting}:%")
    await refunds.decide(asked, "finn", "finance", verdict="rejected")

    assert (before, await refunds.rows(woken, f"{waiting}:%")) == ([(0,)], [(1,)])


async def test_what_is_not_decided_in_time_is_passed_on_once_and_decided_by_nobody(refunds: Refunds) -> None:
    asked = await refunds.ask(800)
    early = await pass_on_overdue(refunds.database, mint)
    await refunds.rows(LATE)

    passed = [await pass_on_overdue(refunds.database, mint) for _ in range(2)]
    await refunds.rows(LATE)
    later = await pass_on_overdue(refunds.database, mint)
    with pytest.raises(NotInChain, match="needs the role admin"):
        await refunds.decide(asked, "sue", "support")
    then = await refunds.decide(asked, "ada", "admin")

    assert (early, passed, later) == (0, [1, 0], 0)
    assert (then.state, then.steps[0].role, then.steps[0].passed_on_from) == ("pending", "admin", "support")
    assert (then.steps[1].role, then.steps[1].passed_on_from) == ("finance", None)
    assert await refunds.rows("select facts from audit where action = 'approvals:pass_on'") == [
        ({"step": 1, "from": "support", "to": "admin"},)
    ]


async def test_what_is_decided_or_superseded_is_not_passed_on(refunds: Refunds) -> None:
    done = await refunds.ask(300)
    await refunds.decide(done, "sue", "support")
    await refunds.ask(300, subject="rfd_2")
    await refunds.ask(301, subject="rfd_2")
    await refunds.rows(LATE)

    assert await pass_on_overdue(refunds.database, mint) == 1


async def test_a_kind_that_no_policy_names_needs_two_people(refunds: Refunds) -> None:
    assert [step.role for step in POLICY.rule("unheard_of").otherwise] == ["approver", "finance"]

"""`omnigate approvals`: what waits, and the word of whoever types."""

import pytest

from gateway.domain.approvals import Asker
from tests.cli.shell import Shell
from tests.gate import Gate
from tests.store.approving import REFUND, Refunds

WHY = "--reason 'the goods are back'"


@pytest.fixture
def refunds(gate: Gate) -> Refunds:
    return Refunds(gate.database)


async def test_what_waits_is_listed_shown_and_decided(shell: Shell, refunds: Refunds) -> None:
    asked = await refunds.ask(800, content={"reason": "lost"})
    await refunds.decide(asked, "sue", "support")
    await refunds.rows(
        "update approval_step set role = 'admin', passed_on_from = 'finance' where number = 1 returning 1"
    )
    seen = f"--hash {asked.content_hash}"

    listed, mine = await shell("approvals list"), await shell("approvals list --mine")
    shown = await shell(f"approvals show {asked.approval_id}")
    done = await shell(f"approvals approve {asked.approval_id} {WHY} {seen}")
    later = await shell("approvals list")

    for said in (listed, mine):
        assert all(word in said.text for word in (asked.approval_id, REFUND[:8], "80000 GBP", "web", "admin")), (
            said.text
        )
    for line in (
        f"subject     refund {REFUND}, 80000 GBP",
        "asked by    web",
        '"reason":"lost"',
        f"hash        {asked.content_hash}",
        "status      pending",
        "step 1      support: approved by sue at 2026-11-26T09:00:00.000Z",
        "step 2      admin, passed on from finance: due ",
    ):
        assert line in shown.text
    assert done.text == f"{asked.approval_id} is approved\n"
    assert asked.approval_id not in later.text
    assert await refunds.rows(
        "select subject, facts ->> 'verdict' from audit where action = 'approvals:write' and actor = 'operator'"
    ) == [("ada", "approved")]


async def test_a_no_ends_it(shell: Shell, refunds: Refunds) -> None:
    asked = await refunds.ask(800)
    await refunds.rows("update approval_step set role = 'admin' where number = 0 returning 1")

    done = await shell(f"approvals reject {asked.approval_id} {WHY} --hash {asked.content_hash}")
    listed = await shell("approvals list --status rejected --kind refund")

    assert done.text == f"{asked.approval_id} is rejected\n"
    assert asked.approval_id in listed.text


async def test_what_cannot_be_decided_is_told(shell: Shell, refunds: Refunds) -> None:
    asked = await refunds.ask(800)
    own = await refunds.ask(800, subject="rfd_2", asker=Asker("ada", "ada"))
    small = await refunds.ask(50, subject="rfd_3")
    absent = "apr_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"

    for line, told in (
        (f"approve {asked.approval_id} {WHY} --hash {asked.content_hash}", "this step needs the role support"),
        (f"approve {asked.approval_id} {WHY} --hash abc", "what you have seen is not what is to be approved"),
        (f"approve {asked.approval_id} --reason no --hash abc", "--reason: say it in 3 to 500 characters"),
        (f"reject {own.approval_id} {WHY} --hash {own.content_hash}", "whoever asked for it decides no step"),
        (f"reject {small.approval_id} {WHY} --hash {small.content_hash}", "the approval is approved"),
        (f"approve {absent} {WHY} --hash abc", f"there is no approval {absent}"),
        (f"show {absent}", f"there is no approval {absent}"),
    ):
        said = await shell(f"approvals {line}")
        assert (said.code != 0, told in said.text) == (True, True), said.text
    assert "approved, by policy" in (await shell(f"approvals show {small.approval_id}")).text
    assert await refunds.rows("select 1 from approval_step where verdict is not null") == []

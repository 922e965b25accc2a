"""What came beyond an order, decided at the shell by an admin, and what it says while others have to agree."""

from dataclasses import replace

import psycopg

from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.billed import Payers, ordered, works_of
from tests.resources.delivered import Dock, came, goods_body
from tests.resources.supplied import Buyers

SEEN = "--evidence 'eleven lamps at the dock, we can sell them'"


async def test_what_others_have_to_agree_to_is_said_and_then_done(gate: Gate, shell: Shell) -> None:
    bob, works = await Buyers.operator(gate, "bob", "buyer"), await works_of(gate)
    ann, rita = await Buyers.operator(gate, "ann", "approver"), await Buyers.operator(gate, "rita", "receiver")
    po_id = await ordered(bob, works, "PO-1", 10, price=49_900)
    await Dock(rita).receive(po_id, goods_body("WE-1", came(11)))
    (found,) = await Payers(bob).exceptions("over_receipt")
    exception_id, of_all = found["exception_id"], "--class suppliers/over_receipt --code over_receipt"

    shown = await shell(f"exceptions show {exception_id}")
    asked = await shell(f"exceptions act {exception_id} accept {SEEN}")
    (waiting,) = await Payers(bob).exceptions("over_receipt")
    approval_id = waiting["evidence"]["approval_id"]
    all_asked = await shell(f"exceptions act-all accept {of_all} {SEEN}")
    await ann.decide(approval_id)
    done = await shell(f"exceptions act {exception_id} accept {SEEN}")

    assert "actions     accept, refuse\n" in shown.text
    waits = f"waits for {approval_id}; once it is approved, say so again"
    assert asked.text == f"{exception_id} {waits}: accept\n"
    assert all_asked.text == f"{exception_id} {po_id}: accept: {waits}\n1 done, 0 refused\n"
    assert done.text == f"{exception_id} is resolved: accept\n"


async def test_those_who_buy_decide_at_the_shell_what_is_in_their_own_queue(gate: Gate, shell: Shell) -> None:
    bob, works = await Buyers.operator(gate, "bob", "buyer"), await works_of(gate)
    rita = await Buyers.operator(gate, "rita", "receiver")
    po_id = await ordered(bob, works, "PO-1", 10)
    await Dock(rita).receive(po_id, goods_body("WE-1", came(11)))
    (found,) = await Payers(bob).exceptions("over_receipt")
    command = f"exceptions act {found['exception_id']} refuse {SEEN}"

    refused = await (await _shell_of(gate, shell, "pia", "accounts_payable"))(command)
    done = await (await _shell_of(gate, shell, "bea", "buyer"))(command)

    assert (refused.code, "in the queue of buyer" in refused.text) == (1, True)
    assert done.text == f"{found['exception_id']} is resolved: refuse\n"


async def test_what_is_being_worked_on_is_refused_and_the_others_are_done(
    gate: Gate, shell: Shell, database_url: str
) -> None:
    bob, works = await Buyers.operator(gate, "bob", "buyer"), await works_of(gate)
    rita = await Buyers.operator(gate, "rita", "receiver")
    orders = [await ordered(bob, works, number, 10) for number in ("PO-1", "PO-2")]
    for number, po_id in enumerate(orders):
        await Dock(rita).receive(po_id, goods_body(f"WE-{number}", came(11)))

    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute("select from purchase_order where po_id = %s for update", (orders[0],))
        done = await shell(f"exceptions act-all refuse --class suppliers/over_receipt --code over_receipt {SEEN}")

    assert (done.code, done.text.splitlines()[-1]) == (1, "1 done, 1 refused"), done.text
    assert f"{orders[0]}: refused: the order is being worked on; repeat the request" in done.text


async def _shell_of(gate: Gate, shell: Shell, name: str, role: str) -> Shell:
    someone = await gate.operator(name, role)
    named = {"OMNIGATE_OPERATOR_ID": someone.client_id, "OMNIGATE_OPERATOR_SECRET": someone.client_secret}
    return replace(shell, environment={**shell.environment, **named})

"""`omnigate operators` and `exceptions`: who may type what, and what becomes of it."""

from dataclasses import replace

import pytest

from gateway.partners.registry import Credentials
from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.desk import parked
from tests.resources.shop import Shop

SEEN = "--evidence 'seen in the ERP, ticket 812'"


@pytest.fixture
async def web(gate: Gate) -> Shop:
    return await Shop.open(gate, "web")


def as_operator(shell: Shell, credentials: Credentials) -> Shell:
    named = {
        "OMNIGATE_OPERATOR_ID": credentials.client_id,
        "OMNIGATE_OPERATOR_SECRET": credentials.client_secret,
    }
    return replace(shell, environment={**shell.environment, **named})


def printed(text: str) -> Credentials:
    told = dict(line.split()[:2] for line in text.splitlines())
    return Credentials(told["operator"], told["OMNIGATE_OPERATOR_ID"], told["OMNIGATE_OPERATOR_SECRET"])


async def test_an_admin_adds_an_operator_who_can_do_what_the_role_says(gate: Gate, shell: Shell) -> None:
    await gate.partner("web")
    added = await shell("operators add olga --role support")
    olga = as_operator(shell, printed(added.text))

    refused = await olga("partners suspend web")
    listed = await shell("operators list")
    changed = await shell("operators change olga --role platform")
    done = await olga("partners suspend web")

    assert (refused.code, "needs the role admin or platform; olga is support" in refused.text) == (1, True)
    assert "olga" in listed.text
    assert (changed.text, done.text) == ("olga is platform\n", "web is suspended\n")


async def test_the_first_operator_needs_no_other(gate: Gate, shell: Shell) -> None:
    async with gate.database.connection() as connection:
        await connection.execute("delete from operator")
    nobody = replace(shell, environment={**shell.environment, "OMNIGATE_OPERATOR_ID": ""})

    first = await nobody("operators add eve --role admin")
    second = await nobody("operators add bob --role admin")

    assert (first.code, second.code) == (0, 1)
    assert "OMNIGATE_OPERATOR_ID" in second.text


async def test_whoever_is_suspended_or_has_the_wrong_secret_types_in_vain(gate: Gate, shell: Shell) -> None:
    olga = printed((await shell("operators add olga --role admin")).text)
    wrong = await as_operator(shell, replace(olga, client_secret="guessed"))("operators suspend ada")
    new = printed((await shell("operators rotate-secret olga --now")).text.rpartition("an older")[0])
    old = await as_operator(shell, olga)("operators suspend ada")
    suspended = await shell("operators suspend olga")
    out = await as_operator(shell, new)("operators suspend ada")
    resumed = await shell("operators resume olga")

    for said in (wrong, old, out):
        assert (said.code, said.text) == (1, "omnigate: no active operator has this client id and secret")
    assert (suspended.text, resumed.text) == ("olga is suspended\n", "olga may act again\n")
    assert (await as_operator(shell, new)("operators suspend ada")).code == 0


async def test_an_exception_is_listed_shown_and_mended(web: Shop, shell: Shell) -> None:
    order_id, exception_id = await parked(web)

    listed = await shell("exceptions list --class integration/timeout --owner support")
    shown = await shell(f"exceptions show {exception_id}")
    wrong = await shell(f"exceptions act {exception_id} reroute {SEEN}")
    done = await shell(f"exceptions act {exception_id} retry {SEEN}")
    after = await shell(f"exceptions show {exception_id}")

    assert exception_id in listed.text
    assert f"subject     {order_id}\n" in shown.text
    assert "actions     retry, resolve, compensate, abandon\n" in shown.text
    assert (wrong.code, "it offers retry, resolve, compensate, abandon" in wrong.text) == (1, True)
    assert done.text == f"{exception_id} is resolved: retry\n"
    assert '"operator":"ada"' in after.text
    assert await web.rows("select subject, action from audit where resource = %s", exception_id) == [
        ("ada", "exceptions:write")
    ]


async def test_all_of_one_cause_are_mended_and_what_is_refused_is_told(web: Shop, shell: Shell) -> None:
    found = [await parked(web) for _ in range(2)]
    cause = "--class integration/timeout --code deadline_passed"

    refused = await shell(f"exceptions act-all resolve {cause} --as failed {SEEN}")
    done = await shell(f"exceptions act-all retry {cause} {SEEN}")

    assert (refused.code, refused.text.count(": refused: "), done.code) == (1, 2, 0)
    assert {f"{exception_id} {order_id}: retry" for order_id, exception_id in found} < set(done.text.splitlines())
    assert done.text.endswith("2 done, 0 refused\n")


async def test_mending_a_workflow_settles_its_exception(web: Shop, shell: Shell) -> None:
    order_id, exception_id = await parked(web)

    await shell(f"workflows abandon {order_id} {SEEN}")

    shown = await shell(f"exceptions show {exception_id}")
    assert '"action":"abandon"' in shown.text
    assert '"operator":"ada"' in shown.text


async def test_an_unknown_exception_is_named(shell: Shell) -> None:
    said = await shell(f"exceptions act xcp_nowhere retry {SEEN}")

    assert (said.code, "xcp_nowhere" in said.text) == (1, True)

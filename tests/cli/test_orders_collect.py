"""`omnigate orders collect`: in the name of whoever types, with the customer's code or, of an approver, without."""

from dataclasses import replace

import pytest

from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.offers import CODE, WRONG, ready
from tests.resources.shop import Shop

WITHOUT = "--without-code --reason 'the passport and the card fit'"


@pytest.fixture
async def web(gate: Gate) -> Shop:
    return await Shop.open(gate, "web")


async def put_aside(shop: Shop) -> str:
    """The order and its part that can be fetched, as they are typed."""
    order_id = (await shop.place())["order_id"]
    return f"{order_id} {await ready(shop.gate.database, order_id)}"


async def of(shell: Shell, gate: Gate, role: str) -> Shell:
    """The shell of an operator with that role."""
    someone = await gate.operator(f"is-{role}", role)
    named = {"OMNIGATE_OPERATOR_ID": someone.client_id, "OMNIGATE_OPERATOR_SECRET": someone.client_secret}
    return replace(shell, environment={**shell.environment, **named})


async def test_goods_are_handed_over_by_hand(web: Shop, shell: Shell) -> None:
    where = await put_aside(web)

    done = await shell(f"orders collect {where}", given=f"{CODE}\n")
    again = await shell(f"orders collect {where}", given=f"{CODE}\n")

    assert (done.code, again.text) == (0, done.text)
    assert done.text.startswith(f"{where.split()[1]} was handed over at 2")
    assert await web.rows("select kind, source from signal") == [("collected", "store:ada")]
    assert await web.rows(
        "select subject, facts ->> 'outcome', (facts ->> 'changed')::boolean from audit"
        " where action = 'handovers:write' order by audit_id"
    ) == [("ada", "collected", True), ("ada", "collected", False)]


async def test_a_wrong_code_counts_here_too(web: Shop, shell: Shell) -> None:
    where = await put_aside(web)

    said = [await shell(f"orders collect {where}", given=WRONG) for _ in range(4)]
    fifth, sixth = [await shell(f"orders collect {where}", given=given) for given in (WRONG, CODE)]

    assert said[-1].text == "omnigate: this is not the customer's code; 1 try is left"
    assert fifth.text.endswith("0 tries are left")
    assert "5 wrong codes were tried" in sixth.text
    assert await web.rows("select wrong, collected_at from pickup") == [(5, None)]
    assert await web.rows("select count(*) from audit where facts ->> 'outcome' = 'wrong_code'") == [(5,)]


async def test_an_approver_hands_over_without_the_code(gate: Gate, web: Shop, shell: Shell) -> None:
    where = await put_aside(web)
    support, approver = await of(shell, gate, "support"), await of(shell, gate, "approver")

    refused, done = (
        await support(f"orders collect {where} {WITHOUT}"),
        await approver(f"orders collect {where} {WITHOUT}"),
    )

    assert (refused.code, "this needs the role admin or approver" in refused.text) == (1, True)
    assert done.code == 0, done.text
    assert await web.rows("select subject, facts ->> 'reason' from audit where action = 'handovers:write'") == [
        ("is-approver", "the passport and the card fit")
    ]


@pytest.mark.parametrize(
    ("options", "given", "told"),
    [
        ("", "12345", "a code is 6 to 8 digits"),
        ("", "", "a code is 6 to 8 digits"),
        ("--without-code", "", "--reason: say why without the code in 3 to 500 characters"),
        ("--without-code --reason no", "", "--reason: say why without the code"),
        ("--reason 'in a hurry'", CODE, "--reason: says why there is no code; add --without-code"),
    ],
)
async def test_what_cannot_be_handed_over_is_told(web: Shop, shell: Shell, options: str, given: str, told: str) -> None:
    where = await put_aside(web)

    said = await shell(f"orders collect {where} {options}", given=given)

    assert (said.code, told in said.text) == (1, True), said.text
    assert await web.rows("select wrong, collected_at from pickup") == [(0, None)]


async def test_what_is_not_ready_is_named(web: Shop, shell: Shell) -> None:
    order_id, part = (await put_aside(web)).split()

    for where in (f"ord_1 {part}", f"{order_id} ful_1"):
        said = await shell(f"orders collect {where}", given=CODE)
        assert said.text == f"omnigate: {where.replace(' ', ' has no part ')} that is ready to be fetched"


async def test_who_may_only_look_hands_nothing_over(gate: Gate, web: Shop, shell: Shell) -> None:
    where = await put_aside(web)
    viewer = await of(shell, gate, "viewer")

    said = await viewer(f"orders collect {where}", given=CODE)

    assert (said.code, "is-viewer is viewer" in said.text) == (1, True)

"""`omnigate orders hold`, `unhold` and `holds`: in the name of whoever types, and of nobody else."""

from dataclasses import replace

import pytest

from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.shop import Shop

WHY = "--reason 'the postal code is of another city'"
NOW_RIGHT = "--reason 'the customer has sent the right one'"


@pytest.fixture
async def web(gate: Gate) -> Shop:
    return await Shop.open(gate, "web")


async def held(shell: Shell, order_id: str) -> str:
    said = await shell(f"orders hold {order_id} --type address {WHY}")
    assert said.code == 0, said.text
    return said.text.split()[-1]


async def test_an_order_is_held_and_released_by_hand(web: Shop, shell: Shell) -> None:
    order_id = (await web.place())["order_id"]

    hold_id = await held(shell, order_id)
    seen = (await web.get(f"/v1/orders/{order_id}")).json()
    done = await shell(f"orders unhold {order_id} {hold_id} {NOW_RIGHT}")
    again = await shell(f"orders unhold {order_id} {hold_id} {NOW_RIGHT}")

    assert [(each["hold_id"], each["type"]) for each in seen["holds"]] == [(hold_id, "address")]
    assert (done.text, again.text) == (f"{hold_id} is released\n", f"{hold_id} is released\n")
    assert "holds" not in (await web.get(f"/v1/orders/{order_id}")).json()
    assert await web.rows(
        "select subject, action, facts ->> 'state', (facts ->> 'changed')::boolean from audit"
        " where resource = %s and actor = 'operator' order by audit_id",
        order_id,
    ) == [
        ("ada", "holds:write", "open", True),
        ("ada", "holds:write", "released", True),
        ("ada", "holds:write", "released", False),
    ]


async def test_all_of_an_orders_holds_are_listed(web: Shop, shell: Shell) -> None:
    order_id = (await web.place())["order_id"]
    first = await held(shell, order_id)
    await shell(f"orders unhold {order_id} {first} {NOW_RIGHT}")
    await shell(f"orders hold {order_id} --type fraud {WHY} --until 2099-01-01T00:00:00+01:00")

    listed = await shell(f"orders holds {order_id}")

    newer, older = [line for line in listed.text.splitlines() if "hld_" in line]
    assert all(word in newer for word in ("fraud", "open", "ada", "2098-12-31T23:00:00.000Z"))
    assert all(word in older for word in (first, "address", "released", "the customer has sent the right one"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--type address --reason no", "--reason: say it in 3 to 500 characters"),
        (f"--type address {WHY} --until tomorrow", "--until: 'tomorrow' is no moment"),
        (f"--type address {WHY} --until 2099-01-01T00:00:00", "says no offset"),
        (f"--type address {WHY} --until 2020-01-01T00:00:00Z", "would be over before it began"),
        (f"--type whim {WHY}", "'whim' is not one of"),
    ],
)
async def test_what_cannot_be_a_hold_is_told(web: Shop, shell: Shell, options: str, told: str) -> None:
    order_id = (await web.place())["order_id"]

    said = await shell(f"orders hold {order_id} {options}")

    assert said.code != 0
    assert told in said.text
    assert await web.rows("select 1 from order_hold") == []


async def test_what_is_not_there_is_named(web: Shop, shell: Shell) -> None:
    order_id = (await web.place())["order_id"]

    for line in (f"orders hold ord_1 --type tax {WHY}", f"orders unhold ord_1 hld_1 {WHY}", "orders holds ord_1"):
        assert (await shell(line)).text.startswith("omnigate: there is no order ord_1"), line
    unknown = await shell(f"orders unhold {order_id} hld_1 {WHY}")

    assert unknown.text.startswith(f"omnigate: {order_id} has no hold hld_1")


async def test_who_may_only_look_holds_nothing(web: Shop, shell: Shell) -> None:
    order_id = (await web.place())["order_id"]
    vera = await web.gate.operator("vera", "viewer")
    named = {"OMNIGATE_OPERATOR_ID": vera.client_id, "OMNIGATE_OPERATOR_SECRET": vera.client_secret}
    of_viewer = replace(shell, environment={**shell.environment, **named})

    said = await of_viewer(f"orders hold {order_id} --type fraud {WHY}")

    assert (said.code, "vera is viewer" in said.text) == (1, True)

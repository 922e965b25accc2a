"""`omnigate inventory audit`: what does not agree is shown, and mended when somebody says so under their name."""

import pytest

from gateway.domain.time import rfc3339
from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.inventory.desk import Desk, line, wish
from tests.resources.inventory.stocked import Stocked
from tests.resources.shop import order_body


@pytest.fixture
async def stocked(gate: Gate) -> Stocked:
    opened = await Stocked.open(gate, "looks")
    await opened.counted(LAMP=5, ago=60)
    return opened


@pytest.fixture
async def desk(gate: Gate) -> Desk:
    return await Desk.open(gate, "web")


async def counters(desk: Desk) -> list[tuple[int, ...]]:
    return await desk.rows("select reserved, reserved_soft from stock_position")


async def test_what_agrees_is_left_alone(stocked: Stocked, desk: Desk, shell: Shell) -> None:
    await stocked.ordered("ord_1", LAMP=1)
    await stocked.shipped("ord_1", stocked.gate.clock())
    over = await desk.reserve(line("LAMP"))
    await desk.passes(over)
    firm = await desk.reserve(line("LAMP", 2), kind="firm")
    await desk.changed(firm, "consume", {"lines": [{"line_id": "1", "quantity": 1}]})

    said = await shell("inventory audit")

    assert (said.code, said.text.strip()) == (0, "everything agrees")


async def test_counters_are_set_to_what_is_written_down(stocked: Stocked, desk: Desk, shell: Shell) -> None:
    await desk.reserve(line("LAMP"), kind="firm")
    await desk.reserve(line("LAMP"))
    await stocked.sql("update stock_position set reserved = 4, reserved_soft = 0")
    about = "'inventory/divergence', 'counter_mismatch', 'LAMP@main/new'"
    await stocked.sql(f"select open_exception('xcp_1', {about}, '{{}}', '{{resolve}}', now())")

    found = await shell("inventory audit")
    shown = await shell("inventory audit --repair")
    before = await counters(desk)
    mended = await shell("inventory audit --repair --yes")

    assert (found.code, shown.code, before) == (1, 1, [(4, 0)])
    assert "counter_mismatch LAMP@main/new" in found.text
    assert "set LAMP@main/new: reserved 4 -> 1, reserved_soft 0 -> 1" in shown.text
    assert (mended.code, await counters(desk)) == (0, [(1, 1)])
    assert (await shell("inventory audit")).code == 0
    assert await desk.rows("select state from exception") == [("resolved",)]
    assert await desk.rows("select actor, subject, resource from audit where action = 'inventory:repair'") == [
        ("operator", "ada", "LAMP@main/new")
    ]


async def test_what_an_order_that_has_ended_still_holds_is_released(
    stocked: Stocked, gate: Gate, desk: Desk, shell: Shell
) -> None:
    body = order_body(channel="web-uk", placed_at=rfc3339(gate.clock()))
    placed = await gate.http.post("/v1/orders", json=body, headers=desk.keyed())
    wanted = {**wish(line("LAMP", 2), kind="firm"), "holder": {"type": "order", "id": placed.json()["order_id"]}}
    made = (await desk.ask(wanted)).json()
    await stocked.sql("update orders set status = 'cancelled'")

    shown = await shell("inventory audit --repair")
    mended = await shell("inventory audit --repair --yes")

    assert f"phantom_reservation {made['reservation_id']}: release 2 of" in shown.text
    assert (mended.code, "1 mended" in mended.text) == (0, True)
    assert ((await desk.read(made))["state"], await counters(desk)) == ("released", [(0, 0)])
    assert (await shell("inventory audit")).code == 0


async def test_whoever_has_the_database_may_look_and_only_an_operator_repairs(
    stocked: Stocked, gate: Gate, shell: Shell
) -> None:
    support = await gate.operator("sue", "support")
    named = {"OMNIGATE_OPERATOR_ID": support.client_id, "OMNIGATE_OPERATOR_SECRET": support.client_secret}
    nobody = dict.fromkeys(named, "")
    await stocked.sql("update stock_position set reserved = 4")

    looked = await Shell({**shell.environment, **nobody})("inventory audit")
    refused = [await Shell({**shell.environment, **who})("inventory audit --repair --yes") for who in (named, nobody)]

    assert (looked.code, "1 found" in looked.text) == (1, True)
    assert [said.text.startswith("omnigate: ") for said in refused] == [True, True]
    assert (await shell("inventory audit --yes")).code == 2

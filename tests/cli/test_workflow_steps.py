"""`omnigate workflows steps`: the tables that the code goes by, with what is left to a person."""

import pytest

from gateway.workflows.operations import SAGAS
from tests.cli.shell import Shell

WIDE = {"COLUMNS": "400"}


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]


async def test_every_step_of_every_workflow_is_told_in_its_order() -> None:
    said = await Shell(WIDE)("workflows steps")

    told = cells(said.text)
    assert said.code == 0
    assert [row[0] for row in told] == [step.name for saga in SAGAS.values() for step in saga.steps]
    assert all(row[-1] for row in told), "something is left to a person, or it is said that nothing is"
    assert [line for line in said.text.splitlines() if line.rstrip() in SAGAS]


@pytest.mark.parametrize(
    ("name", "step", "told"),
    [
        ("renew", "hold_again", ["payments", "R2", "3600 s", "void"]),
        ("fulfil.v2", "release_to_warehouse", ["wms", "R2", "86400 s", "cancel, may be refused"]),
        ("collect.v2", "await_collection", ["store", "waits", "604800 s", ""]),
        ("place_order.v4", "reserve_stock", ["omnigate", "with the journal", "", "release_stock"]),
        ("ship_from_store.v2", "buy_label", ["carrier", "not connected", "not connected", "void, may be refused"]),
    ],
)
async def test_a_step_says_with_whom_how_often_how_long_and_undone_how(name: str, step: str, told: list[str]) -> None:
    said = await Shell(WIDE)(f"workflows steps {name}")

    assert [row[1:5] for row in cells(said.text) if row[0] == step] == [told]


async def test_a_workflow_that_there_is_not_is_refused() -> None:
    said = await Shell(WIDE)("workflows steps fullfil")

    assert said.code == 1
    assert said.text.startswith(
        "omnigate: there is no workflow 'fullfil'; known are book_receipt, collect, end_purchase, fulfil, "
    )

"""A file of a source's numbers becomes stock; what cannot be read is told with its line."""

from pathlib import Path

from tests.cli.shell import Shell
from tests.gate import Gate

AS_OF = "--as-of 2026-03-02T12:00:00Z"


async def stock(gate: Gate) -> list[tuple[str, int]]:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select sku, on_hand from stock_position order by sku")
        return [(sku, on_hand) for sku, on_hand in await cursor.fetchall()]


async def acts(gate: Gate) -> list[tuple[str, str]]:
    async with gate.database.connection() as connection:
        cursor = await connection.execute(
            "select subject, action from audit where action like 'inventory%' order by at"
        )
        return [(subject, action) for subject, action in await cursor.fetchall()]


async def test_a_file_becomes_stock_once(shell: Shell, gate: Gate, tmp_path: Path) -> None:
    file = tmp_path / "stock.jsonl"
    file.write_text(
        '{"sku": "lamp", "node_id": "main", "on_hand": 5}\n'
        '{"sku": "vase", "node_id": "main"}\n\n'
        '{"sku": "tray", "node_id": "main", "on_hand": 2}\n'
    )

    first = await shell(f"inventory load {file} --source wms {AS_OF}")
    again = await shell(f"inventory load {file} --source wms {AS_OF}")

    assert first.text.splitlines() == [
        "line 2: 'on_hand' must be whole units, -100000000 to 100000000",
        "applied: 2 rows applied, 2 positions changed, 1 lines faulty",
    ]
    assert again == first
    assert await stock(gate) == [("LAMP", 5), ("TRAY", 2)]
    assert await acts(gate) == [("ada", "inventory:feed"), ("ada", "inventory:feed")]


async def test_a_file_that_cannot_be_loaded_is_refused_with_the_mend(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "stock.jsonl"
    file.write_text('{"sku": "lamp", "node_id": "main", "on_hand": 5}\n')

    told = await shell(f"inventory load {file} --source oracle {AS_OF}")

    assert told.text == "omnigate: --source oracle: there is no such source; make it first"


async def test_whoever_may_not_correct_stock_loads_none(shell: Shell, gate: Gate, tmp_path: Path) -> None:
    olga = await gate.operator("olga", "support")
    theirs = {"OMNIGATE_OPERATOR_ID": olga.client_id, "OMNIGATE_OPERATOR_SECRET": olga.client_secret}
    file = tmp_path / "stock.jsonl"
    file.write_text('{"sku": "lamp", "node_id": "main", "on_hand": 5}\n')

    told = await Shell({**shell.environment, **theirs})(f"inventory load {file} --source wms {AS_OF}")

    assert "inventory_controller" in told.text
    assert (await stock(gate), await acts(gate)) == ([], [])

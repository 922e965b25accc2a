"""`omnigate inventory nodes`: a file of nodes, taken over whole or not at all."""

from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.gate import Gate

FILE = """nodes:
  dc-north:
    type: dc
    name: The north
    timezone: Europe/London
    source_id: wms
    cutoffs:
      - at: "15:00"
  store-leeds:
    type: store
    name: Leeds
    timezone: Europe/London
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nodes.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


async def test_a_file_is_taken_over_once(gate: Gate, shell: Shell, file: Path) -> None:
    first = await shell(f"inventory nodes load {file}")
    again = await shell(f"inventory nodes load {file}")
    listed = await shell("inventory nodes list")

    assert (first.text, again.text) == ("2 nodes, 2 of them new or changed\n", "2 nodes, 0 of them new or changed\n")
    assert all(name in listed.text for name in ("dc-north", "store-leeds", "main"))
    async with gate.database.connection() as connection:
        audited = await (await connection.execute("select subject, resource from audit order by 2")).fetchall()
    assert [row for row in audited if row[1].startswith("node:")] == [
        ("ada", "node:dc-north"),
        ("ada", "node:store-leeds"),
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        (
            "Europe/London\n    source",
            "Europe/Atlantis\n    source",
            "nodes.yaml:5: node 'dc-north': #/timezone is not",
        ),
        ('"15:00"', '"25:00"', "nodes.yaml:8: node 'dc-north': #/cutoffs/0/at must match the pattern"),
        ("type: store", "type: shop", "nodes.yaml:10: node 'store-leeds': #/type must be one of"),
        ("dc-north", "DC North", "nodes.yaml:2: node 'DC North': /path/node_id must match the pattern"),
        ("source_id: wms", "source_id: oracle", "node 'dc-north': there is no source 'oracle'; nothing was changed"),
    ],
)
async def test_a_file_with_a_fault_changes_nothing(
    shell: Shell, file: Path, was: str, becomes: str, message: str
) -> None:
    file.write_text(FILE.replace(was, becomes, 1), encoding="utf-8")

    refused = await shell(f"inventory nodes load {file}")
    listed = await shell("inventory nodes list")

    assert (refused.code, message in refused.text) == (1, True), refused.text
    assert "store-leeds" not in listed.text

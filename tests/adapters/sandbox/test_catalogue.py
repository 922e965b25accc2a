"""Reading a catalogue file: what is right, and what is said about what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox import EXAMPLE_CATALOGUE, CatalogueError, Product, load_catalogue


def test_a_catalogue_is_read_with_and_without_gtins(tmp_path: Path) -> None:
    file = tmp_path / "articles.csv"
    file.write_text("sku,gtin,on_hand\nLAMP-7,9521234500018,5\n85123A,,0\n")

    assert load_catalogue(file) == (Product("LAMP-7", "9521234500018", 5), Product("85123A", None, 0))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: the columns must be sku,gtin,on_hand"),
        ("sku,on_hand\nA,1\n", "line 1: the columns must be sku,gtin,on_hand"),
        ("sku,gtin,on_hand\n", "no articles"),
        ("sku,gtin,on_hand\nA,,1\na,,2\n", "line 3: 'a' was given in line 2"),
        ("sku,gtin,on_hand\n,,1\n", "line 2: 'sku' must have"),
        ("sku,gtin,on_hand\nA,9521234500019,1\n", "line 2: '9521234500019' is no GTIN"),
        ("sku,gtin,on_hand\nA,,-1\n", "line 2: 'on_hand' must be a whole number"),
        ("sku,gtin,on_hand\nA,,1.5\n", "line 2: 'on_hand' must be a whole number"),
        ("sku,gtin,on_hand,leeds\nA,,1,1\n", "line 1: 'leeds' must be on_hand@NODE"),
        ("sku,gtin,on_hand,on_hand@main\nA,,1,1\n", "line 1: 'on_hand@main' must be on_hand@NODE, each node once"),
        ("sku,gtin,on_hand,on_hand@leeds\nA,,1,x\n", "line 2: 'on_hand@leeds' must be a whole number"),
        ("sku,gtin,on_hand\nA,\n", "line 2: expected 3 columns"),
        ("sku,gtin,on_hand\nA,,1,2\n", "line 2: expected 3 columns"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "articles.csv"
    file.write_text(text)

    with pytest.raises(CatalogueError) as error:
        load_catalogue(file)

    assert complaint in str(error.value)
    assert str(file) in str(error.value)


def test_a_column_for_each_further_node_says_what_lies_there(tmp_path: Path) -> None:
    file = tmp_path / "articles.csv"
    file.write_text("sku,gtin,on_hand,on_hand@leeds,on_hand@ghent\nLAMP-7,,5,2,0\nMUG,,1,,3\n")

    assert load_catalogue(file) == (
        Product("LAMP-7", None, 5, (("leeds", 2), ("ghent", 0))),
        Product("MUG", None, 1, (("ghent", 3),)),
    )


def test_an_absent_catalogue_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="No such file"):
        load_catalogue(tmp_path / "none.csv")


def test_the_example_catalogue_is_a_right_one(tmp_path: Path) -> None:
    file = tmp_path / "articles.csv"
    rows = "".join(f"{product.sku},{product.gtin},{product.on_hand}\n" for product in EXAMPLE_CATALOGUE)
    file.write_text("sku,gtin,on_hand\n" + rows)

    assert load_catalogue(file) == EXAMPLE_CATALOGUE


async def test_loading_again_keeps_the_stock_there_is(open_sandbox: Any) -> None:
    async with open_sandbox() as sandbox:
        shipment = (await sandbox.release(quantity=4)).json()["id"]
        await sandbox.post("/wms/_ship", {"shipment_id": shipment})

    async with open_sandbox(catalogue=(Product("lamp-7", None, 100), Product("NEW-1", None, 1))) as sandbox:
        assert await sandbox.on_hand("LAMP-7") == 6
        assert await sandbox.on_hand("NEW-1") == 1

"""The articles the pretend ERP and warehouse know, and how many of each lie on the shelves of which node."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.sandbox.ledger import Ledger
from adapters.sandbox.shelves import MAIN, stock_shelf

COLUMNS = ("sku", "gtin", "on_hand")
ELSEWHERE = re.compile(r"on_hand@([a-z0-9][a-z0-9-]{1,39})")  # a column for each node beside the main one
GTIN_LENGTHS = (8, 12, 13, 14)


class CatalogueError(Exception):
    """The catalogue file cannot be read; says which line and what would be right."""


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    gtin: str | None
    on_hand: int  # at the main node
    elsewhere: tuple[tuple[str, int], ...] = ()  # node and quantity


# What the sandbox knows when nobody hands it a catalogue; the GTINs lie in the range GS1 keeps for examples.
EXAMPLE_CATALOGUE = (
    Product("LAMP-7", "9521234500018", 5000),
    Product("LAMP-9", "9521234500025", 5000),
    Product("KETTLE-2", "9521234500032", 5000),
    Product("TOASTER-4", "9521234500049", 5000),
    Product("MUG-RED", "9521234500056", 20000),
    Product("MUG-BLUE", "9521234500063", 20000),
    Product("CHAIR-OAK", "9521234500070", 500),
    Product("LAST-ONE", "9521234500087", 1),
)


def load_catalogue(path: Path) -> tuple[Product, ...]:
    """Read a CSV file with the columns sku, gtin (may be empty), on_hand, and on_hand@NODE for each further node."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            products = tuple(_read(file, path))
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not UTF-8 text") from error
    if not products:
        raise CatalogueError(f"{path}: no articles; write a line like LAMP-7,9521234500018,100")
    return products


def _read(file: Iterator[str], path: Path) -> Iterator[Product]:
    rows = csv.DictReader(file)
    nodes = _nodes(tuple(rows.fieldnames or ()), f"{path}, line 1")
    seen: dict[str, int] = {}
    for row in rows:
        product = _product(row, nodes, f"{path}, line {rows.line_num}")
        first = seen.setdefault(product.sku.upper(), rows.line_num)
        if first != rows.line_num:
            raise CatalogueError(f"{path}, line {rows.line_num}: '{product.sku}' was given in line {first}")
        yield product


def _nodes(columns: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The nodes beside the main one, in the order of their columns."""
    if columns[: len(COLUMNS)] != COLUMNS:
        raise CatalogueError(f"{where}: the columns must be {','.join(COLUMNS)}")
    nodes: list[str] = []
    for column in columns[len(COLUMNS) :]:
        named = ELSEWHERE.fullmatch(column)
        if named is None or named[1] in (MAIN, *nodes):
            raise CatalogueError(f"{where}: '{column}' must be on_hand@NODE, each node once, like on_hand@leeds")
        nodes.append(named[1])
    return tuple(nodes)


def _product(row: dict[str, str | None], nodes: Sequence[str], where: str) -> Product:
    columns = (*COLUMNS, *(f"on_hand@{node}" for node in nodes))
    if None in row or None in row.values():
        raise CatalogueError(f"{where}: expected {len(columns)} columns: {','.join(columns)}")
    sku, gtin, *counts = (str(row[name]).strip() for name in columns)
    if not sku or len(sku) > 200:
        raise CatalogueError(f"{where}: 'sku' must have 1 to 200 characters")
    if gtin and not _is_gtin(gtin):
        raise CatalogueError(f"{where}: '{gtin}' is no GTIN (8, 12, 13 or 14 digits with a right check digit)")
    for column, count in zip(columns[2:], counts, strict=True):
        if not (_is_count(count) or (not count and column != "on_hand")):
            raise CatalogueError(f"{where}: '{column}' must be a whole number of at least 0, not '{count}'")
    elsewhere = tuple((node, int(count)) for node, count in zip(nodes, counts[1:], strict=True) if count)
    return Product(sku, gtin or None, int(counts[0]), elsewhere)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def _is_gtin(digits: str) -> bool:
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


def stock_shelves(ledger: Ledger, products: tuple[Product, ...]) -> None:
    """Make the articles known, and the nodes at which they lie. Shelves known before keep the stock they have."""
    with ledger.transaction():
        for product in products:
            sku = product.sku.upper()
            ledger.run(
                "INSERT INTO articles (sku, name, gtin) VALUES (?, ?, ?)"
                " ON CONFLICT (sku) DO UPDATE SET gtin = excluded.gtin",
                *(sku, product.sku, product.gtin),
            )
            for node, on_hand in ((MAIN, product.on_hand), *product.elsewhere):
                stock_shelf(ledger, node, sku, on_hand)

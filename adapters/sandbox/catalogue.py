"""The articles the pretend ERP and warehouse know, and how many of each lie on the shelves."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.sandbox.ledger import Ledger

COLUMNS = ("sku", "gtin", "on_hand")
GTIN_LENGTHS = (8, 12, 13, 14)


class CatalogueError(Exception):
    """The catalogue file cannot be read; says which line and what would be right."""


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    gtin: str | None
    on_hand: int


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
    """Read a CSV file with the columns sku, gtin (may be empty) and on_hand."""
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
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise CatalogueError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}")
    seen: dict[str, int] = {}
    for row in rows:
        product = _product(row, f"{path}, line {rows.line_num}")
        first = seen.setdefault(product.sku.upper(), rows.line_num)
        if first != rows.line_num:
            raise CatalogueError(f"{path}, line {rows.line_num}: '{product.sku}' was given in line {first}")
        yield product


def _product(row: dict[str, str | None], where: str) -> Product:
    if None in row or None in row.values():
        raise CatalogueError(f"{where}: expected {len(COLUMNS)} columns: {','.join(COLUMNS)}")
    sku, gtin, on_hand = (str(row[name]).strip() for name in COLUMNS)
    if not sku or len(sku) > 200:
        raise CatalogueError(f"{where}: 'sku' must have 1 to 200 characters")
    if gtin and not _is_gtin(gtin):
        raise CatalogueError(f"{where}: '{gtin}' is no GTIN (8, 12, 13 or 14 digits with a right check digit)")
    if not (on_hand.isascii() and on_hand.isdigit() and len(on_hand) <= 12):
        raise CatalogueError(f"{where}: 'on_hand' must be a whole number of at least 0, not '{on_hand}'")
    return Product(sku, gtin or None, int(on_hand))


def _is_gtin(digits: str) -> bool:
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


def stock_shelves(ledger: Ledger, products: tuple[Product, ...]) -> None:
    """Make the articles known. Those known before keep the stock they have."""
    with ledger.transaction():
        for product in products:
            ledger.run(
                "INSERT INTO stock (sku, name, gtin, on_hand) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (sku) DO UPDATE SET gtin = excluded.gtin",
                *(product.sku.upper(), product.sku, product.gtin, product.on_hand),
            )

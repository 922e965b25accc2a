"""Order files as shops export them: a row an invoice line, read strictly; what is wrong is named by line and column."""

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from gateway.errors import Misconfigured

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
DATE = "%d/%m/%Y %H:%M"
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE",
    "European Community": "EU", "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK",
    "Iceland": "IS", "Israel": "IL", "Italy": "IT", "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT",
    "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE",
    "United Kingdom": "GB", "Unspecified": "ZZ",
}  # fmt: skip

_SKU = re.compile(r"[A-Z0-9._\-/]{1,64}")
_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_NAME = 200  # characters that the contract allows


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file. Codes are in upper case, since SKUs compare without case."""

    line: int
    invoice: str
    code: str
    name: str | None
    quantity: int
    at: datetime
    price: Decimal
    customer: str | None
    country: str

    @property
    def is_product(self) -> bool:
        return _FIVE_DIGITS.match(self.code) is not None


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a .csv or .csv.gz file. Raises `Misconfigured` with line and column of what cannot be read."""
    try:
        with _open(path) as file:
            yield from _rows(file, path)
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path}: not UTF-8 text") from error
    except csv.Error as error:
        raise Misconfigured(f"{path}: not a CSV file: {error}") from error
    except EOFError as error:
        raise Misconfigured(f"{path}: the compressed file is cut off") from error
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror or error}") from error


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _rows(file: TextIO, path: Path) -> Iterator[Row]:
    reader = csv.DictReader(file)
    if absent := set(COLUMNS) - set(reader.fieldnames or ()):
        raise Misconfigured(f"{path}, line 1: no column {', '.join(sorted(absent))}; needed: {', '.join(COLUMNS)}")
    for record in reader:
        yield _Fields(record, f"{path}, line {reader.line_num}").row(reader.line_num)


class _Fields:
    """The cells of one line, each made exact or refused by name."""

    def __init__(self, record: dict[str, str | None], where: str) -> None:
        self.record, self.where = record, where

    def row(self, line: int) -> Row:
        quantity, price = self._integer("Quantity"), self._decimal("UnitPrice")
        row = Row(
            line=line,
            invoice=self._text("InvoiceNo", longest=64),
            code=self._text("StockCode", longest=64).upper(),
            name=self._cell("Description")[:_NAME] or None,
            quantity=quantity,
            at=self._moment("InvoiceDate"),
            price=price,
            customer=self._cell("CustomerID") or None,
            country=self._country("Country"),
        )
        if row.is_product and not _SKU.fullmatch(row.code):
            raise self._wrong("StockCode", "a SKU has letters, digits and . _ - / only")
        return row

    def _cell(self, column: str) -> str:
        cell = self.record[column]
        if cell is None:
            raise Misconfigured(f"{self.where}, column {column}: the line ends before it")
        return cell.strip()

    def _text(self, column: str, *, longest: int) -> str:
        cell = self._cell(column)
        if not 1 <= len(cell) <= longest:
            raise self._wrong(column, f"1 to {longest} characters are needed")
        return cell

    def _integer(self, column: str) -> int:
        try:
            return int(self._cell(column))
        except ValueError:
            raise self._wrong(column, "a whole number is needed") from None

    def _decimal(self, column: str) -> Decimal:
        try:
            value = Decimal(self._cell(column))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise self._wrong(column, "a price like 2.55 is needed")
        return value

    def _moment(self, column: str) -> datetime:
        try:
            return datetime.strptime(self._cell(column), DATE).replace(tzinfo=UTC)
        except ValueError:
            raise self._wrong(column, "a moment like 01/12/2010 08:26 (day first) is needed") from None

    def _country(self, column: str) -> str:
        try:
            return COUNTRIES[self._cell(column)]
        except KeyError:
            raise self._wrong(column, "no country by that name is known; known: " + ", ".join(COUNTRIES)) from None

    def _wrong(self, column: str, right: str) -> Misconfigured:
        return Misconfigured(f"{self.where}, column {column}: '{self._cell(column)}': {right}")

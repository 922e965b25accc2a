"""Order files are read strictly: what is wrong is named by line and column."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.cli.replay_file import COUNTRIES, read_rows
from gateway.errors import Misconfigured
from tests.cli.sheets import HEADER, line, sheet


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
def test_a_row_is_read_whole(tmp_path: Path, name: str) -> None:
    path = sheet(tmp_path, line(code="85123a", country="EIRE"), name=name)

    [row] = read_rows(path)

    assert (row.line, row.invoice, row.code, row.name) == (2, "536365", "85123A", "HOLDER, WHITE")
    assert (row.quantity, row.price, row.customer, row.country) == (6, Decimal("2.55"), "17850", "IE")
    assert row.at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_no_customer_is_a_guest(tmp_path: Path) -> None:
    [row] = read_rows(sheet(tmp_path, line(customer="")))

    assert row.customer is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (line(quantity="six"), "line 3, column Quantity: 'six': a whole number"),
        (line(price="2,55"), "line 3"),
        (line(price="NaN"), "line 3, column UnitPrice: 'NaN': a price like 2.55"),
        (line(at="2010-12-01"), "line 3, column InvoiceDate: '2010-12-01': a moment like 01/12/2010 08:26"),
        (line(country="Atlantis"), "line 3, column Country: 'Atlantis': no country"),
        (line(invoice=""), "line 3, column InvoiceNo: '': 1 to 64 characters"),
        (line(code="85123 A"), "line 3, column StockCode: '85123 A': a SKU has"),
        ("536366,85123A,HOLDER,6", "line 3, column UnitPrice: the line ends before it"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, wrong: str, said: str) -> None:
    path = sheet(tmp_path, line(), wrong)

    with pytest.raises(Misconfigured) as caught:
        list(read_rows(path))

    assert caught.value.detail.startswith(f"{path}, {said}")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = sheet(tmp_path, header=HEADER.replace("UnitPrice", "Price"))

    with pytest.raises(Misconfigured, match="line 1: no column UnitPrice; needed: InvoiceNo"):
        list(read_rows(path))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("latin.csv", HEADER.encode() + b"\n536365,85123A,CAF\xc9,1,", "not UTF-8"),
        ("plain.csv.gz", b"InvoiceNo", "gzip"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "cut off"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Misconfigured, match=said):
        list(read_rows(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere\.csv: No such file"):
        list(read_rows(tmp_path / "nowhere.csv"))


def test_every_country_has_a_code_of_two_letters() -> None:
    assert {len(code) for code in COUNTRIES.values()} == {2}
    assert (COUNTRIES["United Kingdom"], COUNTRIES["EIRE"], COUNTRIES["Channel Islands"]) == ("GB", "IE", "JE")

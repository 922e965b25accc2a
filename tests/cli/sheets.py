"""Order files for tests, written line by line."""

import gzip
from pathlib import Path

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def line(
    invoice: str = "536365",
    code: str = "85123A",
    quantity: str = "6",
    price: str = "2.55",
    *,
    customer: str = "17850",
    at: str = "01/12/2010 08:26",
    country: str = "United Kingdom",
) -> str:
    return f'{invoice},{code},"HOLDER, WHITE",{quantity},{at},{price},{customer},{country}'


def sheet(folder: Path, *lines: str, name: str = "orders.csv", header: str = HEADER) -> Path:
    path = folder / name
    text = "\ufeff" + "\n".join((header, *lines)) + "\n"  # as spreadsheets write it
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path

"""`omnigate orders backordered`: the articles that orders wait for, and whose turn it is."""

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli.acting import reading
from gateway.domain.time import rfc3339
from gateway.store.backorders import awaited


def backordered() -> None:
    """Every article that orders wait for, the longest awaited first, with the order whose turn it is."""
    rows = reading(awaited)
    if not rows:
        typer.echo("no order waits for goods")
        return
    table = Table(
        "SKU", "pieces", "orders", "money not held", "available", Column("oldest order", min_width=30), "received"
    )
    for row in rows:
        counts = (row.pieces, row.orders, row.unpaid, row.available)
        table.add_row(row.sku, *(str(count) for count in counts), row.oldest, rfc3339(row.since))
    Console().print(table)

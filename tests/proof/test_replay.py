"""A real channel's twelve days: every order of the file booked once and to the penny, also when it is run again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.store.embedded import acquire
from tests.proof.books import Json, Promised, effects, faults
from tests.proof.client import CHANNEL
from tests.proof.processes import start
from tests.proof.retail import ABSENT, FILE, SHIPPING, is_sold, pence, records
from tests.proof.rig import Rig, open_rig

pytestmark = pytest.mark.proof

ORDERS, LINES, GOODS = 922, 25_200, 473_954_48
LONGEST = 600.0


@dataclass(slots=True)
class Sale:
    """What the file says of one invoice, read here anew."""

    lines: list[tuple[str, int]] = field(default_factory=list)
    goods: int = 0
    shipping: Decimal = Decimal(0)

    @property
    def total(self) -> int:
        return self.goods + pence(self.shipping)


@asynccontextmanager
async def _installation(home: Path) -> AsyncIterator[Rig]:
    catalogue = home / "catalogue.csv"
    asked = ("replay", str(FILE), "--catalogue", str(catalogue))
    written = start("catalogue", *asked, environment={"OMNIGATE_HOME": str(home)}, log=home / "catalogue.log")
    assert written.running.wait(120) == 0, written.log.read_text()
    with acquire(home) as server:
        async with open_rig(server.url, home, catalogue=catalogue) as rig:
            yield rig


@pytest.mark.skipif(not FILE.exists(), reason=ABSENT)
async def test_the_file_is_booked_once_and_to_the_penny(home: Path) -> None:
    sales = _sales()
    async with _installation(home) as rig:
        _, address = await rig.start_edge()
        for _ in range(2):
            rig.start_worker()
        rig.environment |= {
            "OMNIGATE_CLIENT_ID": rig.credentials.client_id,
            "OMNIGATE_CLIENT_SECRET": rig.credentials.client_secret,
        }
        command = ("replay", str(FILE), "--url", address, "--channel", CHANNEL, "--wait")
        await rig.run("replay", *command, within=LONGEST)
        once = await effects(rig.sandbox)
        await rig.run("replay", *command, within=LONGEST)
        twice = await effects(rig.sandbox)
        async with rig.channel(address) as channel:
            promised = [Promised(order, order) for order in await channel.orders()]
        summary = (await rig.sandbox.get("/ledger/summary")).json()

    booked = _booked(once, {order.order_id: order.body["channel_order_id"] for order in promised})
    erp = summary["erp"]
    assert (len(sales), sum(len(sale.lines) for sale in sales.values())) == (ORDERS, LINES)
    assert sum(sale.goods for sale in sales.values()) == GOODS
    assert booked == {number: (sorted(sale.lines), sale.goods, sale.total) for number, sale in sales.items()}
    assert (erp["live"], erp["lines"], erp["goods"], summary["doubled"]) == (ORDERS, LINES, {"GBP": GOODS}, 0)
    assert faults(once, promised) == []
    assert {order.status for order in promised} == {"completed"}
    assert twice == once
    print(f"\n{len(booked)} orders of {LINES:,} lines, GBP {GOODS / 100:,.2f} in goods: each once; again: no change")


def _sales() -> Mapping[str, Sale]:
    sales: dict[str, Sale] = {}
    for row in records():
        if row["InvoiceNo"].startswith("C"):
            continue
        sale, code = sales.setdefault(row["InvoiceNo"], Sale()), row["StockCode"]
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
        if code in SHIPPING:
            sale.shipping += quantity * price
        elif is_sold(row):
            sale.lines.append((code.upper(), quantity))
            sale.goods += pence(quantity * price)
    return {number: sale for number, sale in sales.items() if sale.lines}


def _booked(
    ledger: Sequence[Json], invoices: Mapping[str, str]
) -> Mapping[str, tuple[list[tuple[str, int]], int, int]]:
    """Invoice number -> lines, goods and total, from the ERP's own sales orders."""
    booked = {}
    for effect in ledger:
        if effect["kind"] == "sales_order":
            lines = sorted((line["sku"].upper(), line["quantity"]) for line in effect["lines"])
            booked[invoices[effect["order_id"]]] = (lines, effect["data"]["goods"], effect["amount"]["amount"])
    return booked

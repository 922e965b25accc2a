"""Everybody who has to do with what is bought, at one installation: a supplier, its buyers, and those who see to it."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.chaos.dock import Dock
from tests.chaos.orderbook import Orderbook
from tests.chaos.purchasers import Purchaser
from tests.chaos.senders import Asker
from tests.chaos.supply import CODE, works
from tests.proof.client import Channel
from tests.proof.rig import Rig

STAFF = {"bob": "buyer", "ann": "approver", "ida": "approver", "rex": "receiver", "pam": "accounts_payable"}


@dataclass(frozen=True, slots=True)
class Market:
    """*staff*: by the names of `STAFF`."""

    orderbook: Orderbook
    dock: Dock
    supplier_id: str
    staff: Mapping[str, Asker]

    @property
    def done(self) -> Counter[str]:
        return self.dock.done

    async def buys(self, number: int, dice: random.Random) -> None:
        """Until the order of that number is agreed to or given up."""
        await Purchaser(self.orderbook, self.supplier_id, self.staff["bob"], dice, self.done).lives(number)


@asynccontextmanager
async def open_market(
    rig: Rig, address: str, channels: Mapping[str, Sequence[Channel]], dice: random.Random
) -> AsyncIterator[Market]:
    """*address*: where the supplier's people speak to us. Receivers and the others are at work meanwhile."""
    staff = {name: Asker(name, channels[name]) for name in STAFF}
    supplier_id = await works(rig, address, buyer=staff["bob"], approver=staff["ann"])
    orderbook = Orderbook(channels["bob"][0], rig.sandbox, rig.environment["DATABASE_URL"], CODE)
    dock = Dock(orderbook, staff["rex"], staff["pam"], dice)
    yeses = (dock.agrees(staff["ann"], "purchase_order"), dock.agrees(staff["ida"], "supplier_invoice"))
    tasks = [asyncio.create_task(each) for each in (dock.receives(), dock.decides(), *yeses)]
    try:
        yield Market(orderbook, dock, supplier_id, staff)
    finally:
        for task in tasks:
            task.cancel()
        for came in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(came, Exception):
                raise came

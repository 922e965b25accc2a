"""What was bought besides an order stands in the ERP once, in a receipt of its own, whoever stops in between."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.governance.bundle import Bundle
from gateway.workflows.place_order import sagas
from tests.journeys.buying import Buying
from tests.journeys.opening import open_shop
from tests.journeys.shop import LAMP
from tests.resources.billed import Payers, billed_line

OVER = "suppliers/over_receipt"


@pytest.fixture
async def buying(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Buying]:
    async with open_shop(database_url, tmp_path, promises, suppliers=True) as shop:
        yield await Buying.begin(shop)


async def too_many(buying: Buying, ordered: int = 10, came: int = 12) -> tuple[str, str]:
    """The order, and the invoice of all that came."""
    po_id = await buying.issued(quantity=ordered)
    await buying.confirm(po_id)
    await Payers(buying.dora).receive(po_id, came)
    answer = await Payers(buying.works).bill(po_id, "R-1", billed_line(came, 450, sku=LAMP))
    return po_id, answer.json()["invoice_id"]


async def receipts(buying: Buying, po_id: str) -> list[Any]:
    """What the ERP received, receipt by receipt."""
    booked = [each for each in await buying.shop.ledger("erp", po_id) if each["kind"] == "goods_receipt"]
    return [each["lines"][0]["accepted"] for each in booked]


async def until_received(buying: Buying, po_id: str, *pieces: int) -> None:
    async def so() -> bool:
        return await receipts(buying, po_id) == list(pieces)

    await buying.until(so, lambda: buying.effects(po_id))


async def until_status(buying: Buying, invoice_id: str, status: str) -> None:
    seen = Payers(buying.works)

    async def so() -> bool:
        return (await seen.see(f"/{invoice_id}"))["status"] == status

    await buying.until(so, lambda: seen.see(f"/{invoice_id}"))


async def ends(buying: Buying) -> list[str]:
    """How the runs of what was bought besides came out."""
    return [
        outcome
        for (outcome,) in await buying.rows("select coalesce(outcome, state) from run where run_id like %s", "spl%")
    ]


async def until_ended(buying: Buying, *outcomes: str) -> None:
    async def so() -> bool:
        return await ends(buying) == list(outcomes)

    await buying.until(so, lambda: ends(buying))


async def test_what_is_bought_besides_is_received_by_itself_and_billed_with_the_rest(buying: Buying) -> None:
    po_id, invoice_id = await too_many(buying)
    await until_received(buying, po_id, 10)

    await buying.mend("accept", of=OVER)
    await until_received(buying, po_id, 10, 2)
    await until_status(buying, invoice_id, "posted")
    await until_ended(buying, "booked")

    assert await buying.exceptions() == []
    effects = (await buying.effects(po_id))["erp"]
    assert (effects.count("goods_receipt"), effects.count("bill")) == (2, 1)


async def test_what_goes_back_is_told_to_no_erp(buying: Buying) -> None:
    po_id, invoice_id = await too_many(buying)

    await buying.mend("refuse", of=OVER)
    await until_received(buying, po_id, 10)

    assert await ends(buying) == []
    assert (await Payers(buying.works).see(f"/{invoice_id}"))["status"] == "exception"


@pytest.mark.parametrize("fault", ["error_after", "error_before"])
async def test_nothing_is_lost_or_booked_twice_when_all_stop_between_decision_and_booking(
    buying: Buying, fault: str
) -> None:
    """The decision stands, and so does what follows from it; a worker that comes later books it, though the answer to
    its call be lost."""
    po_id, invoice_id = await too_many(buying)
    await until_received(buying, po_id, 10)
    await buying.shop.stop_workers()

    await buying.mend("accept", of=OVER)
    decided = (await Payers(buying.works).see(f"/{invoice_id}"))["status"]
    before = await receipts(buying, po_id)
    await buying.shop.fault("erp", "create_goods_receipt", fault)
    buying.shop.start_worker(sagas(buying.shop.terms))

    await until_received(buying, po_id, 10, 2)
    await until_status(buying, invoice_id, "posted")
    await until_ended(buying, "booked")
    assert (decided, before) == ("approved", [10])


async def test_where_no_erp_books_purchases_a_person_books_what_is_bought_besides(buying: Buying) -> None:
    po_id = await buying.issued(quantity=10)
    await buying.confirm(po_id)
    await Payers(buying.dora).receive(po_id, 12)
    await until_received(buying, po_id, 10)
    await buying.shop.stop_workers()
    buying.shop.start_worker(sagas(replace(buying.shop.terms, books_purchases=False)))

    await buying.mend("accept")
    await buying.until_exceptions(("suppliers/post_by_hand", "refused_after_pivot"))
    [(about,)] = await buying.rows("select evidence ->> 'po_id' from exception where state = 'open'")
    await buying.mend("resolve", by=buying.paul, **{"as": "succeeded", "reference": "GRN-77"})
    await until_ended(buying, "booked")

    assert (about, await receipts(buying, po_id)) == (po_id, [10])

"""Whoever agreed to a day that is near and announces nothing is reminded once, then a buyer is told once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.identifiers import mint
from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.domain.time import system_clock
from gateway.governance.bundle import Bundle
from gateway.workflows.tools import Tools
from gateway.workflows.unannounced import look
from tests.journeys.buying import Buying, lamps
from tests.journeys.opening import open_shop
from tests.resources.delivered import Dock, notice_body, pallet, piece

SENT, REMINDED = ["message"], ["message", "reminder"]
UNANNOUNCED = ("suppliers/not_announced", "not_announced")
LATE = PurchaseClocks(notice_days=4, missing_days=0)


def on(days: int) -> str:
    return f"{datetime.now(UTC).date() + timedelta(days=days)}"


@pytest.fixture
async def buying(database_url: str, tmp_path: Path, promises: Bundle) -> AsyncIterator[Buying]:
    async with open_shop(database_url, tmp_path, promises, suppliers=True) as shop:
        yield await Buying.begin(shop)


async def agreed(buying: Buying, days: int, *, since: int = 1) -> str:
    """Ten lamps for a day that is so near, agreed to so many days ago."""
    po_id = await buying.issued(lines=lamps(10, requested_date=on(days)))
    await buying.until_effects(po_id, erp=["purchase_order"], supplier=SENT)
    await buying.confirm(po_id)
    await buying.until_purchases(po_id, "confirmed")
    await days_pass(buying, since)
    return po_id


async def days_pass(buying: Buying, days: int) -> None:
    past = "update supplier_reminder set created_at = created_at - make_interval(days => %s) returning 1"
    await buying.rows(past, days)


async def looked(buying: Buying, clocks: PurchaseClocks | None = None) -> None:
    """As a worker does every few seconds; and whatever reminders have begun have ended."""
    shop = buying.shop
    await look(Tools(shop.gate.database, shop.back_ends, system_clock, mint), clocks or PurchaseClocks())

    async def sent() -> bool:
        return not await buying.rows("select 1 from supplier_reminder where state = 'planned'")

    await buying.until(sent, lambda: buying.rows("select * from supplier_reminder"))


async def announced(buying: Buying, po_id: str, number: str, quantity: int, line_id: str = "1") -> str:
    body = notice_body(f"ASN-{number}", pallet(int(number) * 10, [piece(quantity, line_id)]))
    answer = await Dock(buying.works).announce(po_id, body)
    assert answer.status_code == 201, answer.text
    asn_id: str = answer.json()["asn_id"]
    return asn_id


async def test_who_announces_nothing_is_reminded_once_and_then_a_buyer_is_told_once(buying: Buying) -> None:
    po_id = await agreed(buying, 1)

    await looked(buying, LATE)
    early = await buying.exceptions()
    await looked(buying)
    told = await buying.exceptions()
    await buying.mend("resolve")
    await looked(buying)

    asked_for = (await buying.shop.ledger("supplier", po_id))[-1]["data"]["awaited"]
    [(evidence,)] = await buying.rows("select evidence from exception")
    assert (early, told, await buying.exceptions()) == ([], [UNANNOUNCED], [])
    assert (await buying.effects(po_id))["supplier"] == REMINDED
    assert asked_for == "shipping_notice"
    assert (evidence["po_id"], evidence["due_on"]) == (po_id, on(1))


@pytest.mark.parametrize(("days", "since"), [(4, 1), (1, 0)])
async def test_of_a_day_that_is_far_or_was_agreed_to_today_nobody_is_asked(
    buying: Buying, days: int, since: int
) -> None:
    po_id = await agreed(buying, days, since=since)

    await looked(buying)

    assert (await buying.effects(po_id))["supplier"] == SENT
    assert await buying.exceptions() == []


async def test_what_was_announced_nobody_asks_for_unless_it_is_cancelled(buying: Buying) -> None:
    po_id = await agreed(buying, 1)
    asn_id = await announced(buying, po_id, "1", 10)
    await looked(buying)
    before = (await buying.effects(po_id))["supplier"]

    assert (await Dock(buying.works).cancel(asn_id)).is_success
    await looked(buying)

    assert (before, (await buying.effects(po_id))["supplier"]) == (SENT, REMINDED)


async def test_the_exception_ends_once_all_pieces_are_announced_or_here(buying: Buying) -> None:
    po_id = await agreed(buying, 1)
    await looked(buying)
    await announced(buying, po_id, "1", 6)
    in_part = await buying.exceptions()

    await announced(buying, po_id, "2", 4)

    assert (in_part, await buying.exceptions()) == ([UNANNOUNCED], [])


async def test_each_day_of_an_order_is_asked_after_by_itself(buying: Buying) -> None:
    two = [*lamps(10, requested_date=on(1)), {**lamps(5, requested_date=on(9))[0], "line_id": "2"}]
    po_id = await buying.issued(lines=two)
    await buying.until_effects(po_id, erp=["purchase_order"], supplier=SENT)
    await buying.confirm(po_id, *({"line_id": line, "status": "accepted"} for line in ("1", "2")))
    await buying.until_purchases(po_id, "confirmed")
    await days_pass(buying, 1)
    await announced(buying, po_id, "1", 10)

    await looked(buying)
    first = (await buying.effects(po_id))["supplier"]
    await looked(buying, PurchaseClocks(notice_days=9))

    assert (first, (await buying.effects(po_id))["supplier"]) == (SENT, REMINDED)


async def test_where_nobody_carries_orders_a_buyer_is_told(database_url: str, tmp_path: Path, promises: Bundle) -> None:
    async with open_shop(database_url, tmp_path, promises) as shop:
        buying = await Buying.begin(shop)
        po_id = await buying.issued(lines=lamps(10, requested_date=on(1)))
        await buying.confirm(po_id)
        await days_pass(buying, 1)

        await looked(buying)

        assert await buying.exceptions() == [UNANNOUNCED]

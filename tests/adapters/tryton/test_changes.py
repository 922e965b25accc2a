"""What left a Tryton warehouse is asked for: in its order, page by page, once more for what became visible late."""

import pytest

from adapters.tryton import Roles, TrytonChanges
from adapters.tryton.trail import OVERLAP, Position
from gateway.errors import BackEndError
from gateway.told import Page
from tests.peers.clerk import Clerk

pytestmark = pytest.mark.proof


def released(clerk: Clerk, reference: str | None) -> int:
    """A shipment that only has to be shipped; that it holds nothing is of no matter here."""
    seed = clerk.server.seed
    [house] = clerk.found("stock.location", ["output_location"], ["id", "=", seed["warehouse"]["id"]])
    shipment = {
        "customer": seed["channels"]["web-uk"]["party"],
        "delivery_address": seed["channels"]["web-uk"]["address"],
        "company": seed["company"],
        "warehouse": seed["warehouse"]["id"],
        "warehouse_storage": seed["warehouse"]["storage"],
        "warehouse_output": house["output_location"],
        "carrier": seed["carrier"],
        "reference": reference,
    }
    [made] = clerk.ask("stock.shipment.out.create", [shipment])
    clerk.ask("stock.shipment.out.wait", [made])
    clerk.ask("stock.shipment.out.assign_try", [made])
    return int(made)


def shipped(clerk: Clerk, reference: str | None) -> str:
    made = released(clerk, reference)
    clerk.ship(made)
    return str(made)


async def now(changes: TrytonChanges) -> str:
    """The cursor behind all there is."""
    page = await changes.since(None)
    while page.more:
        page = await changes.since(page.cursor)
    newest = Position.read(page.cursor).newest
    return str(Position(newest, 2**31 - 1, newest))


def ids(page: Page) -> list[str]:
    return [each.data["shipment_id"] for each in page.told]


async def test_what_left_is_told_in_the_order_in_which_it_left(roles: Roles, clerk: Clerk) -> None:
    changes = TrytonChanges(roles.talks["wms"])
    before = await now(changes)
    first, second = shipped(clerk, "ord_A:release"), shipped(clerk, "ord_B:release")

    page = await changes.since(before)

    assert [(each.id, each.run_id, each.kind) for each in page.told] == [
        (f"shipped:{first}", "ord_A", "shipped"),
        (f"shipped:{second}", "ord_B", "shipped"),
    ]
    seen = await roles.wms.shipment(first)
    assert seen is not None
    assert seen.shipped_at is not None
    assert page.told[0].data["shipped_at"] == seen.shipped_at.isoformat(), "a look says the same"


async def test_what_has_not_left_and_what_is_not_ours_is_not_told(roles: Roles, clerk: Clerk) -> None:
    changes = TrytonChanges(roles.talks["wms"])
    before = await now(changes)
    released(clerk, "ord_C:release")
    shipped(clerk, "by hand")
    shipped(clerk, None)

    page = await changes.since(before)

    assert page.told == []


async def test_a_long_day_is_read_page_by_page(roles: Roles, clerk: Clerk) -> None:
    changes = TrytonChanges(roles.talks["wms"], at_once=2)
    before = await now(changes)
    left = [shipped(clerk, f"ord_D{number}:release") for number in range(5)]

    first = await changes.since(before)
    second = await changes.since(first.cursor)
    third = await changes.since(second.cursor)

    assert ids(first) + ids(second) + ids(third) == left
    assert (first.more, second.more, third.more) == (True, True, False)


async def test_what_became_visible_late_is_told_by_reading_the_last_minute_again(roles: Roles, clerk: Clerk) -> None:
    changes = TrytonChanges(roles.talks["wms"])
    late = shipped(clerk, "ord_E:release")
    newer = shipped(clerk, "ord_F:release")
    read = await changes.since(await now(changes))

    again = await changes.since(read.cursor)

    assert [each for each in ids(again) if each in (late, newer)] == [late, newer]
    assert again.cursor == read.cursor, "nothing is newer, so reading stays where it is"
    assert Position.read(read.cursor).newest - Position.read(read.cursor).moment == OVERLAP


async def test_a_cursor_that_is_none_of_ours_is_an_error(roles: Roles) -> None:
    with pytest.raises((BackEndError, ValueError)):
        await TrytonChanges(roles.talks["wms"]).since("yesterday")

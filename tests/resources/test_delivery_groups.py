"""Delivery groups: what an order with several says, is refused for, and is read as."""

from typing import Any

import pytest

from tests.resources.offers import offered
from tests.resources.shop import ADDRESS, Shop, line
from tests.resources.test_offers import ELSEWHERE, answer, seen

Json = dict[str, Any]
HOME = {"id": "home", "method": "ship_to_home", "address": ADDRESS, "lines": ["1"]}
STORE = {"id": "shop", "method": "bopis", "pickup": {"node_id": "york"}, "lines": ["2"]}


def two_lines(shop: Shop, *groups: Json) -> Json:
    return shop.order(lines=[line("1"), line("2", sku="VASE-2")], delivery_groups=list(groups))


async def test_an_order_with_several_groups_is_read_as_it_was_placed(shop: Shop) -> None:
    work = {**HOME, "id": "work", "address": {**ADDRESS, "city": "York"}, "lines": ["2"]}

    placed = await shop.send(two_lines(shop, HOME, work))

    assert placed.status_code == 202, placed.text
    assert (await seen(shop, placed.json()["order_id"]))["delivery_groups"] == [HOME, work]
    assert "Sample Street" not in str(await shop.rows("select document from orders"))


@pytest.mark.parametrize(
    ("groups", "faults"),
    [
        ([HOME, {**STORE, "id": "home"}], [("#/delivery_groups/1/id", "group_id_repeated")]),
        (
            [HOME, {**STORE, "lines": ["1", "2"]}],
            [("#/delivery_groups/1/lines/0", "line_in_two_groups")],
        ),
        ([HOME, {**STORE, "lines": ["9"]}],
         [("#/delivery_groups/1/lines/0", "line_unknown"), ("#/lines/1/line_id", "line_in_no_group")]),
        ([HOME], [("#/lines/1/line_id", "line_in_no_group")]),
        ([HOME, {name: STORE[name] for name in ("id", "method", "pickup")}],
         [("#/delivery_groups/1/lines", "required")]),
        ([HOME, {**STORE, "method": "ship_to_home"}],
         [("#/delivery_groups/1/address", "required"), ("#/delivery_groups/1/pickup", "not_for_shipping")]),
        ([{**HOME, "promised_by": "2026-02-30"}, STORE], [("#/delivery_groups/0/promised_by", "no_such_day")]),
        ([HOME, {"id": "shop", "method": "curbside", "lines": ["2"]}], [("#/delivery_groups/1/pickup", "required")]),
    ],
)  # fmt: skip
async def test_groups_that_cannot_be_are_refused_with_every_fault(
    shop: Shop, groups: list[Json], faults: list[tuple[str, str]]
) -> None:
    refused = await shop.send(two_lines(shop, *groups))

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == faults


@pytest.mark.parametrize("lines", [[], ["1", "1"]])
async def test_a_group_has_lines_and_each_once(shop: Shop, lines: list[str]) -> None:
    refused = await shop.send(two_lines(shop, {**HOME, "lines": lines}, STORE))

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "#/delivery_groups/0/lines"


async def test_an_order_has_at_most_twenty_groups(shop: Shop) -> None:
    numbers = [str(number) for number in range(21)]
    groups = [{**HOME, "id": number, "lines": [number]} for number in numbers]

    refused = await shop.send(shop.order(lines=[line(number) for number in numbers], delivery_groups=groups))
    taken = await shop.send(shop.order(lines=[line(number) for number in numbers[1:]], delivery_groups=groups[1:]))

    assert (refused.status_code, taken.status_code) == (422, 202)


async def test_an_address_is_told_to_the_group_whose_offer_it_is(shop: Shop) -> None:
    placed = await shop.send(two_lines(shop, HOME, STORE))
    order_id = placed.json()["order_id"]
    offer_id = await offered(shop.gate.database, order_id, "ship_to_home", group="shop")

    without = await answer(shop, f"{order_id}/offers/{offer_id}")
    done = await answer(shop, f"{order_id}/offers/{offer_id}", body={"address": ELSEWHERE})

    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "#/address")
    assert done.status_code == 200, done.text
    assert (await seen(shop, order_id))["delivery_groups"] == [HOME, {**STORE, "address": ELSEWHERE}]


async def test_each_group_may_have_an_offer(shop: Shop) -> None:
    placed = await shop.send(two_lines(shop, HOME, STORE))
    order_id = placed.json()["order_id"]

    for group in ("home", "shop"):
        await offered(shop.gate.database, order_id, group=group)

    assert [offer["group_id"] for offer in (await seen(shop, order_id))["offers"]] == ["home", "shop"]

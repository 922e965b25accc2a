"""The Saturday's nodes, goods and orders: as contracts have them, stocked, and the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest

from adapters.sandbox import load_catalogue
from gateway.cli.saturday_goods import GOODS, TRADE, write_catalogue, write_nodes
from gateway.cli.saturday_orders import CHANNELS, WEB, Want, body_of, trade
from gateway.domain.orders import order_from
from gateway.governance.bundle import Bundle
from gateway.governance.nodes import read_nodes

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
DAY = [*trade(24, seed=1, called="morning"), *trade(60, seed=1, called="outage")]


def test_the_same_seed_makes_the_same_trade() -> None:
    assert trade(60, seed=1, called="outage") == DAY[24:]
    assert trade(60, seed=2, called="outage") != DAY[24:]


def test_the_trade_is_done_in_every_channel_and_some_of_it_is_fetched() -> None:
    assert {want.channel for want in DAY} == set(CHANNELS)
    assert 0 < sum(want.store is not None for want in DAY) < len(DAY) // 2


@pytest.mark.parametrize(
    "want",
    [*DAY, Want("split", WEB, {"PARKA": 9}), Want("fetched", WEB, {"GOBLET": 3, "HAT": 1}, "leeds", home=False)],
    ids=lambda want: want.name,
)
def test_every_order_keeps_the_contract_and_adds_up(order_body: jsonschema_rs.Validator, want: Want) -> None:
    body = body_of(want, NOW)

    order_body.validate(body)
    order = order_from(body, "ord")
    assert order.totals == order.computed()
    assert order.payment.amount == order.totals.grand_total
    assert order.group.pickup_node == want.store


def test_two_are_distribution_centres_and_two_are_stores(tmp_path: Path, promises: Bundle) -> None:
    write_nodes(tmp_path / "nodes.yaml")

    nodes = read_nodes(tmp_path / "nodes.yaml", promises.contracts)

    assert Counter(node.type for node in nodes) == {"dc": 2, "store": 2}
    assert {node.node_id for node in nodes} == {node for good in GOODS.values() for node in good.stock}


def test_there_is_enough_for_the_trade_of_the_day(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "catalogue.csv")
    stocked = {each.sku: each for each in load_catalogue(tmp_path / "catalogue.csv")}
    wanted = Counter[str]()
    for want in DAY:
        wanted.update(want.pieces)

    assert wanted.keys() == set(TRADE)
    for sku, pieces in wanted.items():
        there = stocked[sku].on_hand + sum(count for _, count in stocked[sku].elsewhere)
        assert pieces <= there == sum(GOODS[sku].stock.values())

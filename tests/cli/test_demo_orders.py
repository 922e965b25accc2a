"""The demo's orders and faults: valid, of every kind, and the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import jsonschema_rs
import pytest

from adapters.sandbox import SandboxOptions, create_sandbox, load_catalogue
from gateway.cli import demo_faults
from gateway.cli.demo_orders import RARE, wishes
from gateway.cli.saturday_goods import write_catalogue
from gateway.domain.orders import order_from

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MADE = wishes(300, seed=1, now=NOW)


def test_the_same_seed_makes_the_same_orders() -> None:
    assert wishes(300, seed=1, now=NOW) == MADE
    assert wishes(300, seed=2, now=NOW) != MADE


def test_orders_of_every_kind_are_made() -> None:
    kinds = Counter(wish.kind for wish in MADE)

    assert kinds == {"plain": 264, "cancelled": 15, "declined": 9, "unknown article": 6, "too many": 6}
    assert sum(wish.cancel_after is not None for wish in MADE) == 15
    assert any(wish.twice for wish in MADE)
    assert len({wish.body["channel_order_id"] for wish in MADE}) == 300


def test_every_order_keeps_the_contract_and_adds_up(order_body: jsonschema_rs.Validator) -> None:
    assert not order_body.is_valid({})
    for wish in MADE:
        order_body.validate(wish.body)
        order = order_from(wish.body, "ord")
        assert order.totals == order.computed()
        assert order.payment.amount == order.totals.grand_total


def test_the_sandbox_stocks_what_is_ordered_except_where_it_must_not(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "catalogue.csv")
    stock = {article.sku: article.on_hand for article in load_catalogue(tmp_path / "catalogue.csv")}

    wanted: Counter[str] = Counter()
    for wish in MADE:
        demand = order_from(wish.body, "ord").demand()
        assert (demand.get(RARE, 0) > stock[RARE]) == (wish.kind == "too many")
        assert (demand.keys() <= stock.keys()) == (wish.kind != "unknown article")
        wanted.update({sku: pieces for sku, pieces in demand.items() if sku != RARE and sku in stock})

    assert all(pieces <= stock[sku] for sku, pieces in wanted.items())


async def test_the_sandbox_takes_the_fault_rules(tmp_path: Path) -> None:
    app = create_sandbox(SandboxOptions(ledger=tmp_path / "ledger.sqlite"))
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as http,
    ):
        answer = await http.post("/faults", json=demo_faults.rules(7))

    assert answer.status_code == 200, answer.text
    assert {rule["kind"] for rule in answer.json()["rules"]} == demo_faults.KINDS


@pytest.mark.parametrize(
    ("injected", "calls", "missing"),
    [
        (dict.fromkeys(demo_faults.KINDS, 5), 500, []),
        (dict.fromkeys(demo_faults.KINDS - {"delay"}, 9), 500, ["only 0 calls met 'delay'"]),
        (dict.fromkeys(demo_faults.KINDS, 5), 1000, ["only 5.5% of the calls met a fault"]),
    ],
)
def test_too_few_faults_are_no_proof(injected: dict[str, int], calls: int, missing: list[str]) -> None:
    assert demo_faults.too_few(injected, calls) == missing

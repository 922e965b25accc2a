"""A partner places orders: what is accepted, what is refused, and that everybody agrees on the amounts."""

from typing import Any

import pytest

from tests.gate import PUBLIC, Gate
from tests.resources.shop import Shop, line, money


async def test_an_order_is_accepted_with_a_receipt_and_a_place_to_follow_it(shop: Shop) -> None:
    body = shop.order(channel_order_id="536365")

    answer = await shop.send(body)

    receipt = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{PUBLIC}/v1/orders/{receipt['order_id']}"
    assert answer.headers["etag"] == '"1"'
    assert (receipt["channel_order_id"], receipt["status"]) == ("536365", "received")


async def test_an_accepted_order_reads_as_it_was_placed_without_the_payment_token(shop: Shop) -> None:
    lines = [line("1", gtin="5012345678900", tax=money(200)), line("2", unit_price="0.000001", discount=money(0))]
    body = shop.order(lines=lines, shipping_charge=money(295))

    placed = (await shop.send(body)).json()
    answer = await shop.get(f"/v1/orders/{placed['order_id']}")

    view = answer.json()
    token = body["payment"].pop("token")
    assert {name: view[name] for name in body} == body
    assert token not in answer.text
    assert answer.headers["etag"] == '"1"'
    assert (view["status"], view["version"], view["allowed_actions"]) == ("received", 1, ["cancel"])


async def test_accepting_starts_the_workflow_and_writes_down_who_and_why_in_the_same_commit(shop: Shop) -> None:
    placed = await shop.place()

    order_id = placed["order_id"]
    runs = await shop.rows("select saga, version, state from run where run_id = %s", order_id)
    tasks = await shop.rows("select task_name, params ->> 'run_id' from absurd.t_sagas")
    audit = await shop.rows("select actor, action, decisions -> 0 ->> 'rule' from audit where resource = %s", order_id)
    assert runs == [("place_order", 4, "running")]
    assert tasks == [("place_order.v4", order_id)]
    assert audit == [("partner", "orders:write", "partners-place-their-orders")]


async def test_personal_data_stands_in_one_table_only(shop: Shop) -> None:
    placed = await shop.place()

    order_id = placed["order_id"]
    document = str(await shop.rows("select document from orders where order_id = %s", order_id))
    elsewhere = str(await shop.rows("select data from event")) + str(
        await shop.rows("select body::text from idempotency")
    )
    personal = str(await shop.rows("select document from personal_data"))
    assert "ada@example.com" not in document + elsewhere
    assert "Sample Street" not in document + elsewhere
    assert "ada@example.com" in personal
    assert "Sample Street" in personal


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"totals": {n: money(1) for n in ("items", "discount", "shipping", "tax", "grand_total")}}, 422,
         "totals_mismatch", "#/totals/items/amount"),
        ({"payment": {"method": "card", "token": "tok", "amount": money(999)}}, 422,
         "totals_mismatch", "#/payment/amount/amount"),
        ({"payment": {"method": "card", "token": "tok", "amount": money(1000, "EUR")}}, 422,
         "currency_differs", "#/payment/amount/currency"),
        ({"currency": "XTS"}, 422, "currency_unknown", "#/currency"),
        ({"lines": [line("1", gtin="5012345678901")]}, 422, "gtin_check_digit", "#/lines/0/gtin"),
        ({"lines": [line("1"), line("1")]}, 422, "line_id_repeated", "#/lines/1/line_id"),
    ],
)  # fmt: skip
async def test_an_order_that_the_trade_does_not_know_is_refused_with_every_fault(
    shop: Shop, changes: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = await shop.send(shop.order(**changes))

    assert answer.status_code == status, answer.text
    assert (pointer, code) in [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert await shop.rows("select 1 from orders") == []


async def test_totals_that_do_not_add_up_are_told_what_they_should_be(shop: Shop) -> None:
    body = shop.order(lines=[line(quantity=6, unit_price="2.555")])
    body["totals"]["items"]["amount"] += 1

    answer = await shop.send(body)

    assert answer.json()["code"] == "totals_mismatch"
    assert answer.json()["errors"] == [
        {"pointer": "#/totals/items/amount", "code": "totals_mismatch", "detail": "should be 1533"}
    ]


async def test_inclusive_tax_is_not_added(shop: Shop) -> None:
    body = shop.order(tax_mode="inclusive", lines=[line(tax=money(167))])

    answer = await shop.send(body)

    assert answer.status_code == 202
    assert body["totals"]["grand_total"] == money(1000)


async def test_an_order_of_another_partners_channel_is_refused(gate: Gate, shop: Shop) -> None:
    await Shop.open(gate, "pos")

    answer = await shop.send(shop.order() | {"channel": {"channel_id": "pos-uk"}})

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (answer.json()["rule"], answer.json()["channel_id"]) == ("partners-place-their-orders", "pos-uk")


@pytest.mark.parametrize(
    ("placed_at", "status", "code"),
    [("2099-01-01T00:00:00Z", 422, "invalid"), ("2010-12-01T08:26:00Z", 403, "insufficient_scope")],
)
async def test_the_moment_of_an_order_must_be_believable(shop: Shop, placed_at: str, status: int, code: str) -> None:
    answer = await shop.send(shop.order(placed_at=placed_at))

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_history_may_be_imported_with_its_scope_and_the_decision_is_kept(gate: Gate) -> None:
    importer = await Shop.open(gate, "web")

    answer = await importer.send(importer.order(placed_at="2010-12-01T08:26:00Z"))

    rules = await importer.rows(
        "select d ->> 'rule' from audit, jsonb_array_elements(decisions) d where action like 'o%%'"
    )
    assert answer.status_code == 202
    assert ("partners-import-their-history",) in rules

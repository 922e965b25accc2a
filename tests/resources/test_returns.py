"""Returns at the front door: asked for, counted, inspected, cancelled; each fact once, whatever comes twice."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.stock import StockLevel
from gateway.partners import SCOPES
from gateway.store import stock
from tests.gate import Gate
from tests.resources.returned import NODE, Desk, inspection, left, receipt, wished
from tests.resources.shop import Shop, line

Json = dict[str, Any]


@pytest.fixture
async def shop(gate: Gate) -> Shop:
    async with gate.database.transaction() as connection:
        await stock.count(connection, [StockLevel("LAMP-7", None, 10, gate.clock())])
    return await Shop.open(gate, "web", scopes=SCOPES - {"operations", "stores"})


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop.gate, shop.headers)


async def sent_out(shop: Shop, *, days: int = 3) -> str:
    """Three lamps for 10.00 each and a vase for 5.00, which left so many days ago."""
    lines = [line("1", quantity=3, discount={"amount": 1, "currency": "GBP"}), line("2", sku="VASE", unit_price="5.00")]
    order_id = str((await shop.place(lines=lines))["order_id"])
    await left(shop.gate.database, order_id, shop.gate.clock() - timedelta(days=days))
    return order_id


async def asked(desk: Desk, order_id: str, name: str = "R-1", pieces: int = 2) -> str:
    answer = await desk.post("", wished(order_id, name, ("1", pieces, "wrong_size")))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["return_id"])


async def test_eligibility_tells_of_each_piece_whether_and_what_it_is_worth(shop: Shop, desk: Desk) -> None:
    order_id = await sent_out(shop)
    await asked(desk, order_id, pieces=1)

    told = await desk.post("/eligibility", {"order_id": order_id})

    assert told.status_code == 200, told.text
    lamps, vase = told.json()["lines"]
    assert [(each["quantity"], each["returnable"], each.get("why")) for each in lamps["pieces"]] == [
        (1, False, "already_returned"),
        (2, True, None),
    ]
    assert [each["value"]["amount"] for each in lamps["pieces"]] == [1000, 1999]
    assert vase["pieces"][0]["value"] == {"amount": 500, "currency": "GBP"}
    assert vase["pieces"][0]["window_ends_at"]


async def test_what_has_not_left_or_left_too_long_ago_does_not_come_back(shop: Shop, desk: Desk) -> None:
    late, waiting = await sent_out(shop, days=31), (await shop.place())["order_id"]

    refused = [await desk.post("", wished(order_id, "R-2", ("1", 1, "late"))) for order_id in (late, waiting)]

    assert [answer.status_code for answer in refused] == [409, 409]
    assert [answer.json()["code"] for answer in refused] == ["not_returnable", "not_returnable"]
    assert [answer.json()["errors"][0]["code"] for answer in refused] == ["outside_return_window", "not_shipped"]


async def test_a_return_is_authorised_once_and_starts_its_run(shop: Shop, desk: Desk) -> None:
    order_id = await sent_out(shop)
    body = wished(order_id, "R-1", ("1", 2, "wrong_size"))

    first, again = await desk.post("", body), await desk.post("", body)
    other = await desk.post("", wished(order_id, "R-1", ("1", 1, "wrong_size")))

    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.content == first.content
    assert (again.headers["idempotent-replayed"], again.headers["location"]) == ("true", first.headers["location"])
    assert (other.status_code, other.json()["code"]) == (409, "natural_key_conflict")
    assert [fault["pointer"] for fault in other.json()["errors"]] == ["#/lines/0/quantity"]
    runs = await shop.rows("select run_id, saga, version, state from run where saga = 'return_to_refund'")
    assert runs == [(first.json()["return_id"], "return_to_refund", 1, "running")]
    tasks = await shop.rows("select count(*) from absurd.t_sagas where task_name = 'return_to_refund.v1'")
    assert tasks == [(1,)]
    assert (await shop.get(f"/v1/orders/{order_id}")).json()["return_status"] == "requested"


async def test_no_piece_is_in_two_returns(shop: Shop, desk: Desk) -> None:
    order_id = await sent_out(shop)
    await asked(desk, order_id, "R-1", 2)

    second = await desk.post("", wished(order_id, "R-2", ("1", 2, "changed_mind")))
    third = await desk.post("", wished(order_id, "R-3", ("1", 1, "changed_mind"), ("2", 1, "defective")))

    assert (second.status_code, second.json()["errors"][0]["code"]) == (409, "already_returned")
    assert third.status_code == 201
    values = [each["value"]["amount"] for each in (await desk.seen(third.json()["return_id"]))["lines"]]
    assert values == [999, 500]


async def test_a_cancelled_return_frees_its_pieces(shop: Shop, desk: Desk) -> None:
    order_id = await sent_out(shop)
    return_id = await asked(desk, order_id, pieces=3)

    cancelled, again = await desk.post(f"/{return_id}/cancel"), await desk.post(f"/{return_id}/cancel")

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert again.json() == cancelled.json()
    assert (await shop.get(f"/v1/orders/{order_id}")).json()["return_status"] == "none"
    assert await asked(desk, order_id, "R-2", 3)


async def test_partial_receipts_add_up_and_only_what_is_accepted_is_refundable(shop: Shop, desk: Desk) -> None:
    order_id = await sent_out(shop)
    return_id = await asked(desk, order_id, pieces=3)
    before = (await desk.seen(return_id))["lines"][0]

    for number in ("GR-1", "GR-1", "GR-2"):
        answer = await desk.post(f"/{return_id}/receipts", receipt(number, ("1", 1)))
        assert (answer.status_code, answer.json()["matched"]) == (201, True), answer.text
    partly = await desk.seen(return_id)
    looked = inspection("IN-1", ("1", 1, "accepted", "restock"), ("1", 1, "rejected", "quarantine"))
    for _ in range(2):
        assert (await desk.post(f"/{return_id}/inspections", looked)).status_code == 201
    after = await desk.seen(return_id)

    assert before["refundable"]["amount"] == 2999
    assert (partly["status"], partly["lines"][0]["refundable"]["amount"]) == ("partially_received", 0)
    assert partly["allowed_actions"] == ["receive", "inspect"]
    counts = after["lines"][0]["quantities"]
    assert counts == {"authorised": 3, "received": 2, "accepted": 1, "rejected": 1, "missing": 0, "surplus": 0}
    assert after["lines"][0]["refundable"] == {"amount": 1000, "currency": "GBP"}
    told = await shop.rows("select kind from signal where run_id = %s order by received_at, signal_id", return_id)
    assert [kind for (kind,) in told] == ["received", "received", "inspected"]
    assert (await shop.get(f"/v1/orders/{order_id}")).json()["return_status"] == "partially_returned"
    assert (await desk.post(f"/{return_id}/cancel")).status_code == 409


async def test_what_is_fit_for_sale_is_on_the_shelf_again_once(shop: Shop, desk: Desk) -> None:
    return_id = await asked(desk, await sent_out(shop), pieces=3)
    await desk.post(f"/{return_id}/receipts", receipt("GR-1", ("1", 3)))
    looked = inspection("IN-1", ("1", 1, "accepted", "restock"), ("1", 1, "accepted", "scrap"))
    shop.gate.clock.pass_by(60)

    for _ in range(2):
        assert (await desk.post(f"/{return_id}/inspections", looked)).status_code == 201
    too_many = await desk.post(f"/{return_id}/inspections", inspection("IN-2", ("1", 2, "accepted", "restock")))

    on_hand = await shop.rows("select on_hand from stock_position where sku = 'LAMP-7' and node_id = %s", NODE)
    assert on_hand == [(11,)]
    assert (too_many.status_code, too_many.json()["code"]) == (409, "conflict")


async def test_another_content_under_a_number_is_refused(shop: Shop, desk: Desk) -> None:
    return_id = await asked(desk, await sent_out(shop), pieces=3)
    await desk.post(f"/{return_id}/receipts", receipt("GR-1", ("1", 1)))

    other = await desk.post(f"/{return_id}/receipts", receipt("GR-1", ("1", 2)))
    absent = await desk.post(f"/{return_id}/receipts", receipt("GR-2", ("9", 1)))
    nowhere = await desk.post(f"/{return_id}/receipts", receipt("GR-2", ("1", 1), node_id="nowhere"))

    assert (other.status_code, other.json()["code"]) == (409, "natural_key_conflict")
    assert [absent.json()["errors"][0]["code"], nowhere.json()["errors"][0]["code"]] == ["unknown_line", "unknown_node"]
    assert (await desk.seen(return_id))["lines"][0]["quantities"]["received"] == 1


async def test_what_came_beyond_what_was_authorised_waits_for_a_person(shop: Shop, desk: Desk) -> None:
    return_id = await asked(desk, await sent_out(shop), pieces=1)

    assert (await desk.post(f"/{return_id}/receipts", receipt("GR-1", ("1", 3)))).status_code == 201

    counts = (await desk.seen(return_id))["lines"][0]["quantities"]
    assert (counts["received"], counts["surplus"]) == (1, 2)
    opened = await shop.rows("select class, code, subject, evidence ->> 'surplus' from exception")
    assert opened == [("returns/over_receipt", "over_receipt", return_id, '{"1": 2}')]


async def mended(shop: Shop, **deed: str) -> Any:
    ((exception_id,),) = await shop.rows("select exception_id from exception where state = 'open'")
    headers = await shop.gate.bearer(await shop.gate.operator())
    return await shop.gate.http.post(
        f"/v1/exceptions/{exception_id}/actions",
        json={"evidence": "the slip says so", **deed},
        headers={**headers, "idempotency-key": "0123456789abcdef"},
    )


async def test_goods_that_nobody_announced_are_matched_by_an_operator(shop: Shop, desk: Desk) -> None:
    return_id = await asked(desk, await sent_out(shop), pieces=3)
    came = [{"sku": "lamp-7", "quantity": 2, "condition": "new"}]
    body = {"receipt_id": "GR-9", "node_id": NODE, "lines": came, "label": "no slip"}

    for _ in range(2):
        answer = await desk.post("/unannounced-receipts", body)
        assert (answer.status_code, answer.json()["matched"]) == (201, False), answer.text
    opened = await shop.rows("select class, code, subject, occurrences from exception")
    deed = await mended(shop, action="resolve", reference=return_id)

    assert opened == [("returns/unmatched", "unmatched_return", "main:GR-9", 1)]
    assert deed.status_code == 200, deed.text
    assert (await desk.seen(return_id))["lines"][0]["quantities"]["received"] == 2
    assert (await desk.post("/unannounced-receipts", body)).json()["return_id"] == return_id


async def test_goods_of_a_return_that_is_over_wait_for_a_person(shop: Shop, desk: Desk) -> None:
    return_id = await asked(desk, await sent_out(shop), pieces=1)
    await desk.post(f"/{return_id}/cancel")

    answer = await desk.post(f"/{return_id}/receipts", receipt("GR-1", ("1", 1)))
    wrong = await mended(shop, action="resolve", reference=return_id)

    assert (answer.status_code, answer.json()["matched"]) == (201, False)
    assert wrong.status_code == 409
    assert await shop.rows("select code, state from exception") == [("unmatched_return", "open")]


async def test_returns_are_read_listed_and_known_by_their_version(shop: Shop, desk: Desk) -> None:
    first, second = await sent_out(shop), await sent_out(shop)
    one, two = await asked(desk, first, "R-1"), await asked(desk, second, "R-2")

    read = await desk.get(f"/{one}")
    known = await desk.get(f"/{one}", **{"if-none-match": read.headers["etag"]})
    page = (await desk.get("?page_size=1")).json()
    rest = (await desk.get(f"?page_size=1&page_token={page['next_page_token']}")).json()
    named = (await desk.get(f"?order_id={first}&channel_return_id=R-1")).json()

    assert (read.status_code, known.status_code) == (200, 304)
    assert [each["return_id"] for each in (*page["returns"], *rest["returns"])] == [two, one]
    assert rest["next_page_token"] == ""
    assert [each["return_id"] for each in named["returns"]] == [one]

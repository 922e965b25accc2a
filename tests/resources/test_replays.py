"""A replay is an answer like any other: whoever may not ask for it any more does not get it."""

import pytest

from gateway.partners import SCOPES
from tests.gate import Gate
from tests.resources.shop import Shop

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
A_MONTH = 30 * 24 * 3600


async def changed(shop: Shop, sql: str, *values: object) -> None:
    """What an operator changes of a partner; the edge knows it five seconds later."""
    await shop.rows(sql, *values)
    shop.gate.clock.pass_by(6)


async def test_a_partner_that_lost_the_channel_gets_no_replay(shop: Shop) -> None:
    body = shop.order()
    assert (await shop.send(body, key=KEY)).status_code == 202
    await changed(shop, "delete from channel returning 1")

    answer = await shop.send(body, key=KEY)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_partner_that_may_import_no_history_any_more_gets_no_replay(gate: Gate) -> None:
    importer = await Shop.open(gate, "web")
    body = importer.order(placed_at="2010-12-01T08:26:00Z")
    assert (await importer.send(body, key=KEY)).status_code == 202
    scopes = sorted(SCOPES - {"orders:import_history"})
    await changed(importer, "update partner set scopes = %s returning 1", scopes)

    answer = await importer.send(body, key=KEY)

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


async def test_an_order_that_became_history_since_is_still_replayed(shop: Shop) -> None:
    body = shop.order()
    first = await shop.send(body, key=KEY)
    await shop.rows("update idempotency set expires_at = expires_at + interval '60 days' returning 1")
    shop.gate.clock.pass_by(A_MONTH + 3600)
    shop = Shop(shop.gate, shop.channel, await shop.gate.bearer(await again(shop)))

    answer = await shop.send(body, key=KEY)

    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (202, "true")
    assert answer.content == first.content


async def again(shop: Shop) -> object:
    return await shop.gate.registry.rotate_secret("web", operator="tess")


@pytest.mark.parametrize("whose", ["pos", None])
async def test_the_answer_to_a_cancel_is_replayed_to_the_orders_partner_only(
    gate: Gate, shop: Shop, whose: str | None
) -> None:
    await Shop.open(gate, "pos")
    order_id = (await shop.place())["order_id"]
    first = await shop.cancel(order_id, key=KEY)
    if whose:
        await shop.rows("update orders set partner_id = %s returning 1", whose)

    answer = await shop.cancel(order_id, key=KEY)

    if whose:
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer.headers["idempotent-replayed"]) == (202, "true")
        assert answer.content == first.content

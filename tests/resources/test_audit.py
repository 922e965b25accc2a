"""Whatever is answered under a new key leaves an audit row, also when nothing was left to be done."""

from tests.resources.shop import Shop

ROWS = "select facts ->> 'operation', facts ->> 'idempotency_key' from audit where resource = %s order by audit_id"


async def test_a_cancel_that_was_asked_for_before_is_audited(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await shop.cancel(order_id, key="a-first-key-to-cancel")
    await shop.cancel(order_id, key="another-key-to-cancel")
    await shop.cancel(order_id, key="another-key-to-cancel")

    assert (await shop.rows(ROWS, order_id))[1:] == [
        ("cancel_order", "a-first-key-to-cancel"),
        ("cancel_order", "another-key-to-cancel"),
    ]


async def test_an_order_answered_by_its_natural_key_is_audited(shop: Shop) -> None:
    body = shop.order()
    order_id = (await shop.send(body, key="a-first-key-to-place")).json()["order_id"]
    for _ in range(2):
        await shop.send(body, key="another-key-to-place")

    assert await shop.rows(ROWS, order_id) == [
        ("place_order", "a-first-key-to-place"),
        ("place_order", "another-key-to-place"),
    ]

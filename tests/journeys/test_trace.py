"""One trace from the partner's call through worker, back ends and callback, also when the worker died on the way."""

from tests.journeys.shop import Shop, order

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLERS = f"00-{TRACE}-00f067aa0ba902b7-01"


async def traces_at(shop: Shop, system: str, order_id: str) -> set[str]:
    answer = await shop.sandbox.get(f"/ledger/{system}/attempts", params={"order_id": order_id})
    return {attempt["traceparent"].split("-")[1] for attempt in answer.json()["attempts"]}


async def test_every_system_sees_the_trace_that_the_partner_began(shop: Shop) -> None:
    answer = await shop.place(order(), traceparent=CALLERS)
    order_id = answer.json()["order_id"]
    await shop.until(order_id)

    seen = [await traces_at(shop, system, order_id) for system in ("psp", "erp", "wms")]

    assert seen == [{TRACE}, {TRACE}, {TRACE}]


async def test_the_callback_belongs_to_the_same_trace(shop: Shop) -> None:
    answer = await shop.place(order(), traceparent=CALLERS)
    order_id = answer.json()["order_id"]
    await shop.until(order_id)

    async with shop.gate.database.connection() as connection:
        cursor = await connection.execute("select trace_id from signal where run_id = %s", (await shop.part(order_id),))
        told = await cursor.fetchall()

    assert told == [(TRACE,)]


async def test_a_takeover_goes_on_in_the_same_trace(shop: Shop) -> None:
    await shop.hold_shipping(hold=True)
    answer = await shop.place(order(), traceparent=CALLERS)
    order_id = answer.json()["order_id"]
    await shop.until(order_id, "processing")
    await shop.stop_workers()
    await shop.hold_shipping(hold=False)

    shop.start_worker()
    await shop.until(order_id)

    assert await traces_at(shop, "psp", order_id) == {TRACE}


async def test_an_order_is_found_by_every_name_it_has(shop: Shop) -> None:
    answer = await shop.place(order("web-1001"), key="key-of-the-first-order", traceparent=CALLERS)
    order_id = answer.json()["order_id"]

    found = [await shop.find(term) for term in (order_id, "web-1001", "key-of-the-first-order", TRACE)]
    await shop.until(order_id)
    by_part = await shop.find(await shop.part(order_id))

    assert [*found, by_part] == [[order_id]] * 5

"""`omnigate orders why`: amounts that add up, and the sentence that says what would have turned it."""

from psycopg.types.json import Jsonb

from gateway.domain.time import rfc3339
from tests.cli.shell import Shell
from tests.gate import Gate
from tests.resources.shop import order_body

PLAN = {"nodes": ["york"], "takes": [], "unfilled": 0, "score": 4_470, "arrives_at": None}
SECOND = {**PLAN, "nodes": ["leeds"], "score": 4_410}
CARRIER = {"name": "carrier", "node_id": "york", "amount": -530}
GOODS = {"name": "goods", "node_id": None, "amount": 5_000}
DOCUMENT = {
    "plan": {**PLAN, "terms": [GOODS, CARRIER]},
    "runner_up": {**SECOND, "terms": [GOODS, {**CARRIER, "node_id": "leeds", "amount": -590}]},
    "left_out": {"main": "not_stocked"},
    "flip": {"of": "plan", "term": CARRIER, "becomes": -591},
}


async def test_every_amount_is_told(shell: Shell, gate: Gate) -> None:
    headers = {**await gate.bearer(), "idempotency-key": "an-order-to-explain"}
    body = order_body(placed_at=rfc3339(gate.clock()))
    order_id = (await gate.http.post("/v1/orders", json=body, headers=headers)).json()["order_id"]
    async with gate.database.connection() as connection:
        await connection.execute(
            "insert into sourcing_decision values ('dec_1', %s, 'main', '2026-11-28T09:00:00Z', %s)",
            (order_id, Jsonb(DOCUMENT)),
        )

    said = await shell(f"orders why {order_id}")

    assert said.text.splitlines() == [
        "dec_1  2026-11-28T09:00:00.000Z",
        "  chosen: york",
        "           5,000  goods",
        "            -530  carrier at york",
        "           4,470  in all",
        "  second: leeds",
        "           5,000  goods",
        "            -590  carrier at leeds",
        "           4,410  in all",
        "  left out main: not_stocked",
        "  the second would win if carrier at york of the chosen were -591 instead of -530",
    ]


async def test_an_order_that_is_not_there_is_said_so(shell: Shell) -> None:
    assert (await shell("orders why ord_1")).text.startswith("omnigate: there is no order ord_1")

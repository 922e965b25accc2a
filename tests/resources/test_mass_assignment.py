"""What a caller may not say it cannot say anywhere: not a field of ours, in no object of a body, nor in a query."""

import copy
from collections.abc import Iterator
from typing import Any

from httpx2 import Response

from tests.gate import Gate
from tests.resources.shop import Shop

Json = dict[str, Any]

OURS = ("order_id", "partner_id", "status", "version", "received_at", "allowed_actions", "references", "cancel")
HABITS = ("id", "owner", "role", "scopes", "reach", "is_admin", "_method", "__proto__", "constructor", "$ref", "")
QUERIES = ("partner_id", "partner", "order_id", "scope", "reach", "admin", "owner", "access_token", "_method")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where objects stand in *value*."""
    if isinstance(value, dict):
        yield path
        for name, child in value.items():
            yield from places(child, (*path, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from places(child, (*path, index))


def with_field(body: Json, path: tuple[str | int, ...], name: str) -> Json:
    changed: Any = copy.deepcopy(body)
    target = changed
    for step in path:
        target = target[step]
    target[name] = "x"
    return changed  # type: ignore[no-any-return]


def refused_for(answer: Response, pointer: str) -> bool:
    errors = answer.json().get("errors", [])
    return answer.status_code == 422 and {"unknown_field"} == {e["code"] for e in errors if e["pointer"] == pointer}


async def test_no_object_of_an_order_takes_a_field_it_does_not_have(shop: Shop) -> None:
    body = shop.order(shipping_charge={"amount": 0, "currency": "GBP"})
    wrong: list[str] = []
    count = 0
    for path in places(body):
        fields = {name for name in (*OURS, *HABITS) if not (name == "id" and path[:1] == ("delivery_groups",))}
        for name in sorted(fields):
            answer = await shop.send(with_field(body, path, name))
            pointer = "#" + "".join(f"/{step}" for step in (*path, name))
            count += 1
            if not refused_for(answer, pointer):
                wrong.append(f"{pointer}: {answer.status_code} {answer.text[:200]}")

    print(f"\n{count} fields in {len(list(places(body)))} objects")
    assert wrong == []
    assert await shop.rows("select 1 from orders") == []


async def test_a_cancel_takes_a_reason_and_nothing_else(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]

    answers = [await shop.cancel(order_id, body={"reason": "x", name: "x"}) for name in (*OURS, *HABITS)]

    assert {answer.status_code for answer in answers} == {422}
    assert (await shop.get(f"/v1/orders/{order_id}")).json()["status"] == "received"


async def test_no_query_reaches_further_than_the_contract(gate: Gate, shop: Shop) -> None:
    other = await Shop.open(gate, "pos")
    await other.place()

    answers = [await shop.get("/v1/orders", **{name: "pos"}) for name in QUERIES]

    assert {answer.status_code for answer in answers} == {422}
    assert {answer.json()["errors"][0]["code"] for answer in answers} == {"unknown_parameter"}

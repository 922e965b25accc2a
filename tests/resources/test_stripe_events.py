"""Stripe tells what became of a payment: believed when signed, recorded once, and let pass when it does not matter."""

import hashlib
import hmac
from typing import Any

import orjson
import pytest
from httpx2 import Response

from tests.resources.shop import Shop

OLD, NEW = "whsec_of_last_year_0123", "whsec_of_this_year_4567"


def event(order_id: str | None, kind: str = "payment_intent.succeeded", **more: Any) -> dict[str, Any]:
    about = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_id": order_id} if order_id else {}}
    if kind.startswith("charge."):
        about = {**about, "id": "ch_1", "payment_intent": "pi_1", "object": "charge"}
    return {"id": "evt_1", "type": kind, "object": "event", "api_version": "2099", "data": {"object": about}, **more}


def signature(moment: int, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


async def tell(shop: Shop, body: dict[str, Any], *, header: str = "t={now},v1={new}", late: int = 0) -> Response:
    await shop.gate.secrets.put("callback:stripe", f"{NEW} {OLD}".encode())
    raw, now = orjson.dumps(body), int(shop.gate.clock().timestamp()) - late
    signed = {"now": now, "new": signature(now, raw, NEW), "old": signature(now, raw, OLD)}
    headers = {"content-type": "application/json", "stripe-signature": header.format(**signed)}
    return await shop.gate.http.post("/v1/callbacks/stripe", content=raw, headers=headers)


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        ("payment_intent.amount_capturable_updated", "payment_held"),
        ("payment_intent.succeeded", "payment_taken"),
        ("payment_intent.canceled", "payment_voided"),
        ("payment_intent.payment_failed", "payment_failed"),
        ("charge.refunded", "payment_refunded"),
    ],
)
async def test_an_event_becomes_a_signal_of_the_orders_run(shop: Shop, kind: str, signal: str) -> None:
    order_id = (await shop.place())["order_id"]

    answer = await tell(shop, event(order_id, kind))

    assert (answer.status_code, answer.json()) == (202, {"webhook_id": "evt_1", "status": "recorded"})
    assert await shop.rows("select signal_id, run_id, kind, source, data ->> 'payment' from signal") == [
        ("stripe:evt_1", order_id, signal, "callback:stripe", "pi_1")
    ]
    assert await shop.rows("select subject, action from audit where actor = 'system'") == [
        ("stripe", "callbacks:write")
    ]


async def test_an_event_told_twice_is_recorded_once(shop: Shop) -> None:
    order_id = (await shop.place())["order_id"]
    await tell(shop, event(order_id))

    again = await tell(shop, event(order_id))

    assert (again.status_code, again.json()["status"]) == (202, "known")
    assert len(await shop.rows("select 1 from signal")) == 1


@pytest.mark.parametrize(
    "body",
    [
        event("ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"),
        event(None),
        event("ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC", "customer.created"),
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"metadata": "?", "id": 7}}},
    ],
    ids=["an order of nobody", "a payment of somebody else", "a type that is new", "another shape"],
)
async def test_what_does_not_matter_is_taken_note_of_and_let_pass(shop: Shop, body: dict[str, Any]) -> None:
    answer = await tell(shop, body)

    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert await shop.rows("select 1 from signal") == []


@pytest.mark.parametrize("header", ["t={now},v1={old}", "t={now},v1=00,v1={new},v0=ab", "t={now}, v1={new}"])
async def test_while_secrets_change_both_are_believed(shop: Shop, header: str) -> None:
    assert (await tell(shop, event(None), header=header)).status_code == 202


@pytest.mark.parametrize(
    "header",
    [
        "v1={new}",
        "t={now}",
        "t={now},v0={new}",
        "t={now},v1=00",
        "t={now},t={now},v1={new}",
        "t=x,v1={new}",
        "nonsense",
    ],
)
async def test_what_is_not_signed_is_refused(shop: Shop, header: str) -> None:
    answer = await tell(shop, event(None), header=header)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")


async def test_a_signature_is_good_for_five_minutes(shop: Shop) -> None:
    assert (await tell(shop, event(None), late=299)).status_code == 202
    assert (await tell(shop, event(None), late=301)).status_code == 401


async def test_an_event_without_a_signature_or_for_no_secret_is_refused(shop: Shop) -> None:
    headers = {"content-type": "application/json"}
    bare = await shop.gate.http.post("/v1/callbacks/stripe", content=b"{}", headers=headers)
    signed = {**headers, "stripe-signature": "t=1,v1=00"}
    unknown = await shop.gate.http.post("/v1/callbacks/stripe", content=b"{}", headers=signed)

    assert (bare.status_code, unknown.status_code) == (401, 401)


async def test_what_is_no_event_is_refused(shop: Shop) -> None:
    answer = await tell(shop, {"id": "evt_1", "type": "payment_intent.succeeded"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")

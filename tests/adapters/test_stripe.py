"""How the Stripe adapter reads what it is told: each answer is yes, no, not applied or not known."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapters.stripe import stripe_payments
from gateway.domain.money import Money
from gateway.errors import BackEndError, Failed, Rejected, Unknown
from gateway.ports import Payments, sending
from tests.adapters.ports.ground import soon

EUR_30 = Money(30_00, "EUR")
META = {"operation_key": "k", "order_id": "ord_1"}
CHARGED = {"id": "ch_1", "status": "succeeded"}
HELD = {
    "id": "pi_1",
    "status": "requires_capture",
    "metadata": META,
    "latest_charge": CHARGED,
    "created": 1_800_000_000,
}

AT_THE_SOONEST = {"expires_at": "2027-01-20T02:00:00+00:00"}  # 4 days and 18 hours after it was created

Said = tuple[int, bytes]
Heard = list[tuple[str, dict[str, str], bytes]]


def said(body: object, status: int = 200) -> Said:
    return status, orjson.dumps(body)


def no(status: int, kind: str = "invalid_request_error", **error: str) -> Said:
    return said({"error": {"type": kind, "message": "because", **error}}, status)


@asynccontextmanager
async def told(*answers: Said, heard: Heard | None = None) -> AsyncIterator[Payments]:
    """A Stripe that says this, one answer after the other, the last one again and again."""
    left = list(answers)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        if heard is not None:
            heard.append((scope["path"], dict(request.headers), await request.body()))
        status, body = left.pop(0) if len(left) > 1 else left[0]
        headers = {"idempotent-replayed": "true"} if body.endswith(b" ") else {}
        await Response(body, status, headers)(scope, receive, send)

    async with stripe_payments(url="http://stripe", key="sk_test_1", transport=httpx2.ASGITransport(app)) as payments:
        with sending(soon()):
            yield payments


async def hold(payments: Payments) -> object:
    return await payments.authorise("pm_1", EUR_30, reference="ord_1", key="k")


async def void(payments: Payments) -> object:
    return await payments.void("pi_1", key="k")


async def find_held(payments: Payments) -> object:
    return await payments.find("authorise", key="k")


async def find_refunds(payments: Payments) -> object:
    return await payments.find("refund", key="k", subject="pi_1")


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (no(402, "card_error", code="card_declined", decline_code="do_not_honor"), Rejected, "declined"),
        (no(402, "card_error", code="card_declined", decline_code="stolen_card"), Rejected, "declined"),
        (
            no(402, "card_error", code="card_declined", decline_code="insufficient_funds"),
            Rejected,
            "insufficient_funds",
        ),
        (no(402, "card_error", code="expired_card"), Rejected, "card_expired"),
        (no(402, "card_error", code="authentication_required"), Rejected, "authentication_failed"),
        (no(400, code="amount_too_small", param="amount"), Rejected, "amount_too_small"),
        (no(400, code="resource_missing", param="payment_method"), Rejected, "unknown_payment_method"),
        (no(400, param="currency"), Rejected, "currency_not_payable"),
        (no(400, code="parameter_unknown", param="colour"), Failed, None),
        (no(400, "idempotency_error"), Unknown, None),
        (no(400, "idempotency_error", param="amount"), Unknown, None),
        *((no(status), Failed, None) for status in (401, 403, 404, 429)),
        (no(429, code="lock_timeout"), Failed, None),
        (no(409, code="idempotency_key_in_use"), Unknown, None),
        *((no(status, "api_error"), Unknown, None) for status in (424, 500, 502, 503, 504)),
        *(((status, b"<html>"), Unknown, None) for status in (302, 400, 402, 409, 418, 500, 503)),
        *(((status, b"<html>"), Failed, None) for status in (401, 403, 404, 429)),
        *(((200, body), Unknown, None) for body in (b"", b"{", b"[]", b"null")),
        (said({**HELD, "status": "processing"}), Unknown, None),
        (said({**HELD, "id": "../pi_1"}), Unknown, None),
        (said({**HELD, "metadata": {"operation_key": "another"}}), Unknown, None),
    ],
)
async def test_an_answer_means_one_thing_only(answer: Said, error: type[BackEndError], code: str | None) -> None:
    async with told(answer) as payments:
        with pytest.raises(BackEndError) as raised:
            await hold(payments)

    assert type(raised.value) is error
    assert raised.value.facts.get("code") == code


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (find_held, said({"data": None})),
        (find_held, said({"data": ["pi_1"]})),
        (find_held, said({"data": [{**HELD, "status": "processing"}], "has_more": False})),
        (find_held, said({"data": [HELD], "has_more": True})),
        (find_refunds, said({"data": {}})),
        (void, said({**HELD, "status": "requires_capture"})),
    ],
    ids=["no list", "no objects", "under way", "no end", "no list of refunds", "not void"],
)
async def test_a_shape_that_was_not_promised_is_no_answer(
    ask: Callable[[Payments], Awaitable[object]], answer: Said
) -> None:
    async with told(answer) as payments:
        with pytest.raises(Unknown):
            await ask(payments)


async def test_a_stored_500_is_asked_for_anew_once_nothing_is_found() -> None:
    heard: Heard = []
    stored, nothing = (500, b'{"error": {"type": "api_error"}} '), said({"data": [], "has_more": False})
    async with told(stored, nothing, said(HELD), heard=heard) as payments:
        held = await payments.authorise("pm_1", EUR_30, reference="ord_1", key="k")

    assert held.key == "k"
    assert [headers.get("idempotency-key") for _, headers, _ in heard] == ["k", None, "k~1"]


async def test_what_breaks_every_time_stays_unknown() -> None:
    stored, nothing = (500, b'{"error": {"type": "api_error"}} '), said({"data": [], "has_more": False})
    async with told(stored, nothing, stored, nothing, stored, nothing) as payments:
        with pytest.raises(Unknown):
            await hold(payments)


async def test_a_call_says_who_asks_in_which_version_and_for_what() -> None:
    heard: Heard = []
    async with told(said(HELD), heard=heard) as payments:
        await hold(payments)

    [(path, headers, body)] = heard
    assert path == "/v1/payment_intents"
    assert (headers["authorization"], headers["stripe-version"]) == ("Bearer sk_test_1", "2025-09-30.clover")
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"amount=3000&currency=eur&capture_method=manual&confirm=true" in body


@pytest.mark.parametrize(
    ("card", "facts"),
    [
        ({"capture_before": 1_800_604_800}, {"expires_at": "2027-01-22T08:00:00+00:00"}),
        ({"capture_before": "soon"}, AT_THE_SOONEST),
        ({"capture_before": 2**60}, AT_THE_SOONEST),
        ({}, AT_THE_SOONEST),
        (None, AT_THE_SOONEST),
    ],
    ids=["said", "no number", "no moment", "not said", "no card"],
)
async def test_until_when_money_is_held_is_told_and_at_the_soonest_where_it_is_not_said(
    card: object, facts: dict[str, str]
) -> None:
    held = {**HELD, "latest_charge": {**CHARGED, "payment_method_details": {"card": card}}}
    async with told(said(held), said({"data": [held], "has_more": False})) as payments:
        done = await payments.authorise("pm_1", EUR_30, reference="ord_1", key="k")
        found = await payments.find("authorise", key="k")

    assert (done.facts, found) == (facts, [done])


async def test_a_charge_that_is_not_expanded_says_nothing() -> None:
    async with told(said({**HELD, "latest_charge": "ch_1"})) as payments:
        assert (await payments.authorise("pm_1", EUR_30, reference="ord_1", key="k")).facts == AT_THE_SOONEST


async def test_once_the_customer_has_agreed_it_is_told_until_when_money_is_held() -> None:
    charge = {**CHARGED, "payment_method_details": {"card": {"capture_before": 1_800_604_800}}}
    async with told(said({**HELD, "latest_charge": charge})) as payments:
        hold = await payments.standing("pi_1")

    assert (hold.status, hold.until) == ("held", datetime(2027, 1, 22, 8, tzinfo=UTC))


async def test_a_look_up_stops_at_payments_older_than_its_key() -> None:
    key = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC:hold_money"  # minted in November 2024
    old = {**HELD, "created": 1_700_000_000, "metadata": {**META, "operation_key": key}}
    async with told(said({"data": [old], "has_more": True})) as payments:
        assert await payments.find("authorise", key=key) == []

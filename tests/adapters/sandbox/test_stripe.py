"""The pretend provider in Stripe's dialect: as strict as Stripe where an integration could be wrong about it."""

import asyncio
import hashlib
import hmac
from typing import Any

import httpx2
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CARD = {
    "amount": "3000",
    "currency": "gbp",
    "confirm": "true",
    "capture_method": "manual",
    "payment_method": "pm_card_visa",
    "metadata[order_id]": "ord_1",
}
SECRET = "whsec_of_the_sandbox"


async def post(
    sandbox: Any, path: str, form: dict[str, str], *, key: str | None = None, **more: str
) -> httpx2.Response:
    headers = {"authorization": "Bearer sk_test_1", **{name.replace("_", "-"): value for name, value in more.items()}}
    sent = {**headers, "idempotency-key": key} if key else headers
    answer: httpx2.Response = await sandbox.http.post(f"/stripe/v1/{path}", data=form, headers=sent)
    return answer


async def get(sandbox: Any, path: str, **query: str) -> Any:
    headers = {"authorization": "Bearer sk_test_1"}
    return (await sandbox.http.get(f"/stripe/v1/{path}", params=query, headers=headers)).json()


async def held(sandbox: Any, **changes: str) -> str:
    return str((await post(sandbox, "payment_intents", {**CARD, **changes})).json()["id"])


def said(answer: httpx2.Response) -> tuple[int, str, str | None, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["type"], error.get("code"), error.get("param")


async def test_a_key_repeats_the_answer_and_not_the_effect(sandbox: Any) -> None:
    first = await post(sandbox, "payment_intents", CARD, key="k")
    second = await post(sandbox, "payment_intents", CARD, key="k")

    assert first.content == second.content
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert await sandbox.effects("stripe") == ["authorisation"]


async def test_a_key_with_other_parameters_is_an_error(sandbox: Any) -> None:
    await post(sandbox, "payment_intents", CARD, key="k")

    answer = await post(sandbox, "payment_intents", {**CARD, "amount": "3001"}, key="k")

    assert said(answer) == (400, "idempotency_error", None, None)


async def test_a_key_under_way_is_not_served_twice(sandbox: Any) -> None:
    slow = asyncio.create_task(post(sandbox, "payment_intents", CARD, key="k", sandbox_fault="delay;delay=0.3"))
    while not await sandbox.attempts("stripe"):
        await asyncio.sleep(0.01)

    answer = await post(sandbox, "payment_intents", CARD, key="k")

    assert said(answer) == (409, "invalid_request_error", "idempotency_key_in_use", None)
    assert (await slow).status_code == 200


@pytest.mark.parametrize(("fault", "effects"), [("error_before", []), ("error_after", ["authorisation"])])
async def test_a_500_is_repeated_whatever_was_done(sandbox: Any, fault: str, effects: list[str]) -> None:
    first = await post(sandbox, "payment_intents", CARD, key="k", sandbox_fault=fault)
    second = await post(sandbox, "payment_intents", CARD, key="k")

    assert [(each.status_code, each.json()["error"]["type"]) for each in (first, second)] == [(500, "api_error")] * 2
    assert second.headers["idempotent-replayed"] == "true"
    assert await sandbox.effects("stripe") == effects


async def test_a_decline_is_kept_for_its_key_and_leaves_an_intent(sandbox: Any) -> None:
    card = {**CARD, "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds"}

    first = await post(sandbox, "payment_intents", card, key="k")
    second = await post(sandbox, "payment_intents", card, key="k")

    error = first.json()["error"]
    assert (first.status_code, error["code"], error["decline_code"]) == (402, "card_declined", "insufficient_funds")
    assert first.content == second.content
    assert (await get(sandbox, "payment_intents"))["data"][0]["status"] == "requires_payment_method"
    assert await sandbox.effects("stripe") == []


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": "3.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": "49"}, "amount_too_small", "amount"),
        ({"amount": "100000000"}, "amount_too_large", "amount"),
        ({"amount": "1234", "currency": "kwd"}, None, "amount"),
        ({"currency": "GBP"}, None, "currency"),
        ({"payment_method": "pm_nobody"}, "resource_missing", "payment_method"),
    ],
)
async def test_what_stripe_would_refuse_is_refused(
    sandbox: Any, change: dict[str, str], code: str | None, param: str
) -> None:
    answer = await post(sandbox, "payment_intents", {**CARD, **change})

    assert said(answer) == (400, "invalid_request_error", code, param)
    assert await sandbox.effects("stripe") == []


@pytest.mark.parametrize(
    ("before", "then", "expected"),
    [
        ([], ("capture", {"amount_to_capture": "3001"}), (400, "amount_too_large")),
        ([("capture", {})], ("capture", {}), (400, "payment_intent_unexpected_state")),
        ([("capture", {})], ("cancel", {}), (400, "payment_intent_unexpected_state")),
        ([("cancel", {})], ("cancel", {}), (400, "payment_intent_unexpected_state")),
        ([("cancel", {})], ("capture", {}), (400, "payment_intent_unexpected_state")),
    ],
)
async def test_transitions_are_made_once(
    sandbox: Any, before: list[tuple[str, dict[str, str]]], then: tuple[str, dict[str, str]], expected: tuple[int, str]
) -> None:
    intent = await held(sandbox)
    for verb, form in before:
        assert (await post(sandbox, f"payment_intents/{intent}/{verb}", form)).status_code == 200

    answer = await post(sandbox, f"payment_intents/{intent}/{then[0]}", then[1])

    assert (answer.status_code, answer.json()["error"]["code"]) == expected


async def test_no_more_is_refunded_than_was_captured(sandbox: Any) -> None:
    intent = await held(sandbox)
    await post(sandbox, f"payment_intents/{intent}/capture", {"amount_to_capture": "2000"})

    answers = [
        await post(sandbox, "refunds", {"payment_intent": intent, "amount": amount}) for amount in ("1500", "501")
    ]
    rest = await post(sandbox, "refunds", {"payment_intent": intent})
    none = await post(sandbox, "refunds", {"payment_intent": intent})

    assert [answer.status_code for answer in (*answers, rest, none)] == [200, 400, 200, 400]
    assert (said(answers[1])[3], said(none)[2]) == ("amount", "charge_already_refunded")
    assert (await sandbox.get("/ledger/summary"))["stripe"]["refunded"] == {"GBP": 2000}


async def test_who_has_no_key_is_not_served(sandbox: Any) -> None:
    answer = await sandbox.http.post("/stripe/v1/payment_intents", data=CARD, headers={"authorization": "Bearer pk_1"})

    assert answer.status_code == 401
    assert await sandbox.effects("stripe") == []


async def test_payments_are_listed_newest_first_page_by_page(sandbox: Any) -> None:
    made = [await held(sandbox) for _ in range(3)]

    first = await get(sandbox, "payment_intents", limit="2", **{"expand[]": "data.latest_charge"})
    rest = await get(sandbox, "payment_intents", limit="2", starting_after=first["data"][-1]["id"])

    assert [each["id"] for each in first["data"] + rest["data"]] == made[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert first["data"][0]["latest_charge"]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("answer", "status", "effects"),
    [("true", "requires_capture", ["authorisation"]), ("false", "requires_payment_method", [])],
)
async def test_a_customer_says_yes_or_no_to_the_bank(
    sandbox: Any, answer: str, status: str, effects: list[str]
) -> None:
    card = {**CARD, "payment_method": "pm_card_authenticationRequired", "return_url": "https://shop.example/back"}
    asked = (await post(sandbox, "payment_intents", card, key="k")).json()

    await sandbox.http.get(f"{asked['next_action']['redirect_to_url']['url']}&succeed={answer}")

    assert asked["status"] == "requires_action"
    assert (await get(sandbox, f"payment_intents/{asked['id']}"))["status"] == status
    assert await sandbox.effects("stripe", **({"key": "k"} if effects else {})) == effects


async def test_events_are_signed_and_repeated_until_they_are_taken(open_sandbox: Any) -> None:
    statuses, taken, arrived = [503], [], asyncio.Event()

    async def take(request: Request) -> Response:
        body = await request.body()
        moment, given = (part.split("=")[1] for part in request.headers["stripe-signature"].split(","))
        expected = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        taken.append((orjson.loads(body)["id"], orjson.loads(body)["type"], given == expected))
        if len(taken) == 2:
            arrived.set()
        return Response(status_code=statuses.pop() if statuses else 200)

    transport = httpx2.ASGITransport(Starlette(routes=[Route("/events", take, methods=["POST"])]))
    given = {"events_url": "http://gateway/events", "events_secret": SECRET, "callback_transport": transport}
    async with open_sandbox(**given) as sandbox:
        await held(sandbox)
        async with asyncio.timeout(15):
            await arrived.wait()

    assert taken[0] == taken[1]
    assert taken[0][1:] == ("payment_intent.amount_capturable_updated", True)

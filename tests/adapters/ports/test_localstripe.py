"""What a second server of Stripe's kind confirms besides the port's promises: signatures, and a bank that asks."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.stripe import StripeEvents
from gateway.errors import Rejected
from tests.adapters.ports.ground import EUR_30, listening
from tests.adapters.ports.tills import StripeBooks, Till, localstripe_till

pytestmark = pytest.mark.proof

SECRET = "whsec_that_localstripe_was_given"


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with localstripe_till(tmp_path) as opened:
        yield opened


@pytest.fixture
def http(till: Till) -> httpx2.AsyncClient:
    assert isinstance(till.books, StripeBooks)
    return till.books.http


async def test_its_events_are_believed_and_understood(till: Till, http: httpx2.AsyncClient) -> None:
    heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def take(request: Request) -> Response:
        await heard.put((request.headers["stripe-signature"], await request.body()))
        return Response()

    async with listening(Starlette(routes=[Route("/events", take, methods=["POST"])])) as url:
        await http.post("/_config/webhooks/ours", json={"url": f"{url}/events", "secret": SECRET})
        held = await till.payments.authorise(till.card, EUR_30, reference="ord_1", key="hold")
        await till.payments.capture(held.id, EUR_30, key="take")
        async with asyncio.timeout(20):
            signature, body = await heard.get()

    events, now, event = StripeEvents(), datetime.now(UTC), orjson.loads(body)
    told = events.told(event)
    assert told is not None
    assert (told.run_id, told.kind, told.data["payment"]) == ("ord_1", "payment_taken", held.id)
    assert events.signed(signature, body, secrets=["another", SECRET], now=now)
    assert not events.signed(signature, body + b" ", secrets=[SECRET], now=now)
    assert not events.signed(signature, body, secrets=["another"], now=now)


async def test_a_bank_that_asks_without_a_page_is_a_no(till: Till, http: httpx2.AsyncClient) -> None:
    card: dict[str, Any] = {"number": "4000002500003155", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = (await http.post("/v1/payment_methods", json={"type": "card", "card": card})).json()["id"]

    with pytest.raises(Rejected) as refusal:
        await till.payments.authorise(method, EUR_30, reference="ord_1", key="hold")

    assert refusal.value.facts["code"] == "authentication_failed"
    assert await till.payments.find("authorise", key="hold") == []

"""Where `Payments` is put to the proof: each adapter on each server, and that server's own books."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import httpx2

from adapters.stripe import stripe_payments
from gateway.domain.money import Money
from gateway.ports import Effect, Payments
from tests.adapters.ports.ground import EUR_30, Ground, on_stripe, over_the_network
from tests.peers.localstripe import localstripe

Json = dict[str, Any]

KEY = "sk_test_of_no_value"
CARD, DECLINED_CARD = "pm_card_visa", "pm_card_chargeCustomerFail"
# What localstripe does otherwise than Stripe: the test that shows it, and in what.
DEVIATIONS = {
    "test_repeating_a_key_does_not_hold_money_twice": "it ignores keys",
    "test_a_key_that_stands_for_another_request_has_to_be_looked_up": "it ignores keys",
    "test_a_refund_under_a_repeated_key_is_made_once": "it ignores keys",
    "test_copies_at_the_same_time_hold_money_once": "it ignores keys",
    "test_no_more_is_taken_than_is_held": "it says no without a code or a parameter",
    "test_what_was_voided_is_not_taken": "it takes what was cancelled",
    "test_no_more_is_given_back_than_was_taken": "it refunds more than was paid",
}
UNKNOWN_TO_IT = ("error_on_requires_action", "return_url")  # parameters of Stripe's that it refuses


class Books(Protocol):
    """What the server itself says has become of the money."""

    async def balances(self) -> Json: ...

    async def effects(self, **sought: str) -> list[Json]: ...

    async def asked(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Till:
    payments: Payments
    books: Books
    card: str
    declined: str

    @property
    def in_parts(self) -> bool:
        return self.payments.manifest["capture"].in_parts


async def hold(till: Till, amount: Money = EUR_30, *, key: str = "hold") -> Effect:
    return await till.payments.authorise(till.card, amount, reference="ord_1", key=key)


async def balance(till: Till, name: str, currency: str = "EUR") -> int:
    return int((await till.books.balances())[name].get(currency, 0))


@dataclass(frozen=True, slots=True)
class SandboxBooks:
    ground: Ground

    async def balances(self) -> Json:
        return await self.ground.books(self.ground.payments)

    async def effects(self, **sought: str) -> list[Json]:
        return await self.ground.effects(self.ground.payments, **sought)

    async def asked(self) -> int:
        return len(await self.ground.attempts(self.ground.payments))


@dataclass(frozen=True, slots=True)
class StripeBooks:
    """Read over Stripe's own API, where there is no ledger to look into."""

    http: httpx2.AsyncClient
    carrier: "WithoutTheUnknown"

    async def balances(self) -> Json:
        found: dict[str, dict[str, int]] = {name: defaultdict(int) for name in ("held", "captured", "refunded")}
        sums = {"authorisation": ("held", 1), "void": ("held", -1), "refund": ("refunded", 1)}
        for effect in await self.effects():
            currency, amount = effect["currency"].upper(), effect["amount"]
            if effect["kind"] == "capture":
                found["captured"][currency] += amount
                found["held"][currency] -= effect["held"]
                continue
            name, sign = sums[effect["kind"]]
            found[name][currency] += sign * amount
        return {name: dict(sums_of) for name, sums_of in found.items()}

    async def effects(self, **sought: str) -> list[Json]:
        told = [effect for intent in await self._listed("payment_intents") for effect in await self._of(intent)]
        return [effect for effect in told if all(effect.get(name) == value for name, value in sought.items())]

    async def asked(self) -> int:
        return self.carrier.carried

    async def _of(self, intent: Json) -> list[Json]:
        charge = intent["latest_charge"]
        if not charge or charge["status"] != "succeeded":
            return []
        metadata = intent["metadata"]
        known = {"id": intent["id"], "key": metadata["operation_key"], "reference": metadata["order_id"]}
        line = {**known, "amount": intent["amount"], "currency": intent["currency"]}
        refunds = await self._listed("refunds", payment_intent=intent["id"])
        ours = [refund for refund in refunds if "operation_key" in refund["metadata"]]
        told = [{**line, "kind": "authorisation"}]
        if intent["status"] == "canceled":
            told.append({**line, "kind": "void"})
        if intent["status"] == "succeeded":
            released = sum(refund["amount"] for refund in refunds if refund not in ours)
            told.append({**line, "kind": "capture", "held": intent["amount"], "amount": intent["amount"] - released})
        return told + [{**line, "kind": "refund", "id": each["id"], "amount": each["amount"]} for each in ours]

    async def _listed(self, what: str, **query: str) -> list[Json]:
        answer = await self.http.get(f"/v1/{what}", params={"limit": "100", **query})
        assert answer.is_success, answer.text
        listed: list[Json] = answer.json()["data"]
        return listed


@dataclass(slots=True)
class WithoutTheUnknown(httpx2.AsyncBaseTransport):
    """Leaves out the parameters that localstripe refuses, and counts the calls."""

    carrier: httpx2.AsyncBaseTransport
    carried: int = field(default=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.carried += 1
        form = parse_qsl(request.content.decode())
        content = urlencode([(name, value) for name, value in form if name not in UNKNOWN_TO_IT]).encode()
        headers = {**request.headers, "content-length": str(len(content))}
        amended = httpx2.Request(
            request.method, request.url, headers=headers, content=content, extensions=request.extensions
        )
        return await self.carrier.handle_async_request(amended)


@asynccontextmanager
async def rest_till(folder: Path) -> AsyncIterator[Till]:
    async with over_the_network(folder) as ground:
        yield Till(ground.back_ends.payments, SandboxBooks(ground), "tok_visa", "tok_declined")


@asynccontextmanager
async def stripe_till(folder: Path) -> AsyncIterator[Till]:
    async with on_stripe(folder) as ground:
        yield Till(ground.back_ends.payments, SandboxBooks(ground), CARD, DECLINED_CARD)


@asynccontextmanager
async def localstripe_till(folder: Path) -> AsyncIterator[Till]:
    with localstripe() as url:
        async with httpx2.AsyncHTTPTransport(trust_env=False) as network:
            carrier = WithoutTheUnknown(network)
            client = httpx2.AsyncClient(base_url=url, headers={"authorization": f"Bearer {KEY}"}, trust_env=False)
            async with client, stripe_payments(url=url, key=KEY, transport=carrier) as payments:
                yield Till(payments, StripeBooks(client, carrier), CARD, DECLINED_CARD)

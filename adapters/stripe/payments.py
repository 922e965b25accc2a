"""The payment provider: holds money, gives it back, takes it, refunds it; all of it on one payment intent an order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime

from adapters.reading import Json
from adapters.stripe.amounts import to_stripe
from adapters.stripe.conversation import Broken, Conversation
from adapters.stripe.manifest import SHORTEST_HOLD
from gateway.domain.identifiers import minted_at
from gateway.domain.money import Money
from gateway.errors import BackEndError, Failed, Rejected, Unknown
from gateway.ports import ACTION_NEEDED, EXPIRES_AT, Effect, Hold

INTENTS, REFUNDS = "/v1/payment_intents", "/v1/refunds"
OUR_KEY, OUR_ORDER = "operation_key", "order_id"  # in Stripe's metadata
PAGE, MOST_PAGES = 100, 100
SKEW = 300.0  # seconds by which Stripe's clock and ours may differ
TOO_LARGE = "amount_too_large"
NEVER = 2**35  # unix seconds; a moment that far away is none
LIVES = 3  # keys tried after one another, while each is answered by a stored 500 and nothing was done


class StripePayments:
    """`gateway.ports.Payments` on Stripe. Authorisation and capture have one id: the payment intent's."""

    def __init__(self, conversation: Conversation, *, return_url: str | None = None) -> None:
        self.manifest = conversation.manifest
        self._stripe = conversation
        self._challenged = {"return_url": return_url} if return_url else {"error_on_requires_action": "true"}

    async def authorise(self, token: str, amount: Money, *, reference: str, key: str) -> Effect:
        form = {
            "amount": str(to_stripe(amount)),
            "currency": amount.currency.lower(),
            "capture_method": "manual",
            "confirm": "true",
            **self._challenged,
            "payment_method_types[]": "card",
            "expand[]": "latest_charge",
            **_paid_with(token),
            f"metadata[{OUR_ORDER}]": reference,
            f"metadata[{OUR_KEY}]": key,
        }

        async def ask(name: str) -> Effect:
            held = await self._stripe.effect("authorise", INTENTS, form, key=name)
            self._stripe.text(_metadata(held), OUR_KEY, expected=key)
            if held.get("status") == "requires_action":
                return self._pending(held, key=key)
            self._stripe.text(held, "status", expected="requires_capture")
            return self._held(held, key=key)

        return await self._settled("authorise", ask, key=key)

    async def standing(self, authorisation: str) -> Hold:
        path = f"{INTENTS}/{self._stripe.segment(authorisation)}"
        intent = await self._stripe.look_up(path, {"expand[]": "latest_charge"})
        status = intent.get("status") if intent else "canceled"
        if intent and status in ("requires_capture", "succeeded"):
            return Hold("held", until=_held_until(intent))
        if status in ("requires_action", "processing"):
            return Hold("awaited")
        return Hold("refused", "authentication_failed")

    async def void(self, authorisation: str, *, key: str) -> Effect:
        path = f"{INTENTS}/{self._stripe.segment(authorisation)}/cancel"

        async def ask(name: str) -> Effect:
            try:
                voided = await self._stripe.effect("void", path, {}, key=name)
            except (Rejected, Failed) as no:
                if await self._state_after(no, authorisation) == "succeeded":
                    raise Rejected("the money was taken", code="already_captured") from no
                return Effect(authorisation, key, "void")
            self._stripe.text(voided, "status", expected="canceled")
            return Effect(self._stripe.identifier(voided), key, "void")

        return await self._settled("void", ask, key=key, subject=authorisation)

    async def capture(self, authorisation: str, amount: Money, *, key: str) -> Effect:
        path, wanted = f"{INTENTS}/{self._stripe.segment(authorisation)}/capture", to_stripe(amount)

        async def ask(name: str) -> Effect:
            try:
                taken = await self._stripe.effect("capture", path, {"amount_to_capture": str(wanted)}, key=name)
            except (Rejected, Failed) as no:
                if no.facts.get("code") == TOO_LARGE:
                    raise
                taken_before = await self._state_after(no, authorisation) == "succeeded"
                code = "already_captured" if taken_before else "voided"
                raise Rejected("nothing is held that could be taken", code=code) from no
            self._stripe.text(taken, "status", expected="succeeded")
            return Effect(self._stripe.identifier(taken), key, "capture")

        return await self._settled("capture", ask, key=key, subject=authorisation)

    async def refund(self, capture: str, amount: Money, *, key: str) -> Effect:
        form = {
            "payment_intent": self._stripe.segment(capture),
            "amount": str(to_stripe(amount)),
            f"metadata[{OUR_KEY}]": key,
        }

        async def ask(name: str) -> Effect:
            given_back = await self._stripe.effect("refund", REFUNDS, form, key=name)
            if given_back.get("status") not in ("succeeded", "pending"):
                raise self._stripe.unreadable("the refund is neither done nor under way")
            return Effect(self._stripe.identifier(given_back), key, "refund")

        return await self._settled("refund", ask, key=key, subject=capture)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        if operation == "authorise":
            return [held async for held in self._held_under(key)]
        if subject is None:
            raise ValueError("Stripe knows what was done to a payment by the payment only")
        if operation == "refund":
            return [refunded async for refunded in self._refunded_under(key, subject)]
        intent = await self._intent(subject)
        reached = {"void": "canceled", "capture": "succeeded"}[operation]
        return [Effect(subject, key, operation)] if intent and intent.get("status") == reached else []

    async def _settled(
        self, operation: str, ask: Callable[[str], Awaitable[Effect]], *, key: str, subject: str | None = None
    ) -> Effect:
        """Ask under *key*. Stripe repeats a 500 for a day, whether it did the thing or not: what has provably not been
        done is asked for under a next key, the same one for whoever comes after us."""
        for life in range(LIVES):
            try:
                return await ask(f"{key}~{life}" if life else key)
            except Broken:
                found = await self.find(operation, key=key, subject=subject)
                if found:
                    break
        else:
            raise Unknown("Stripe breaks whenever it is asked for this", operation=operation)
        if len(found) > 1:
            raise Unknown("Stripe did this more than once", operation=operation)
        return found[0]

    async def _state_after(self, no: BackEndError, payment: str) -> str:
        """Why Stripe refused a transition: it has been made, or the other one. Raises *no* when it was neither."""
        intent = await self._intent(payment) if no.facts.get("backend_status") == 400 else None
        status = intent.get("status") if intent else None
        if status not in ("canceled", "succeeded"):
            raise no
        return str(status)

    async def _intent(self, payment: str) -> Json | None:
        return await self._stripe.look_up(f"{INTENTS}/{self._stripe.segment(payment)}", {})

    async def _held_under(self, key: str) -> AsyncIterator[Effect]:
        """Payments are listed newest first, and listed as soon as they are made; a search would lag behind."""
        since = minted_at(key)
        async for intent in self._listed(INTENTS, {"expand[]": "data.latest_charge"}):
            if since is not None and _created(intent) < since.timestamp() - SKEW:
                return
            if _metadata(intent).get(OUR_KEY) != key:
                continue
            if _page_of(intent) is not None:
                yield self._pending(intent, key=key)
            elif self._was_held(intent):
                yield self._held(intent, key=key)

    def _held(self, intent: Json, *, key: str) -> Effect:
        until = _held_until(intent)
        facts = {EXPIRES_AT: until.isoformat()} if until else {}
        return Effect(self._stripe.identifier(intent), key, "authorisation", facts)

    def _pending(self, intent: Json, *, key: str) -> Effect:
        """The bank wants its customer's word. An action to which nobody can be sent is no way to get it."""
        page = _page_of(intent)
        if page is None:
            raise Rejected("the bank wants to ask, and names no page", code="authentication_failed")
        facts = {"state": ACTION_NEEDED}
        return Effect(self._stripe.identifier(intent), key, "authorisation", facts, action=page)

    def _was_held(self, intent: Json) -> bool:
        """The bank said yes once, whatever has become of the money since."""
        charge = intent.get("latest_charge")
        if intent.get("status") == "processing":
            raise self._stripe.unreadable("the bank has not answered yet")
        return isinstance(charge, dict) and charge.get("status") == "succeeded"

    async def _refunded_under(self, key: str, payment: str) -> AsyncIterator[Effect]:
        query = {"payment_intent": self._stripe.segment(payment)}
        async for refund in self._listed(REFUNDS, query):
            if _metadata(refund).get(OUR_KEY) == key and refund.get("status") not in ("failed", "canceled"):
                yield Effect(self._stripe.identifier(refund), key, "refund")

    async def _listed(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Json]:
        asked = {**query, "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            page = await self._stripe.look_up(path, asked)
            if page is None:
                return
            listed, more = page.get("data"), page.get("has_more")
            if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
                raise self._stripe.unreadable("'data' is no list of objects")
            for each in listed:
                yield each
            if more is not True or not listed:
                return
            asked = {**asked, "starting_after": self._stripe.identifier(listed[-1])}
        raise Unknown("there are more payments than can be looked through", pages=MOST_PAGES)


def _paid_with(token: str) -> dict[str, str]:
    """A payment method, or a token of the older kind, which stands for one."""
    if token.startswith("tok_"):
        return {"payment_method_data[type]": "card", "payment_method_data[card][token]": token}
    return {"payment_method": token}


def _metadata(answer: Json) -> Json:
    found = answer.get("metadata")
    return found if isinstance(found, dict) else {}


def _page_of(intent: Json) -> str | None:
    """Where the customer of an intent that needs them is to go."""
    action = intent.get("next_action") if intent.get("status") == "requires_action" else None
    redirect = action.get("redirect_to_url") if isinstance(action, dict) else None
    url = redirect.get("url") if isinstance(redirect, dict) else None
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= 4096 else None


def _held_until(intent: Json) -> datetime | None:
    """By when the charge has to be captured; at the soonest, where the card does not say so."""
    told: object = intent
    for name in ("latest_charge", "payment_method_details", "card", "capture_before"):
        told = told.get(name) if isinstance(told, dict) else None
    if not isinstance(told, int) or not 0 < told < NEVER:
        told = _created(intent) + SHORTEST_HOLD
    return datetime.fromtimestamp(told, UTC) if told < NEVER else None


def _created(intent: Json) -> float:
    created = intent.get("created")
    return float(created) if isinstance(created, int) else float("inf")

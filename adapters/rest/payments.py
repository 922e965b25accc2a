"""The payment provider: holds money, gives it back, takes it, refunds it; every call under our key."""

from adapters.reading import Json
from adapters.rest.dialect import Conversation, money
from gateway.domain.money import Money
from gateway.ports import EXPIRES_AT, Effect, Hold

KINDS = {"authorise": "authorisation", "void": "void", "capture": "capture", "refund": "refund"}


class RestPayments:
    """`gateway.ports.Payments` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._psp = conversation

    async def authorise(self, token: str, amount: Money, *, reference: str, key: str) -> Effect:
        body = {"reference": reference, "token": token, "amount": money(amount)}
        held = await self._psp.effect("authorise", "/authorisations", body, key=key)
        self._psp.text(held, "reference", expected=reference)
        return self._done("authorise", held, "authorised", key=key)

    async def standing(self, authorisation: str) -> Hold:
        return Hold("held")  # what is authorised in this dialect waits for nobody

    async def void(self, authorisation: str, *, key: str) -> Effect:
        path = f"/authorisations/{self._psp.segment(authorisation)}/void"
        return self._done("void", await self._psp.effect("void", path, {}, key=key), "voided", key=key)

    async def capture(self, authorisation: str, amount: Money, *, key: str) -> Effect:
        path = f"/authorisations/{self._psp.segment(authorisation)}/captures"
        taken = await self._psp.effect("capture", path, {"amount": money(amount)}, key=key)
        return self._done("capture", taken, "captured", key=key)

    async def refund(self, capture: str, amount: Money, *, key: str) -> Effect:
        path = f"/captures/{self._psp.segment(capture)}/refunds"
        given_back = await self._psp.effect("refund", path, {"amount": money(amount)}, key=key)
        return self._done("refund", given_back, "refunded", key=key)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        kind = KINDS[operation]
        return [self._effect(each, key, kind) for each in await self._psp.done(kind, key=key)]

    def _done(self, operation: str, answer: Json, status: str, *, key: str) -> Effect:
        self._psp.text(answer, "status", expected=status)
        return self._effect(answer, key, KINDS[operation])

    def _effect(self, answer: Json, key: str, kind: str) -> Effect:
        said = kind == "authorisation" and answer.get(EXPIRES_AT) is not None
        facts = {EXPIRES_AT: self._psp.moment(answer, EXPIRES_AT).isoformat()} if said else {}
        return Effect(self._psp.identifier(answer), key, kind, facts)

"""What customers are told: templates filled in with facts, sent once under our key."""

from collections.abc import Mapping

from adapters.rest.dialect import Conversation
from gateway.domain.orders import Contact
from gateway.errors import Rejected
from gateway.ports import Effect

MESSAGES = "/messages"
KINDS = {"send": "message"}


class RestNotifications:
    """`gateway.fulfilment_ports.Notifications` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._notifier = conversation

    async def send(self, kind: str, to: Contact, facts: Mapping[str, str], *, key: str) -> Effect:
        ways = {name: value for name, value in (("email", to.email), ("phone", to.phone)) if value is not None}
        body = {"reference": key, "kind": kind, "to": ways, "facts": dict(facts)}
        try:
            sent = await self._notifier.effect("send", MESSAGES, body, key=key)
        except Rejected as refusal:
            raise self._without_words(refusal) from None
        self._notifier.text(sent, "reference", expected=key)
        self._notifier.text(sent, "status", expected="sent")
        return Effect(self._notifier.identifier(sent), key, "message")

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        kind = KINDS[operation]
        return [Effect(self._notifier.identifier(each), key, kind) for each in await self._notifier.done(kind, key=key)]

    def _without_words(self, refusal: Rejected) -> Rejected:
        """The code alone: a sentence may repeat whom it was to be sent to, and refusals are logged and kept."""
        facts = {name: value for name, value in refusal.facts.items() if name != "said"}
        return Rejected(f"{self._notifier.system} said no: {facts['code']}", **facts)

"""
What an answer of Stripe's means. The only place where its statuses become one of our three errors.

    2xx, in the promised shape           yes
    402 with an error object             `Rejected`: the card was declined (facts: `code`, ours, and `said`, Stripe's)
    400 about the payment itself         `Rejected`: too much, too little, not in that state, no such payment method
    400 about a key                      `Unknown`: it stands for another request; what was done under it is looked up
    other 400 with an error object       `Failed`: not applied; our fault
    401, 403, 404, 429                   `Failed`: our credential, address or pace, or an object that another call holds
    409                                  `Unknown`: a call with this key is under way, and will have its effect
    anything else                        `Unknown`; `Broken` when it is a 5xx that Stripe repeats for its key

Stripe keeps the answer to a key for a day whatever it was, also a 500: asked again, it says 500 again, done or not.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import orjson

from adapters.outbound import MEBIBYTE, Answer, Call, Outbound
from adapters.reading import Json, Reading
from adapters.stripe.refusals import Complaint, refusal_of
from gateway.errors import Failed, Rejected, Unknown
from gateway.ports import Manifest

VERSION = "2025-09-30.clover"
NOT_TAKEN = frozenset({401, 403, 404, 429})
IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,255}")


class Broken(Unknown):
    """The answer to this key is a stored 5xx."""


class Conversation(Reading):
    """Stripe, spoken to under the promises of its manifest."""

    identifiers = IDENTIFIER

    def __init__(self, outbound: Outbound, *, key: str, manifest: Manifest) -> None:
        self.manifest = manifest
        self.system = outbound.system
        self._outbound = outbound
        self._headers = {
            "authorization": f"Bearer {key}",
            "stripe-version": VERSION,
            "content-type": "application/x-www-form-urlencoded",
        }

    async def effect(self, operation: str, path: str, form: Mapping[str, str], *, key: str) -> Json:
        promise, body = self.manifest[operation], urlencode(form).encode()
        call = Call(method="POST", path=path, promise=promise, body=body, key=key, headers=self._headers)
        return self._judge(operation, await self._outbound.send(call))

    async def look_up(self, path: str, query: Mapping[str, str]) -> Json | None:
        """Ask what is so. None when there is no such object."""
        where = f"{path}?{urlencode(query)}" if query else path
        headers = {name: value for name, value in self._headers.items() if name != "content-type"}
        most = 4 * MEBIBYTE  # a page of a hundred payments
        call = Call(method="GET", path=where, promise=self.manifest["find"], most=most, headers=headers)
        answer = await self._outbound.send(call)
        if answer.status == 404 and _complaint(answer).kind:
            return None
        return self._judge("find", answer)

    def _judge(self, operation: str, answer: Answer) -> Json:
        if 200 <= answer.status < 300:
            return self._read(answer)
        complaint = _complaint(answer)
        facts: Json = {"system": self.system, "operation": operation, "backend_status": answer.status}
        facts["said"] = "/".join(
            filter(None, (complaint.kind, complaint.code, complaint.decline_code, complaint.param))
        )
        if refused := refusal_of(answer.status, complaint):
            raise Rejected(f"{self.system} said no: {refused}", **facts, code=refused)
        mistaken = answer.status == 400 and complaint.kind == "invalid_request_error"
        if answer.status in NOT_TAKEN or mistaken:
            raise Failed(f"{self.system} did not take the call", **facts)
        if answer.status >= 500 and answer.headers.get("idempotent-replayed") == "true":
            raise Broken(f"{self.system} broke under this key, and says so again", **facts)
        raise Unknown(f"{self.system} is unwell", **facts)


def _complaint(answer: Answer) -> Complaint:
    try:
        read = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return Complaint()
    error = read.get("error") if isinstance(read, dict) else None
    if not isinstance(error, dict):
        return Complaint()
    named = (error.get(name) for name in ("type", "code", "decline_code", "param"))
    return Complaint(*(value[:64] if isinstance(value, str) else "" for value in named))

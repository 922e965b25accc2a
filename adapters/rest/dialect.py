"""
What an answer in the REST dialect means. The only place where a status becomes one of our three errors.

    2xx, in the promised shape      yes
    402, 409, 422 with a code       `Rejected`: it said no and nothing happened (facts: `code`, `said`)
    401, 403, 404, 429              `Failed`: our credential, address or pace; not applied
    503 with a code                 `Failed`: not just now; not applied
    anything else                   `Unknown`: other statuses, unreadable answers, shapes that were not promised; a bare
                                    503, too, which something in between may say after the call had gone through
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import orjson

from adapters.outbound import MEBIBYTE, Answer, Call, Outbound
from adapters.reading import Json, Reading
from gateway.domain.money import Money
from gateway.domain.orders import Address, Order
from gateway.domain.stock import MAIN, NODE
from gateway.errors import Failed, Rejected, Unknown
from gateway.ports import Effect, Manifest

REFUSED = frozenset({402, 409, 422})
NOT_TAKEN = frozenset({401, 403, 404, 429})
KEY_REUSED = "key_reused"  # says nothing about what was done under the key before: that has to be looked up
NO_SUCH_THING = "unknown_"  # how the code of a 404 begins that is about the thing asked for, not about the address
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_REASON = 200


class Conversation(Reading):
    """One back end, spoken to in the dialect under the promises of its manifest."""

    identifiers = IDENTIFIER

    def __init__(self, outbound: Outbound, *, manifest: Manifest) -> None:
        self.manifest = manifest
        self.system = outbound.system
        self._outbound = outbound

    async def effect(self, operation: str, path: str, body: Json, *, key: str | None = None) -> Json:
        """Ask for an effect. *key* is sent where the back end honours keys."""
        promise = self.manifest[operation]
        call = Call(method="POST", path=path, promise=promise, body=orjson.dumps(body), key=key)
        return self._judge(operation, await self._outbound.send(call))

    async def look_up(
        self, operation: str, path: str, *, query: Mapping[str, str] | None = None, most: int = MEBIBYTE
    ) -> Json | None:
        """Ask what is so. None when there is no such thing."""
        where = f"{path}?{urlencode(query)}" if query else path
        call = Call(method="GET", path=where, promise=self.manifest[operation], most=most)
        answer = await self._outbound.send(call)
        if answer.status == 404 and _refusal(answer)[0].startswith(NO_SUCH_THING):
            return None
        return self._judge(operation, answer)

    async def listed(self, path: str, name: str, *, query: Mapping[str, str]) -> list[Json]:
        """The objects listed under *name* in the answer to a look-up."""
        found = await self.look_up("find", path, query=query)
        listed = found.get(name) if found else None
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self.unreadable(f"'{name}' is no list of objects")
        return listed

    async def done(self, kind: str, *, key: str) -> list[Json]:
        """What was done of that kind under our key."""
        listed = await self.listed("/effects", "effects", query={"key": key})
        done = [each for each in listed if self.text(each, "kind") == kind]
        for each in done:
            self.text(each, "key", expected=key)
        return done

    def numbered(self, kind: str, document: Json, *, key: str) -> Effect:
        """The effect that a document is which bears our reference, a number and a status."""
        self.text(document, "reference", expected=key)
        facts = {"number": self.text(document, "number"), "status": self.text(document, "status")}
        return Effect(self.identifier(document), key, kind, facts)

    def moment(self, answer: Json, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(answer, name))
        except ValueError as error:
            raise self.unreadable(f"'{name}' is no time") from error
        if moment.tzinfo is None:
            raise self.unreadable(f"'{name}' has no time zone")
        return moment

    def node(self, answer: Json) -> str:
        """Where it is about; a warehouse that has but one node need not name it."""
        node = answer.get("node", MAIN)
        if not isinstance(node, str) or not NODE.fullmatch(node):
            raise self.unreadable("'node' is no name of a node")
        return node

    def _judge(self, operation: str, answer: Answer) -> Json:
        if 200 <= answer.status < 300:
            return self._read(answer)
        facts: Json = {"system": self.system, "operation": operation, "backend_status": answer.status}
        code, said = _refusal(answer)
        if answer.status in NOT_TAKEN or (answer.status == 503 and code):
            raise Failed(f"{self.system} did not take the call", **facts, code=code)
        if answer.status in REFUSED and code and code != KEY_REUSED:
            raise Rejected(f"{self.system} said no: {said or code}", **facts, code=code, said=said)
        raise Unknown(f"{self.system} is unwell", **facts, code=code)


def money(amount: Money) -> Json:
    return {"amount": amount.amount, "currency": amount.currency}


def pieces(order: Order) -> list[Json]:
    """What is to be found and packed, line by line, without what it costs."""
    return [{"line_id": line.line_id, "sku": line.sku, "quantity": line.quantity} for line in order.lines]


def postal(address: Address) -> Json:
    written = {
        "name": address.name,
        "lines": list(address.lines),
        "city": address.city,
        "region": address.region,
        "postal_code": address.postal_code,
        "country": address.country,
        "phone": address.phone,
    }
    return {name: value for name, value in written.items() if value is not None}


def _refusal(answer: Answer) -> tuple[str, str]:
    """The code and the sentence of an error; empty where the answer has none."""
    try:
        read = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return "", ""
    code, said = (read.get("code"), read.get("detail")) if isinstance(read, dict) else ("", "")
    return code if isinstance(code, str) else "", said[:LONGEST_REASON] if isinstance(said, str) else ""

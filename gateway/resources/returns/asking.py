"""What may come back, and the return that is asked for: from the call's body to what the policy lets through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.eligibility import Verdict, refusal, returnable
from gateway.domain.identifiers import Mint
from gateway.domain.returns_policy import Method, ReturnsPolicy
from gateway.domain.time import rfc3339
from gateway.refusals import Fault, Invalid, NotFound
from gateway.resources.answers import JSON, content_hash, hand_of, key_taken, whose
from gateway.resources.once import Done, once
from gateway.resources.returns.schemas import EligibleLine, EligiblePieces, ReturnReceipt
from gateway.resources.returns.views import money
from gateway.return_refusals import NotReturnable
from gateway.store.accept import order_locked
from gateway.store.pool import Connection, Database
from gateway.store.returning import (
    Authorised,
    Before,
    LineStanding,
    OrderStanding,
    Wish,
    asked_before,
    authorise,
    expiry,
    lock_key,
    lock_order,
    standing,
)

_ABSENT = "there is no such order"


@dataclass(frozen=True, slots=True)
class Asking:
    database: Database
    policy: ReturnsPolicy
    public: str
    mint: Mint

    async def eligibility(self, call: Call) -> bytes:
        async with self.database.connection() as connection:
            order = await self._order(connection, call)
        asked = call.body.get("lines", [{"line_id": line_id} for line_id in order.lines])
        _refuse_unknown(asked, order)
        lines = [_eligible(order.lines[each["line_id"]], each.get("reason")) for each in asked]
        return orjson.dumps({"order_id": order.order.order_id, "lines": lines})

    async def request(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._request, call), mint=self.mint)

    async def _request(self, call: Call, connection: Connection) -> Done:
        """Under the order's lock, so that no piece is asked for twice, and the name's, so that it is of one return."""
        before = await self._order(connection, call)
        channel_id, name = before.order.channel_id, call.body["channel_return_id"]
        with order_locked():
            await lock_order(connection, before.order.order_id)
            await lock_key(connection, channel_id, name)
        if (known := await asked_before(connection, channel_id, name)) is not None:
            return _replayed(call, known)
        order = await self._order(connection, call)
        wishes = _wishes(call.body["lines"], order)
        granted = self._granted(call, order, wishes)
        await authorise(connection, granted, hand_of(call, self.mint))
        facts = {"order_id": order.order.order_id, "rules": _rules(wishes)}
        return Done(granted.return_id, granted.answer, facts)

    async def _order(self, connection: Connection, call: Call) -> OrderStanding:
        """Raises `NotFound`, too, when it is somebody else's."""
        order_id = call.body["order_id"]
        found = await standing(connection, order_id, self.policy, partner=whose(call), now=call.now)
        if found is None:
            raise NotFound(_ABSENT)
        return found

    def _granted(self, call: Call, order: OrderStanding, wishes: Sequence[Wish]) -> Authorised:
        return_id, expires_at = self.mint("ret"), expiry(self.policy, call.now)
        method = _method(wishes)
        receipt: ReturnReceipt = {
            "return_id": return_id,
            "order_id": order.order.order_id,
            "channel_return_id": call.body["channel_return_id"],
            "status": "authorised",
            "method": method,
            "expires_at": rfc3339(expires_at),
        }
        headers = {"content-type": JSON, "location": f"{self.public}/v1/returns/{return_id}", "etag": '"1"'}
        return Authorised(
            return_id=return_id,
            order=order,
            channel_return_id=call.body["channel_return_id"],
            content_hash=content_hash(call),
            document=call.body,
            method=method,
            wishes=tuple(wishes),
            expires_at=expires_at,
            answer=Answer(201, headers, orjson.dumps(receipt)),
            traceparent=call.traceparent,
        )


def _rules(wishes: Sequence[Wish]) -> dict[str, str]:
    """By line, which one let it through, and where it stands."""
    rules = {wish.standing.line.line_id: wish.standing.rule for wish in wishes}
    return {line_id: f"{rule.name} ({rule.place})" for line_id, rule in rules.items()}


def _method(wishes: Sequence[Wish]) -> Method:
    """What all lines agree on; what has to come by different ways comes by mail."""
    methods = {wish.standing.rule.method for wish in wishes} - {"keep"}
    return methods.pop() if len(methods) == 1 else "mail" if methods else "keep"


def _replayed(call: Call, known: Before) -> Done:
    """The receipt of the first time. Raises `NaturalKeyConflict` when it was something else."""
    if known.content_hash != content_hash(call):
        detail = "a return of this channel has this channel_return_id and says something else"
        raise key_taken(call, known.document, detail, first="was asked for before")
    return Done(known.return_id, Answer(201, known.headers, known.receipt, replayed=True), {})


def _refuse_unknown(asked: Sequence[Mapping[str, Any]], order: OrderStanding) -> None:
    faults, known = [], set[str]()
    for index, each in enumerate(asked):
        if each["line_id"] not in order.lines:
            faults.append(Fault(f"#/lines/{index}/line_id", "unknown_line", "the order has no such line"))
        elif each["line_id"] in known:
            faults.append(Fault(f"#/lines/{index}/line_id", "line_id_repeated", "names an earlier line"))
        known.add(each["line_id"])
    if faults:
        raise Invalid("the order has no such lines, or one is named twice", faults=tuple(faults))


def _wishes(asked: Sequence[Mapping[str, Any]], order: OrderStanding) -> list[Wish]:
    """Raises `NotReturnable`, saying of each line why not."""
    _refuse_unknown(asked, order)
    wishes, faults = [], []
    for index, each in enumerate(asked):
        line = order.lines[each["line_id"]]
        wanted = int(each["quantity"])  # 3.0 is an integer to JSON Schema
        units = returnable(line.verdicts, wanted)
        if len(units) < wanted:
            why = refusal(line.verdicts) or "qty_exceeds_returnable"
            detail = f"{len(units)} of {wanted} may come back, by the rule '{line.rule.name}'"
            faults.append(Fault(f"#/lines/{index}/quantity", why, detail))
        wishes.append(Wish(line, units, each["reason"]))
    if faults:
        raise NotReturnable("not all of these pieces may come back", faults=tuple(faults), effect="none")
    return wishes


def _eligible(line: LineStanding, reason: str | None) -> EligibleLine:
    return {
        "line_id": line.line.line_id,
        "sku": line.line.sku,
        "method": line.rule.method,
        "refund_on": line.rule.refund_on,
        "rule": line.rule.name,
        "pieces": [_pieces(line, verdict, reason) for verdict in line.verdicts],
    }


def _pieces(line: LineStanding, verdict: Verdict, reason: str | None) -> EligiblePieces:
    value, currency = line.value(verdict.first, verdict.quantity), line.total.currency
    pieces: EligiblePieces = {
        "first": verdict.first,
        "quantity": verdict.quantity,
        "returnable": verdict.why is None,
        "value": money(value, currency),
        "fee": money(line.rule.fee_on(value, reason), currency),
    }
    if verdict.why is not None:
        pieces["why"] = verdict.why
    if verdict.window_ends_at is not None:
        pieces["window_ends_at"] = rfc3339(verdict.window_ends_at)
    return pieces

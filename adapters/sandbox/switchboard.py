"""
Every call to the systems goes through here: choose the fault, apply the operation, write it all down, answer.

What a call did, the answer its key is given from now on and the attempt itself are one commit, and nothing is awaited
between looking at the books and that commit: two calls with one key cannot both have an effect.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.sandbox import stripe, supplier
from adapters.sandbox.answers import Answer, Call, Refusal
from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.faults import Fault, Faults
from adapters.sandbox.ledger import Ledger, Verdict
from adapters.sandbox.operations import Operation
from adapters.sandbox.picking import Picking
from adapters.sandbox.psp import declined
from adapters.sandbox.shipping import Shipping
from adapters.sandbox.supplying import Supplying
from adapters.sandbox.wire import Settled, cut, hang, json_response, read_call, respond

EARLY_WITHIN = 1.0
GARBAGE = b'<html><body>{"id": "maintenance", "status'
NOT_APPLIED = Refusal(500, "internal", "something broke before the request was applied")
BROKEN_AFTER = Refusal(500, "internal", "something broke")


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Takes every call of the systems."""

    ledger: Ledger
    faults: Faults
    shipping: Shipping
    picking: Picking
    callbacks: Callbacks
    events: Callbacks
    payments: Callbacks
    supplying: Supplying
    under_way: set[tuple[str, str]] = field(default_factory=set)  # (system, key) of calls that take their time

    async def take(self, operation: Operation, request: Request) -> Response:
        try:
            operation.dialect.admit(request.headers)
            call = await read_call(operation, request, self.ledger.now())
            self._refuse_twin(operation, call)
            wanted = request.headers.get("sandbox-fault")
            fault = self.faults.choose(call, wanted, replays=self._replays(operation, call))
        except Refusal as refusal:
            return json_response(*operation.dialect.refused(refusal))
        try:
            if fault is None:
                return respond(self._settle(operation, call))
            return await self._with(fault, operation, call, request)
        finally:
            if operation.system == stripe.SYSTEM:
                self.events.wake()

    async def _with(self, fault: Fault, operation: Operation, call: Call, request: Request) -> Response:
        match fault.kind:
            case "hang_before":
                self.ledger.note(call, Verdict(status=None, fault=fault.kind))
                return await hang(request)
            case "error_before":
                self.ledger.note(call, Verdict(status=500, fault=fault.kind))
                return self._broken(NOT_APPLIED, operation, call, keep=not self._replays(operation, call))
            case "delay" | "hang_after":
                begun = self.ledger.note(call, Verdict(status=None, fault=fault.kind))
                with self._taking_its_time(call):
                    await asyncio.sleep(fault.delay)
                settled = self._settle(operation, call, fault=fault, begun=begun)
                return respond(settled) if fault.kind == "delay" else await hang(request)
            case "early_callback":
                return await self._early(operation, replace(call, callback_fault=fault.callback), fault)
        settled = self._settle(operation, replace(call, callback_fault=fault.callback), fault=fault)
        match fault.kind:
            case "error_after":
                return self._broken(BROKEN_AFTER, operation, call, keep=not settled.replayed)
            case "garbage":
                return Response(GARBAGE, 200, media_type="application/json")
            case "reset_after":
                return await cut(request)
        return respond(settled)

    def _broken(self, why: Refusal, operation: Operation, call: Call, *, keep: bool) -> Response:
        """A 500; where the system keeps answers of that kind, the key's from now on."""
        status, body = operation.dialect.refused(why)
        if keep and operation.dialect.keeps_broken and call.key is not None:
            self.ledger.store_answer(call, status, orjson.dumps(body))
        return json_response(status, body)

    @contextmanager
    def _taking_its_time(self, call: Call) -> Iterator[None]:
        named = (call.system, call.key or "")
        self.under_way.add(named)
        try:
            yield
        finally:
            self.under_way.discard(named)

    def _refuse_twin(self, operation: Operation, call: Call) -> None:
        if operation.dialect.one_at_a_time and call.key is not None and (call.system, call.key) in self.under_way:
            raise Refusal(409, "idempotency_key_in_use", "another call with this key is under way")

    async def _early(self, operation: Operation, call: Call, fault: Fault) -> Response:
        settled = self._settle(operation, call, fault=fault)
        if settled.subject is not None and not self.shipping.held:
            callback = self.shipping.ship(settled.subject)
            await self.callbacks.deliver_at_once(callback, within=EARLY_WITHIN)
        return respond(settled)

    def _replays(self, operation: Operation, call: Call) -> bool:
        try:
            return self._stored(operation, call) is not None
        except Refusal:
            return True  # a reused key: the conflict is the answer

    def _stored(self, operation: Operation, call: Call) -> Settled | None:
        if call.key is None or not operation.keys_kept:
            return None
        stored = self.ledger.stored_answer(call, kept_for=operation.keys_kept)
        return Settled(stored.status, stored.body, replayed=True) if stored else None

    def _settle(
        self, operation: Operation, call: Call, *, fault: Fault | None = None, begun: int | None = None
    ) -> Settled:
        try:
            with self.ledger.transaction():
                settled = self._stored(operation, call)
                if settled is None:
                    self._check(call, fault)
                    return self._apply(operation, call, fault, begun)
                self.ledger.note(call, _verdict(settled, fault), sequence=begun)
                return settled
        except Refusal as refusal:
            return self._refuse(operation, call, refusal, fault=fault, begun=begun)

    def _check(self, call: Call, fault: Fault | None) -> None:
        if call.deadline is not None and self.ledger.now() > call.deadline:
            raise Refusal(503, "deadline_passed", "the caller's deadline has passed; nothing was applied")
        if fault is not None and fault.kind == "refuse":
            raise Refusal(422, "refused", "the system was told to refuse this")
        if fault is not None and fault.kind == "decline":
            raise declined()
        if call.body is None:
            raise Refusal(400, "malformed", "the body cannot be read")

    def _apply(self, operation: Operation, call: Call, fault: Fault | None, begun: int | None) -> Settled:
        answer: Answer = operation.run(self.ledger, call)
        effect = answer.effect
        settled = Settled(answer.status, orjson.dumps(answer.body), subject=effect.subject if effect else None)
        if effect is not None:
            self.ledger.book(call, effect, system=call.system)
            if effect.kind == "shipment":
                self.shipping.wake()  # it looks after this commit, for nothing is awaited before
            elif effect.kind == "task":
                self.picking.wake()
            elif effect.kind == "refund":
                self.payments.wake()
            elif call.system == supplier.SYSTEM:
                self.supplying.wake()
        if call.key is not None and operation.keys_kept:
            self.ledger.store_answer(call, settled.status, settled.body)
        order_id = effect.order_id if effect else None
        verdict = replace(_verdict(settled, fault), applied=effect is not None, order_id=order_id)
        self.ledger.note(call, verdict, sequence=begun)
        return settled

    def _refuse(
        self, operation: Operation, call: Call, refusal: Refusal, *, fault: Fault | None, begun: int | None
    ) -> Settled:
        status, body = operation.dialect.refused(refusal)
        settled = Settled(status, orjson.dumps(body))
        with self.ledger.transaction():
            if call.key is not None and operation.keys_kept and operation.dialect.keeps(refusal):
                self.ledger.store_answer(call, settled.status, settled.body)
            self.ledger.note(call, _verdict(settled, fault), sequence=begun)
        return settled


TOLD: dict[str, Callable[[int], int | None]] = {
    "error_after": lambda _: 500,
    "garbage": lambda _: 200,
    "hang_after": lambda _: None,
    "reset_after": lambda _: None,
}


def _verdict(settled: Settled, fault: Fault | None) -> Verdict:
    told = TOLD[fault.kind](settled.status) if fault and fault.kind in TOLD else settled.status
    return Verdict(status=told, fault=fault.kind if fault else None, replayed=settled.replayed)

"""What accounts payable decide about an invoice, by nobody who had a part in its order or its goods."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gateway.context import Answer, Call
from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.approvals import Asker
from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.money import Money
from gateway.domain.supplier_invoices import MOVES, Action, Trigger, actions
from gateway.purchase_refusals import DutiesNotSeparate, NotApproved, SupplierNotActive
from gateway.refusals import Conflict
from gateway.resources.answers import hand_of
from gateway.resources.once import Done, once
from gateway.resources.suppliers.invoice_views import seen_invoice, told_invoice
from gateway.resources.suppliers.views import refuse_unless_expected
from gateway.store import approvals, purchase_orders
from gateway.store.accept import order_locked
from gateway.store.invoice_duties import took_part
from gateway.store.invoice_matching import Queued, compare, conceded
from gateway.store.invoice_rematches import KIND, release, rematch, settle
from gateway.store.pool import Connection, Database
from gateway.store.supplier_invoices import SupplierInvoice, move_invoice, touch_invoice

Change = Callable[[Connection, SupplierInvoice], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class InvoiceDeciding:
    database: Database
    rules: MatchingRules
    policy: ApprovalPolicy
    mint: Mint

    async def release(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "release", partial(self._release, call))

    async def _release(self, call: Call, connection: Connection, found: SupplierInvoice) -> None:
        """It is no duplicate, or passes although its supplier is not active."""
        await _refuse_who_took_part(connection, call, found)
        await release(connection, found, self.rules, hand_of(call, self.mint))

    async def approve(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "approve", partial(self._approve, call))

    async def _approve(self, call: Call, connection: Connection, found: SupplierInvoice) -> None:
        """By as much as it is too much today, with those of the order that were approved before: the policy says yes at
        once, or others are asked; then once more."""
        barred = await _refuse_who_took_part(connection, call, found)
        queued = Queued(found.po_id, found.claim, found.arrived_on, found.place)
        told = (await compare(connection, queued, self.rules, today=call.now.date())).document
        before = await conceded(connection, found.po_id, found.invoice_id, found.claim.currency)
        named = {name: found.document[name] for name in ("po_id", "invoice_number", "invoice_date")}
        content = {"supplier_id": found.supplier_id, **named, "invoice": found.claim.document, "match": told}
        content |= {"approved_before": before} if before else {}
        approval = await approvals.request(
            connection,
            kind=KIND,
            subject=found.invoice_id,
            content=content,
            amount=Money(before + told["excess"], found.claim.currency),
            requested_by=Asker(call.caller.account or "", call.caller.subject, barred),
            policy=self.policy,
            now=call.now,
            ids=self.mint,
        )
        if approval.state == "rejected":
            raise NotApproved("its approval was rejected; reject the invoice, or dispute it", effect="none")
        hand = hand_of(call, self.mint)
        if approval.state == "approved":
            await self._move(connection, found, "approve", call)
            await settle(connection, found.invoice_id, hand, by="approve")
        elif approval.approval_id != found.approval_id:
            await touch_invoice(connection, found.invoice_id, hand)

    async def dispute(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "dispute", partial(self._dispute, call))

    async def _dispute(self, call: Call, connection: Connection, found: SupplierInvoice) -> None:
        await self._move(connection, found, "dispute", call)
        await settle(connection, found.invoice_id, hand_of(call, self.mint), by="dispute")

    async def reject(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "reject", partial(self._reject, call))

    async def _reject(self, call: Call, connection: Connection, found: SupplierInvoice) -> None:
        """What it billed, the others may."""
        hand = hand_of(call, self.mint)
        await self._move(connection, found, "reject", call)
        await approvals.withdraw(connection, kind=KIND, subject=found.invoice_id)
        await settle(connection, found.invoice_id, hand, by="reject")
        await rematch(connection, found.po_id, self.rules, hand, cause="rejection")

    async def _move(self, connection: Connection, found: SupplierInvoice, trigger: Trigger, call: Call) -> None:
        after = MOVES[found.state, trigger]
        reason = None if trigger == "approve" else call.body["reason"]
        await move_invoice(connection, found.invoice_id, after, hand_of(call, self.mint), reason=reason)

    async def _change(self, call: Call, if_match: Sequence[str], action: Action, change: Change) -> Answer:
        async def do(connection: Connection) -> Done:
            seen = await seen_invoice(connection, call)
            with order_locked():
                await purchase_orders.lock_order(connection, seen.po_id)
            found = await seen_invoice(connection, call)
            refuse_unless_expected(found.version, if_match, called="invoice")
            _refuse_unless_allowed(found, action)
            await change(connection, found)
            after = await seen_invoice(connection, call)
            facts = {"action": action, "status": after.state.value, "reason": call.body["reason"]}
            return Done(found.invoice_id, told_invoice(after, call), facts)

        return await once(self.database, call, do, mint=self.mint)


def _refuse_unless_allowed(found: SupplierInvoice, action: Action) -> None:
    allowed = actions(found.state, given_up=found.given_up, barred=found.barred)
    if action in allowed:
        return
    if action == "approve" and found.barred and "release" in allowed:
        raise SupplierNotActive("its supplier is not active; release the invoice first", effect="none")
    raise Conflict(f"an invoice that is {found.state} does not allow this", effect="none")


async def _refuse_who_took_part(connection: Connection, call: Call, found: SupplierInvoice) -> frozenset[str]:
    """Those who may not say yes to it."""
    barred = await took_part(connection, found.po_id)
    if call.caller.subject in barred:
        detail = "whoever wrote, approved or confirmed the order, or received its goods, does not let its invoice pass"
        raise DutiesNotSeparate(detail, effect="none")
    return barred

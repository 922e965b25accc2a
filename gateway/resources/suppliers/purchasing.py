"""What is ordered of a supplier: written by a buyer, revised, approved by others, issued, taken back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.approvals import Asker, Matter
from gateway.domain.documents import differing
from gateway.domain.identifiers import Mint
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.money import Money
from gateway.domain.purchase_orders import MOST, MOST_REVISIONS, MOVES, OrderState, Trigger, read_lines, total
from gateway.domain.suppliers import SupplierStatus
from gateway.purchase_refusals import NotApproved, SupplierNotActive
from gateway.refusals import Conflict, Fault, Invalid
from gateway.resources.answers import JSON, content_hash, hand_of, key_taken
from gateway.resources.once import Done, once
from gateway.resources.suppliers.ending import end_agreed
from gateway.resources.suppliers.purchase_schemas import PurchaseReceipt
from gateway.resources.suppliers.purchase_views import locked_order, seen_order, told_order
from gateway.resources.suppliers.views import refuse_unless_expected
from gateway.store import approvals, purchase_orders, purchases
from gateway.store.invoice_rematches import rematch
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import PurchaseOrder
from gateway.store.suppliers import load_supplier

KIND = "purchase_order"
_MOST_CHANGES = 100
Change = Callable[[Connection, PurchaseOrder], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Purchasing:
    database: Database
    policy: ApprovalPolicy
    matching: MatchingRules
    public: str
    mint: Mint

    async def create(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._create, call), mint=self.mint)

    async def _create(self, call: Call, connection: Connection) -> Done:
        body = call.body
        await _refuse_impossible(connection, body)
        known = await purchase_orders.known_number(connection, body["po_number"])
        if known is not None:
            po_id, said, document = known
            if said != content_hash(call):
                detail = "the purchase order of this number exists and says something else"
                raise key_taken(call, document, detail, first="made it")
            return self._made(call, po_id, replayed=True)
        po_id = self.mint("po")
        await purchase_orders.make_order(connection, po_id, body, content_hash(call), hand_of(call, self.mint))
        return self._made(call, po_id)

    def _made(self, call: Call, po_id: str, *, replayed: bool = False) -> Done:
        receipt: PurchaseReceipt = {
            "po_id": po_id,
            "po_number": call.body["po_number"],
            "supplier_id": call.body["supplier_id"],
            "status": "draft",
            "revision": 1,
        }
        location = f"{self.public}/v1/purchase-orders/{po_id}"
        headers = {"content-type": JSON, "location": location, "etag": '"1"'}
        return Done(po_id, Answer(201, headers, orjson.dumps(receipt), replayed=replayed))

    async def revise(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "revise", partial(self._revise, call))

    async def _revise(self, call: Call, connection: Connection, found: PurchaseOrder) -> None:
        said, before = call.body["lines"], [line.document for line in found.revision.lines]
        _refuse_lines(said, found.currency)
        lines = read_lines(said)
        changes = list(differing(before, [line.document for line in lines], "#/lines"))[:_MOST_CHANGES]
        if not changes:
            raise Conflict("this is what it says already", effect="none")
        if found.revision.revision == MOST_REVISIONS:
            raise Conflict(f"it has been revised {MOST_REVISIONS} times; cancel it and write another", effect="none")
        await approvals.withdraw(connection, kind=KIND, subject=found.po_id)
        hand, reason = hand_of(call, self.mint), call.body["reason"]
        await purchase_orders.revise(connection, found, lines, changes, hand, reason=reason)

    async def submit(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "submit", partial(self._submit, call))

    async def _submit(self, call: Call, connection: Connection, found: PurchaseOrder) -> None:
        """Whoever wrote the revision submits it: so it is one person who decides no step of its approval."""
        account, operator = call.caller.account or "", call.caller.subject
        if found.revision.made_by != account:
            raise Conflict("somebody else wrote this revision; let them submit it, or revise it", effect="none")
        await refuse_unless_active(connection, found)
        matter = matter_of(found)
        await approvals.request(
            connection,
            kind=matter.kind,
            subject=matter.subject,
            content=matter.content,
            amount=matter.amount,
            requested_by=Asker(account, operator),
            policy=self.policy,
            now=call.now,
            ids=self.mint,
        )
        await self._move(call, connection, found, "submit")

    async def issue(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "issue", partial(self._issue, call))

    async def _issue(self, call: Call, connection: Connection, found: PurchaseOrder) -> None:
        await refuse_unless_active(connection, found)
        matter = matter_of(found)
        if not await approvals.is_approved(
            connection, kind=matter.kind, subject=matter.subject, content_hash=matter.content_hash
        ):
            raise NotApproved(f"the approval of this revision is {found.approval}", effect="none")
        await self._move(call, connection, found, "issue")
        hand, number = hand_of(call, self.mint), found.revision.revision
        await purchases.begin(connection, found.po_id, number, hand, trace=call.traceparent)

    async def cancel(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await self._change(call, if_match, "cancel", partial(self._cancel, call))

    async def _cancel(self, call: Call, connection: Connection, found: PurchaseOrder) -> None:
        """What came of it stays, and is paid; the invoices that wait for the rest wait no longer."""
        hand = hand_of(call, self.mint)
        trigger: Trigger = "cancel"
        if found.state is OrderState.CONFIRMED:
            trigger = await end_agreed(connection, found, hand)
        await approvals.withdraw(connection, kind=KIND, subject=found.po_id)
        await self._move(call, connection, found, trigger)
        await rematch(connection, found.po_id, self.matching, hand, cause="cancellation")

    async def _move(self, call: Call, connection: Connection, found: PurchaseOrder, trigger: Trigger) -> None:
        after, hand = MOVES[found.state, trigger], hand_of(call, self.mint)
        await purchase_orders.move_order(connection, found.po_id, after, hand, revision=found.revision.revision)

    async def _change(self, call: Call, if_match: Sequence[str], trigger: Trigger, change: Change) -> Answer:
        async def do(connection: Connection) -> Done:
            found = await locked_order(connection, call)
            refuse_unless_expected(found.version, if_match, called="purchase order")
            if (found.state, trigger) not in MOVES:
                raise Conflict(f"a purchase order that is {found.state} does not allow this", effect="none")
            await change(connection, found)
            after = await seen_order(connection, call)
            facts: dict[str, object] = {"trigger": trigger, "revision": after.revision.revision}
            if trigger == "revise":
                facts["changes"] = list(after.revision.changes)
            if "reason" in (call.body or {}):
                facts["reason"] = call.body["reason"]
            return Done(found.po_id, told_order(after, call), facts)

        return await once(self.database, call, do, mint=self.mint)


def matter_of(found: PurchaseOrder) -> Matter:
    """What is approved: this revision, to the last piece."""
    lines = [line.document for line in found.revision.lines]
    content = {
        **{"po_number": found.po_number, "supplier_id": found.supplier_id},
        **{"revision": found.revision.revision, "lines": lines},
    }
    return Matter(KIND, found.po_id, Money(found.revision.total, found.currency), content)


async def refuse_unless_active(connection: Connection, found: PurchaseOrder) -> None:
    supplier = await load_supplier(connection, found.supplier_id)
    if supplier is None or supplier.status is not SupplierStatus.ACTIVE:
        raise SupplierNotActive(f"the supplier is {supplier.status if supplier else 'gone'}", effect="none")


async def _refuse_impossible(connection: Connection, body: Mapping[str, Any]) -> None:
    supplier = await load_supplier(connection, body["supplier_id"])
    if supplier is None:
        fault = Fault("#/supplier_id", "unknown_supplier", "there is no such supplier; make it first")
        raise Invalid("the purchase order cannot be what it says", faults=(fault,))
    if supplier.currency != body["currency"]:
        fault = Fault("#/currency", "wrong_currency", f"this supplier is paid in {supplier.currency}")
        raise Invalid("the purchase order cannot be what it says", faults=(fault,))
    _refuse_lines(body["lines"], body["currency"])


def _refuse_lines(said: Sequence[Mapping[str, Any]], currency: str) -> None:
    faults, known = [], set[str]()
    for index, line in enumerate(said):
        if line["line_id"] in known:
            faults.append(Fault(f"#/lines/{index}/line_id", "line_id_repeated", "names an earlier line"))
        known.add(line["line_id"])
    if not faults and total(read_lines(said), currency).amount > MOST:
        faults.append(Fault("#/lines", "total_too_large", f"their total is more than {MOST} minor units"))
    if faults:
        raise Invalid("the purchase order cannot be what it says", faults=tuple(faults))

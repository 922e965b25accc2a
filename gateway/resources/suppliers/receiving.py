"""Goods that came for a purchase order, counted by somebody who neither wrote, approved nor confirmed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.receiving import NOTHING, Counted, ReceivingTerms, count, wrong_counts
from gateway.domain.shipping import NoticeState, Wrong
from gateway.purchase_refusals import DutiesNotSeparate
from gateway.refusals import Conflict, Invalid
from gateway.resources.answers import JSON, content_hash, hand_of, key_taken
from gateway.resources.once import Done, once
from gateway.resources.suppliers.delivery_views import receipt_view
from gateway.resources.suppliers.purchase_views import locked_order
from gateway.resources.suppliers.shipping import faults_of, refuse_unless_confirmed
from gateway.store import goods_in, shipping_notices
from gateway.store.accept import order_locked
from gateway.store.goods_in import Arrival, Shelved
from gateway.store.goods_receipts import Receipt, known_receipt
from gateway.store.invoice_rematches import rematch
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import PurchaseOrder
from gateway.store.shipping_notices import Notice
from gateway.store.sources import nodes_known
from gateway.store.views import Hearing


@dataclass(frozen=True, slots=True)
class Receiving:
    database: Database
    terms: ReceivingTerms
    inventory: InventoryPolicy
    matching: MatchingRules
    public: str
    mint: Mint

    async def receive(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._receive, call), mint=self.mint)

    async def _receive(self, call: Call, connection: Connection) -> Done:
        order, body = await locked_order(connection, call), call.body
        await _refuse_who_ordered(connection, call, order)
        with order_locked():
            known = await known_receipt(connection, body["node_id"], body["receipt_number"])
        if known is not None:
            if known.content_hash != content_hash(call) or known.po_id != order.po_id:
                detail = "the goods receipt of this number at this node exists and says something else"
                raise key_taken(call, known.document, detail, first="was counted")
            return self._told(known, replayed=True)
        refuse_unless_confirmed(order)
        notice = await _refuse_impossible(connection, call, order)
        told = _arrival(call, self.mint("grn"))
        lines = [self._counted(order, each) for each in body["lines"]]
        await self._write(call, connection, order, told, lines)
        if notice is not None and notice.state is NoticeState.IN_TRANSIT:
            hand = hand_of(call, self.mint)
            await shipping_notices.move_notice(connection, notice, NoticeState.ARRIVED, hand)
        new = await known_receipt(connection, told.node_id, told.number)
        assert new is not None, "it has just been written"
        return self._told(new)

    def _counted(self, order: PurchaseOrder, said: Mapping[str, Any]) -> Counted:
        line = next(each for each in order.revision.lines if each.line_id == said["line_id"])
        return count(said, line, order.delivered.get(line.line_id, NOTHING), self.terms)

    async def _write(
        self, call: Call, connection: Connection, order: PurchaseOrder, told: Arrival, lines: Sequence[Counted]
    ) -> None:
        hand = hand_of(call, self.mint)
        await goods_in.write_receipt(connection, order, told, lines, hand)
        if any(line.over for line in lines):
            await goods_in.keep_apart(connection, order, told, hand)
        hearing = Hearing(call.now, self.mint, self.inventory)
        fit = {line.line_id: line.accepted for line in lines}
        new = Shelved(f"grn:{told.node_id}:{told.number}", told.node_id, told.at, fit)
        await goods_in.put_on_shelf(connection, order, new, hearing=hearing)
        await rematch(connection, order.po_id, self.matching, hand)

    def _told(self, found: Receipt, *, replayed: bool = False) -> Done:
        location = f"{self.public}/v1/goods-receipts/{found.receipt_id}"
        headers = {"content-type": JSON, "location": location}
        answer = Answer(201, headers, orjson.dumps(receipt_view(found, inside=True)), replayed=replayed)
        return Done(found.receipt_id, answer, {"po_id": found.po_id})


async def _refuse_who_ordered(connection: Connection, call: Call, order: PurchaseOrder) -> None:
    caller = call.caller
    if await goods_in.had_a_hand_in(connection, order.po_id, caller.account or "", caller.subject):
        detail = "who wrote, approved or confirmed an order does not receive its goods; somebody else has to count them"
        raise DutiesNotSeparate(detail, effect="none")


async def _refuse_impossible(connection: Connection, call: Call, order: PurchaseOrder) -> Notice | None:
    """The notice that the receipt names."""
    body = call.body
    wrong = list(wrong_counts(body["lines"], order.revision.lines))
    if datetime.fromisoformat(body["received_at"]) > call.now:
        wrong.append(Wrong("#/received_at", "clock_skew", "is ahead of our clock"))
    if not await nodes_known(connection, {body["node_id"]}):
        wrong.append(Wrong("#/node_id", "unknown_node", "there is no such node"))
    notice = None
    if "asn_id" in body:
        notice = await shipping_notices.load_notice(connection, shipping_notices.Sought(None, body["asn_id"]))
        if notice is None or notice.po_id != order.po_id:
            wrong.append(Wrong("#/asn_id", "unknown_notice", "the order has no such shipping notice"))
    if wrong:
        raise Invalid("this cannot have come", faults=faults_of(wrong))
    if notice is not None and notice.state is NoticeState.CANCELLED:
        raise Conflict("the shipping notice was cancelled; receive the goods without it", effect="none")
    return notice


def _arrival(call: Call, receipt_id: str) -> Arrival:
    body = call.body
    at = datetime.fromisoformat(body["received_at"]).astimezone(UTC)
    number, said = body["receipt_number"], content_hash(call)
    return Arrival(receipt_id, body["node_id"], number, said, body, body.get("asn_id"), at)

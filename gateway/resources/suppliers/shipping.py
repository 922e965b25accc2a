"""What a supplier says is on its way: announced against a confirmed order, and taken back until it arrives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import orjson

from gateway.context import Answer, Call
from gateway.domain.identifiers import Mint
from gateway.domain.purchase_orders import OrderState
from gateway.domain.receiving import NOTHING
from gateway.domain.shipping import NoticeState, Wrong, open_pieces, units, wrong_contents, wrong_units
from gateway.refusals import Conflict, Fault, Invalid
from gateway.resources.answers import JSON, content_hash, hand_of, key_taken
from gateway.resources.once import Done, once
from gateway.resources.suppliers.delivery_schemas import NoticeReceipt
from gateway.resources.suppliers.delivery_views import seen_notice, told_notice
from gateway.resources.suppliers.purchase_views import locked_order
from gateway.resources.suppliers.purchasing import refuse_unless_active
from gateway.resources.suppliers.views import refuse_unless_expected
from gateway.store import shipping_notices
from gateway.store.accept import order_locked
from gateway.store.pool import Connection, Database
from gateway.store.purchase_orders import PurchaseOrder, lock_order
from gateway.store.shipping_notices import Notice

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Shipping:
    database: Database
    public: str
    mint: Mint

    async def announce(self, call: Call) -> Answer:
        return await once(self.database, call, partial(self._announce, call), mint=self.mint)

    async def _announce(self, call: Call, connection: Connection) -> Done:
        order, number = await locked_order(connection, call), call.body["asn_number"]
        with order_locked():
            known = await shipping_notices.known_notice(connection, order.supplier_id, number)
        if known is not None:
            if known.content_hash != content_hash(call) or known.po_id != order.po_id:
                detail = "the shipping notice of this number exists and says something else"
                raise key_taken(call, known.document, detail, first="was announced")
            return self._told(known, replayed=True)
        refuse_unless_confirmed(order)
        await refuse_unless_active(connection, order)
        new = _new(call, order, self.mint("asn"))
        await _refuse_impossible(connection, order, new)
        await shipping_notices.write_notice(connection, new, hand_of(call, self.mint))
        return self._told(new)

    def _told(self, notice: Notice, *, replayed: bool = False) -> Done:
        receipt: NoticeReceipt = {
            "asn_id": notice.asn_id,
            "asn_number": notice.asn_number,
            "po_id": notice.po_id,
            "status": notice.state.value,
        }
        location = f"{self.public}/v1/shipping-notices/{notice.asn_id}"
        headers = {"content-type": JSON, "location": location}
        return Done(notice.asn_id, Answer(201, headers, orjson.dumps(receipt), replayed=replayed))

    async def cancel(self, call: Call, *, if_match: Sequence[str]) -> Answer:
        return await once(self.database, call, partial(self._cancel, call, if_match), mint=self.mint)

    async def _cancel(self, call: Call, if_match: Sequence[str], connection: Connection) -> Done:
        found = await seen_notice(connection, call)  # before any lock: how long it takes tells nothing of another's
        with order_locked():
            await lock_order(connection, found.po_id)
        found = await seen_notice(connection, call)
        refuse_unless_expected(found.version, if_match, called="shipping notice")
        if found.state is NoticeState.ARRIVED:
            raise Conflict("it has arrived; goods that do not come are not received", effect="none")
        if found.state is NoticeState.IN_TRANSIT:
            hand = hand_of(call, self.mint)
            await shipping_notices.move_notice(connection, found, NoticeState.CANCELLED, hand)
        facts = {"reason": call.body["reason"]}
        return Done(found.asn_id, told_notice(await seen_notice(connection, call)), facts)


def refuse_unless_confirmed(order: PurchaseOrder) -> None:
    if order.state in (OrderState.CANCELLED, OrderState.CLOSED):
        raise Conflict(f"the order is {order.state}: nothing more of it is delivered", effect="none")
    if order.state is not OrderState.CONFIRMED:
        raise Conflict(f"the order is {order.state}; only what is confirmed is delivered", effect="none")


def faults_of(wrong: Sequence[Wrong]) -> tuple[Fault, ...]:
    return tuple(Fault(each.pointer, each.code, each.detail) for each in wrong[:MOST_FAULTS])


def _new(call: Call, order: PurchaseOrder, asn_id: str) -> Notice:
    body = call.body
    shipped, expected = (datetime.fromisoformat(body[name]).astimezone(UTC) for name in ("shipped_at", "expected_at"))
    return Notice(
        *(asn_id, body["asn_number"], order.po_id, order.supplier_id, NoticeState.IN_TRANSIT, shipped, expected),
        document=body,
        content_hash=content_hash(call),
        version=1,
        created_at=call.now,
        updated_at=call.now,
    )


async def _refuse_impossible(connection: Connection, order: PurchaseOrder, new: Notice) -> None:
    pallets, moving = new.document["pallets"], await shipping_notices.in_transit(connection, order.po_id)
    ssccs = [sscc for _, sscc in units(pallets)]
    used = await shipping_notices.used_units(connection, order.supplier_id, ssccs)
    left = {
        line.line_id: open_pieces(
            line.quantity,
            accepted=order.delivered.get(line.line_id, NOTHING).accepted,
            in_transit=moving.get(line.line_id, 0),
        )
        for line in order.revision.lines
    }
    wrong = [*wrong_units(pallets, used), *wrong_contents(pallets, left)]
    if new.expected_at <= new.shipped_at:
        wrong.insert(0, Wrong("#/expected_at", "expected_before_shipped", "is not after `shipped_at`"))
    if wrong:
        raise Invalid("this cannot be on its way", faults=faults_of(wrong))

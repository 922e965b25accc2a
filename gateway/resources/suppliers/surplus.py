"""What came beyond an order, decided through its exception by a buyer who did not count it: bought, or given back."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.approvals import Approval, Asker, Matter
from gateway.domain.identifiers import Mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.matching_terms import MatchingRules
from gateway.domain.money import Money
from gateway.domain.principal import Principal
from gateway.domain.receiving import comes_to
from gateway.purchase_refusals import DutiesNotSeparate, NotApproved
from gateway.refusals import Conflict, Forbidden
from gateway.resources.suppliers.purchasing import refuse_unless_active
from gateway.store import approvals, goods_in, purchase_orders, surplus
from gateway.store.accept import countable
from gateway.store.exceptions import ExceptionRow
from gateway.store.goods_in import Shelved
from gateway.store.hands import Hand
from gateway.store.invoice_duties import bought_or_received
from gateway.store.invoice_rematches import rematch
from gateway.store.mending import Deed, Mendable, Waits
from gateway.store.pool import Connection
from gateway.store.purchase_orders import PurchaseOrder, Sought
from gateway.store.surplus import Surplus, pieces_of
from gateway.store.views import Hearing

KIND = "over_receipt"  # of approvals
_BUYERS = frozenset({"buyer", "admin"})  # as of orders
_NO_TRACE = "0" * 32


@dataclass(frozen=True, slots=True)
class Buying:
    """Whose yes is needed, how invoices are matched, and what stock is told."""

    approvals: ApprovalPolicy
    matching: MatchingRules
    inventory: InventoryPolicy


def over_receipts(buying: Buying, mint: Mint) -> Mendable:
    """`accept` buys all that nobody has decided about, once those agree whom the order would need at what it comes to
    then; `refuse` gives it back. Either for good."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> Waits | None:
        if not deed.roles & _BUYERS:
            raise Forbidden(f"{seen.class_} is decided by one of {', '.join(sorted(_BUYERS))}", effect="none")
        await purchase_orders.lock_order(connection, seen.subject)
        order = await purchase_orders.load_order(connection, Sought(None, seen.subject))
        assert order is not None, "orders are kept"
        found = await surplus.undecided(connection, order.po_id)
        if not found:
            raise Conflict("nothing of it is left to decide", effect="none")
        hand = Hand(_account(deed), deed.now, _NO_TRACE, mint)
        _refuse_who_counted(found, hand)
        if deed.action == "refuse":
            await _give_back(connection, order, found, hand)
            return None
        await refuse_unless_active(connection, order)
        if (matter := _matter(order, found)) is not None:
            asked = await _asked(connection, matter, deed, policy=buying.approvals, hand=hand)
            if asked.state != "approved":
                return {"approval_id": asked.approval_id}
        await _buy(connection, order, found, buying, hand)
        return None

    return Mendable(frozenset({"accept", "refuse"}), act, always=True)


def _account(deed: Deed) -> str:
    account = Principal("operator", deed.operator).account
    assert account is not None, "operators have one"
    return account


def _refuse_who_counted(found: Sequence[Surplus], hand: Hand) -> None:
    if any(each.counted_by == hand.who for each in found):
        detail = "whoever counted what came does not decide what becomes of what was too many"
        raise DutiesNotSeparate(detail, effect="none")


async def _give_back(connection: Connection, order: PurchaseOrder, found: Sequence[Surplus], hand: Hand) -> None:
    await approvals.withdraw(connection, kind=KIND, subject=order.po_id)
    for each in found:
        await surplus.decide(connection, order.po_id, each, "refused", hand)


async def _asked(connection: Connection, matter: Matter, deed: Deed, *, policy: ApprovalPolicy, hand: Hand) -> Approval:
    """Whether this very surplus may be bought."""
    barred = await bought_or_received(connection, matter.subject)
    approval = await approvals.request(
        connection,
        kind=matter.kind,
        subject=matter.subject,
        content=matter.content,
        amount=matter.amount,
        requested_by=Asker(hand.who, deed.operator, barred),
        policy=policy,
        now=deed.now,
        ids=hand.mint,
    )
    if approval.state == "rejected":
        raise NotApproved("its approval was rejected; refuse the pieces", effect="none")
    return approval


def _matter(order: PurchaseOrder, found: Sequence[Surplus]) -> Matter | None:
    """What is to be approved. None: the order does not get dearer by it."""
    amount = comes_to(order.revision.lines, order.delivered, pieces_of(found))
    if amount <= order.revision.total:
        return None
    content = {
        **{"po_number": order.po_number, "supplier_id": order.supplier_id, "revision": order.revision.revision},
        **{"ordered": order.revision.total, "surplus": {each.receipt_id: dict(each.pieces) for each in found}},
    }
    return Matter(KIND, order.po_id, Money(amount, order.currency), content)


async def _buy(
    connection: Connection, order: PurchaseOrder, found: Sequence[Surplus], buying: Buying, hand: Hand
) -> None:
    hearing, new = Hearing(hand.now, hand.mint, buying.inventory), []
    for each in found:
        surplus_id = await surplus.decide(connection, order.po_id, each, "accepted", hand)
        new.append(Shelved(f"surplus:{surplus_id}", each.node_id, hand.now, each.pieces))
    await goods_in.lock_shelves(connection, order, new)
    for shelved in new:
        with countable():
            await goods_in.put_on_shelf(connection, order, shelved, hearing=hearing)
    await rematch(connection, order.po_id, buying.matching, hand)

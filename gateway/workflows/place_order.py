"""
place_order: hold the money, wait for the customer's assent if their bank wants it, choose who serves the order and
reserve stock there; then each part goes its own way, and what was held and not taken is given back in the end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import randbelow

from gateway.domain.approval_policy import ApprovalPolicy
from gateway.domain.identifiers import Mint, mint
from gateway.domain.inventory import InventoryPolicy
from gateway.domain.orders import OrderStatus
from gateway.domain.purchase_clocks import PurchaseClocks
from gateway.domain.sourcing_policy import SourcingPolicy
from gateway.ports import Effect
from gateway.store import order_lines, orders, stock
from gateway.store.hands import Hand
from gateway.store.pool import Connection
from gateway.workflows import groups
from gateway.workflows.collect import Counter, collect
from gateway.workflows.earlier import earlier
from gateway.workflows.end_purchase import end_purchase
from gateway.workflows.executors import LOCAL_BY_HAND
from gateway.workflows.fulfil import fulfil
from gateway.workflows.money import ASSENT, GIVE_BACK_REST, HOLD, instead
from gateway.workflows.notices import Teller, tell
from gateway.workflows.part import PartSubject
from gateway.workflows.pay_back import pay_back
from gateway.workflows.postings import book_receipt, post_invoice
from gateway.workflows.procure_to_pay import procure_to_pay
from gateway.workflows.remind_supplier import remind_supplier
from gateway.workflows.renew import renew
from gateway.workflows.renewing import Renewing
from gateway.workflows.rerouting import Rerouting
from gateway.workflows.return_to_refund import return_to_refund
from gateway.workflows.saga import Around, Branches, Case, Local, LocalDo, Moved, Refusal, Saga
from gateway.workflows.ship_from_store import ship_from_store
from gateway.workflows.sourcing import Sourcing
from gateway.workflows.stock_effects import StockEffects
from gateway.workflows.tending import FULFIL, Tending

NAME, VERSION = "place_order", 4


class OrderSubject:
    """An order, as its saga sees it."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        stored = await orders.load(connection, run_id)
        first = stored.addresses.get(stored.order.group.group_id)
        return Case(
            stored.order,
            first,
            stored.addresses,
            trace_id=stored.trace_id,
            contact=stored.contact,
            instead=instead(stored.authorisation),
        )

    async def status(self, connection: Connection, run_id: str) -> str:
        return await orders.lock_status(connection, run_id)

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        reason = moved.reason.told if moved.reason else None
        await orders.transition(
            connection,
            run_id,
            status,
            moved.by,
            reason=reason,
            cancel_outcome=moved.cancel_outcome,
            refs=moved.refs,
        )
        if status == OrderStatus.ACCEPTED:
            await stock.acknowledge(connection, run_id, "erp", moved.now)


def reserves(sourcing: Sourcing) -> LocalDo:
    async def reserve_stock(connection: Connection, case: Case, now: datetime) -> Refusal | Effect | None:
        await order_lines.begin(connection, case.order)
        around = Around(Hand("system", now, case.trace_id, sourcing.mint), None, stop_wished=False)
        refused = await groups.plan(sourcing, connection, case, around)
        if refused is not None:
            await order_lines.drop(connection, case.order.order_id, reason=refused.told)
        return refused

    return reserve_stock


async def release_stock(connection: Connection, case: Case, now: datetime) -> None:
    await stock.release(connection, case.order.order_id)


def place_order(sourcing: Sourcing, teller: Teller, renewing: Renewing) -> Saga:
    """How an order is carried out where the retailer sources so."""
    tending = Tending(Rerouting(sourcing, teller), renewing)
    return Saga(
        NAME,
        VERSION,
        (
            HOLD,
            ASSENT,
            Local("reserve_stock", reserves(sourcing), release_stock, by_hand=LOCAL_BY_HAND),
            Branches(FULFIL, tending.tend, by_hand="mend what its parts and its renewal hang on; retry looks again"),
            GIVE_BACK_REST,
        ),
        OrderSubject(),
        done="completed",
        undone="rejected",
        stopped="cancelled",
        wished="cancel_requested",
        resumed="processing",
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What the retailer wants, and whom there is to do it: *roles* are those of the back ends that are connected."""

    sourcing: SourcingPolicy = field(default_factory=SourcingPolicy)
    inventory: InventoryPolicy = field(default_factory=InventoryPolicy)
    in_parts: bool = True
    roles: frozenset[str] = frozenset({"payments", "erp", "wms"})
    approvals: ApprovalPolicy = field(default_factory=ApprovalPolicy)
    credits_goods: bool = True  # by the ERP; else a person does it
    books_purchases: bool = True  # so, too
    clocks: PurchaseClocks = field(default_factory=PurchaseClocks)


def sagas(terms: Terms | None = None, mint: Mint = mint, dice: Callable[[int], int] = randbelow) -> Mapping[str, Saga]:
    """All that runs may be of, by task."""
    terms = terms or Terms()
    stores, carrier = "store" in terms.roles, "carrier" in terms.roles
    sourcing = Sourcing(terms.sourcing, mint, terms.in_parts, stores, carrier)
    teller, effects = Teller(mint, connected="notifications" in terms.roles), StockEffects(mint, terms.inventory)
    part = PartSubject(effects)
    current = (
        place_order(sourcing, teller, Renewing(terms.sourcing.money)),
        fulfil(part),
        collect(part, Counter(terms.sourcing.pickup, teller, effects, dice)),
        ship_from_store(part, terms.sourcing.pickup, effects),
    )
    beside = (
        renew(terms.sourcing.money),
        tell(),
        return_to_refund(mint, terms.approvals),
        pay_back(mint, credits_goods=terms.credits_goods),
        procure_to_pay(mint, terms.clocks, books=terms.books_purchases, sends="supplier" in terms.roles),
        end_purchase(mint, books=terms.books_purchases, sends="supplier" in terms.roles),
        remind_supplier(),
        book_receipt(books=terms.books_purchases),
        post_invoice(mint, books=terms.books_purchases),
    )
    # what began when all of an order went one way took the same steps; only its workers know no more than that
    one_way = (replace(saga, version=saga.version - 1) for saga in current)
    return {saga.task: saga for saga in (*current, *beside, *one_way, *earlier(sourcing, OrderSubject()))}

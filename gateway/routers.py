"""What stages and routes of an edge have in common, and every route with what it is given of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter

from gateway.back_ends import FOREIGN
from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock, Ticks
from gateway.edge.counters import InProcessCounters
from gateway.edge.routes import edge_routes
from gateway.edge.shared_counters import SharedCounters
from gateway.governance.bundle import Bundle
from gateway.governance.decisions import on_commitment, on_content, on_waiver
from gateway.partners.keys import SigningKeys
from gateway.partners.routes import key_routes, token_routes
from gateway.partners.tokens import Tokens
from gateway.resources.approvals import approvals
from gateway.resources.callbacks import callbacks
from gateway.resources.events import events
from gateway.resources.events.feed import EventFeed
from gateway.resources.inventory import inventory
from gateway.resources.inventory.changes import Changes
from gateway.resources.inventory.deciding import divergences, pending_adjustments, quarantined_snapshots
from gateway.resources.inventory.feed_routes import feeds
from gateway.resources.inventory.reservation_routes import reservations
from gateway.resources.operations import exceptions
from gateway.resources.orders import orders
from gateway.resources.pages import PageTokens
from gateway.resources.returns import returns
from gateway.resources.returns.matching import unmatched_returns
from gateway.resources.suppliers import deliveries, purchase_orders, supplier_invoices, suppliers
from gateway.resources.suppliers.surplus import Buying, over_receipts
from gateway.settings import Settings
from gateway.store import late_failures
from gateway.store.adjustments import PENDING
from gateway.store.decisions import Decisions
from gateway.store.divergences import CLASS as DIVERGENCE
from gateway.store.goods_in import OVER_RECEIPT
from gateway.store.mending import WORKFLOW, Mendables
from gateway.store.pool import Database
from gateway.store.return_counts import UNMATCHED
from gateway.store.secrets import Secrets
from gateway.store.snapshots import QUARANTINED
from gateway.store.unpaid import CLASS as UNPAID
from gateway.workflows.operations import parked_runs
from gateway.workflows.owed import failed_refunds
from gateway.workflows.renewing import unpaid_orders
from observability.metrics import EdgeMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What stages, routes and the process have in common."""

    settings: Settings
    database: Database
    bundle: Bundle
    secrets: Secrets
    keys: SigningKeys
    tokens: Tokens
    decisions: Decisions
    pages: PageTokens
    changes: Changes
    feed: EventFeed
    metrics: EdgeMetrics
    counting: InProcessCounters | SharedCounters
    clock: Clock
    ticks: Ticks
    mint: Mint

    @property
    def public(self) -> str:
        return self.settings.public_address

    def stop(self) -> None:
        """The server is told to stop: whoever waits for news is answered now."""
        self.decisions.stop()
        self.changes.stop()
        self.feed.stop()


def routers(shared: Shared) -> Iterator[APIRouter]:
    """Those of which FastAPI is asked come first: it makes the routes of a router ready when it first looks into it."""
    database, public = shared.database, shared.public
    yield from _ours(shared)
    decide = partial(on_content, shared.bundle.access)
    yield orders(
        database,
        public=public,
        pages=shared.pages,
        decide=decide,
        waiver=partial(on_waiver, shared.bundle.access),
        mint=shared.mint,
        decisions=shared.decisions,
    )
    yield inventory(
        database, pages=shared.pages, policy=shared.bundle.inventory, changes=shared.changes, mint=shared.mint
    )
    commitment, policy = partial(on_commitment, shared.bundle.access), shared.bundle.inventory
    yield reservations(database, shared.pages, policy, commitment, public=public, mint=shared.mint)
    yield feeds(database, pages=shared.pages, policy=shared.bundle.inventory, public=public, mint=shared.mint)
    terms = shared.bundle.returns
    yield returns(database, pages=shared.pages, policy=terms, inventory=policy, public=public, mint=shared.mint)
    yield from _buying(shared)
    yield callbacks(database, mint=shared.mint, foreign=FOREIGN)
    buying = Buying(shared.bundle.approvals, shared.bundle.matching, policy)
    mending = mendables(shared.clock, shared.mint, buying)
    yield exceptions(database, pages=shared.pages, mendables=mending, mint=shared.mint)
    yield events(shared.feed, public=public)
    yield approvals(database, pages=shared.pages, mint=shared.mint)


def _ours(shared: Shared) -> Iterator[APIRouter]:
    """Tokens, keys, problems and health."""
    budget = shared.bundle.quotas.token_route
    yield token_routes(shared.database, tokens=shared.tokens, per_address=f"{budget.quota} per {budget.window} second")
    yield key_routes(shared.keys, public=shared.public)
    yield edge_routes(shared.database, public=shared.public)


def _buying(shared: Shared) -> Iterator[APIRouter]:
    database, pages, public = shared.database, shared.pages, shared.public
    yield suppliers(database, pages=pages, public=public, mint=shared.mint)
    yield purchase_orders(
        database,
        pages=pages,
        policy=shared.bundle.approvals,
        tolerances=shared.bundle.suppliers,
        matching=shared.bundle.matching,
        public=public,
        mint=shared.mint,
    )
    yield supplier_invoices(
        database,
        pages=pages,
        policy=shared.bundle.approvals,
        rules=shared.bundle.matching,
        public=public,
        mint=shared.mint,
    )
    yield deliveries(
        database,
        pages=pages,
        terms=shared.bundle.receiving,
        inventory=shared.bundle.inventory,
        matching=shared.bundle.matching,
        public=public,
        mint=shared.mint,
    )


def mendables(clock: Clock, mint: Mint, buying: Buying) -> Mendables:
    """What operators can do about exceptions, by class: the same for edge and command line."""
    return {
        WORKFLOW: parked_runs(clock, mint),
        UNPAID: unpaid_orders(mint),
        PENDING: pending_adjustments(buying.inventory, mint),
        QUARANTINED: quarantined_snapshots(),
        DIVERGENCE: divergences(),
        late_failures.CLASS: failed_refunds(mint),
        UNMATCHED: unmatched_returns(mint),
        OVER_RECEIPT: over_receipts(buying, mint),
    }

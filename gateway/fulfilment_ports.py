"""
The conversations with those who bring an order to its customer beside the warehouse: stores that pick it, carriers that
take parcels, and whoever tells customers. A retailer may have none of them. The promises are those of `ports.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from gateway.domain.orders import Address, Contact, Order
from gateway.effects import BackEnd, Effect

Method = Literal["pickup", "curbside", "ship"]  # what the store is asked to do with what it picks


@dataclass(frozen=True, slots=True)
class StoreTask:
    """Where a task stands at the store."""

    id: str
    status: Literal["asked", "accepted", "rejected", "ready", "handed_over", "cancelled"]
    reason: str | None  # of a rejection: not_in_stock | mismatch | damage | worn_display | no_variance
    picked: Mapping[str, int]  # line_id -> pieces found; complete once it is ready, and short picks have fewer
    at: datetime  # since when it stands so


class Store(BackEnd, Protocol):
    async def ask(self, order: Order, method: Method, *, until: datetime, key: str) -> Effect:
        """Ask the store at `order.node_id` to pick the order by *until*; it accepts or rejects later."""

    async def cancel(self, task: str, *, key: str) -> Effect:
        """Ask the store not to. Raises `Rejected` (`too_late`) once it was handed over. Cancelling twice is no error,
        and neither is what the store has rejected, which stays so."""

    async def task(self, task: str) -> StoreTask | None:
        """Where the task stands; None if the store does not know it."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where a parcel is."""

    id: str  # of its label
    status: Literal["label_created", "in_transit", "delivered", "lost", "voided"]
    at: datetime  # since when


class Carrier(BackEnd, Protocol):
    async def label(self, order: Order, ship_to: Address, *, key: str) -> Effect:
        """Buy a label for a parcel from `order.node_id`. Facts: `tracking_number`, `carrier`, and what it costs, as
        `cost` in minor units and `currency`. Raises `Rejected` for an address that cannot be delivered to."""

    async def void(self, label: str, *, key: str) -> Effect:
        """Give the label back. Raises `Rejected` (`too_late`) once it was scanned; voiding twice is no error."""

    async def track(self, label: str) -> Tracking | None:
        """Where the parcel is; None if the carrier does not know the label."""


class Notifications(BackEnd, Protocol):
    async def send(self, kind: str, to: Contact, facts: Mapping[str, str], *, key: str) -> Effect:
        """Tell a customer. *kind* names the template: `ready_for_pickup`, `pickup_reminder`, `pickup_expired`, `offer`;
        *facts* fill it in. *to* is personal data: it is sent, and stands in no effect, error or log. Raises `Rejected`
        for a template that is not known, and for whom nobody can reach."""

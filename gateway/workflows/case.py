"""What a step knows of its subject, and what it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.domain.orders import Address, Contact, Order
from gateway.ports import Effect
from gateway.store.notices import Notice
from gateway.store.postings import Posting
from gateway.store.purchases import Bought
from gateway.store.refunds import Refund

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """What a step knows: the order, where it goes, and what the steps before it brought about."""

    sold: Order | None
    ship_to: Address | None
    addresses: Mapping[str, Address] = field(default_factory=dict)  # of an order: of each delivery group
    effects: Mapping[str, Effect] = field(default_factory=dict)
    given: Mapping[str, Effect] = field(default_factory=dict)  # by steps of the run above
    trace_id: str = ""
    contact: Contact | None = None
    method: str = "ship_to_home"  # how this part of the order reaches its customer
    instead: Mapping[str, Effect] = field(default_factory=dict)  # what has taken the place of a step's effect since
    notice: Notice | None = None  # what is to be told
    owed: Refund | None = None  # what is to go back
    bought: Bought | None = None  # what is ordered of a supplier
    posting: Posting | None = None  # what the ERP is told of that
    returned: str = ""  # the id of the return that is carried out
    amount: int = 0  # what is to be held anew, minor units
    now: datetime = _NEVER  # when the transaction began in which this was read
    begun_at: datetime = _NEVER  # when the part was planned

    @property
    def order(self) -> Order:
        assert self.sold is not None, "only what is sold has such steps"
        return self.sold

    @property
    def purchase(self) -> Bought:
        assert self.bought is not None, "only what is bought has such steps"
        return self.bought

    @property
    def part(self) -> str:
        """The id of the part that is carried out."""
        assert self.order.fulfilment_id is not None, "only parts have such steps"
        return self.order.fulfilment_id

    def done(self, step: str) -> Effect:
        for found in (self.instead, self.effects):
            if step in found:
                return found[step]
        return self.given[step]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the run turns back: a code and a sentence that the partner may read."""

    code: str
    detail: str

    @property
    def told(self) -> Mapping[str, str]:
        return {"code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the back end showed while waiting: the awaited fact, that it never comes, nothing, or trouble."""

    fact: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    trouble: Refusal | None = None  # a state that no plan covers

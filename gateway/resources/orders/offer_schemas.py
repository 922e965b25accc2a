"""The wire format of offers and of customers' answers to them, as the contract has it."""

from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.domain.offer_decisions import OfferAnswer, OfferKind
from gateway.resources.order_facts import OfferId
from gateway.resources.orders.schemas import Address
from gateway.resources.shapes import CLOSED, Moment, OrderId, Quantity, Text64, Text120

NodeId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]


@with_config(CLOSED)
class OfferedLine(TypedDict):
    line_id: Text64
    quantity: Quantity


@with_config(CLOSED)
class OpenOffer(TypedDict):
    offer_id: OfferId
    group_id: Text64
    kind: OfferKind
    node_id: NotRequired[NodeId]
    node_name: NotRequired[Text120]
    lines: Annotated[list[OfferedLine], Field(min_length=1, max_length=1000)]
    promised_by: NotRequired[Moment]
    expires_at: Moment


@with_config(CLOSED)
class AcceptBody(TypedDict):
    address: NotRequired[Address]


@with_config(CLOSED)
class OfferView(TypedDict):
    offer_id: OfferId
    order_id: OrderId
    kind: OfferKind
    state: OfferAnswer
    decided_at: Moment


OpenOffers = Annotated[list[OpenOffer], Field(min_length=1, max_length=20)]

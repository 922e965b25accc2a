"""The baseline `bare`: FastAPI and Pydantic read the same order and answer with it, or answer with one that they hold.
Nothing else."""

import json
import os
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

Short = Annotated[str, Field(min_length=1, max_length=64)]


class Money(BaseModel):
    amount: int
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Channel(BaseModel):
    channel_id: Short


class Contact(BaseModel):
    email: str | None = None
    phone: str | None = None


class Customer(BaseModel):
    type: Literal["person", "business"]
    customer_ref: Short | None = None
    contact: Contact | None = None


class Line(BaseModel):
    line_id: Short
    sku: Short
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    unit_price: Decimal
    discount: Money | None = None
    tax: Money | None = None
    name: str | None = None


class Address(BaseModel):
    name: str
    lines: Annotated[list[str], Field(min_length=1, max_length=4)]
    city: str
    region: str | None = None
    postal_code: str | None = None
    country: Annotated[str, Field(min_length=2, max_length=2)]


class DeliveryGroup(BaseModel):
    id: Short
    method: Literal["ship_to_home"]
    address: Address


class Payment(BaseModel):
    method: Literal["card", "wallet", "bank"]
    token: str
    amount: Money


class Totals(BaseModel):
    items: Money
    discount: Money
    shipping: Money
    tax: Money
    grand_total: Money


class Order(BaseModel):
    channel: Channel
    channel_order_id: Short
    placed_at: datetime
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    tax_mode: Literal["exclusive", "inclusive"]
    customer: Customer
    lines: Annotated[list[Line], Field(min_length=1, max_length=1000)]
    shipping_charge: Money | None = None
    delivery_groups: list[DeliveryGroup]
    payment: Payment
    totals: Totals


class Part(BaseModel):
    method: str
    amount: Money


class Reference(BaseModel):
    system: str
    type: str
    value: str


class StoredOrder(Order):
    """The order as `GET /v1/orders/{order_id}` answers it."""

    order_id: str
    version: int
    status: str
    payment: Part  # type: ignore[assignment]
    references: list[Reference]
    allowed_actions: list[str]
    received_at: str
    updated_at: str


class AvailabilityLine(BaseModel):
    sku: Short
    node_id: Short | None = None
    condition: Short | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class AvailabilityQuery(BaseModel):
    lines: Annotated[list[AvailabilityLine], Field(min_length=1, max_length=100)]


class Term(BaseModel):
    name: str
    quantity: int


class NodeAvailability(BaseModel):
    node_id: str
    sellable: bool
    available: int
    earliest: str | None = None
    terms: list[Term]
    as_of: str | None = None
    staleness_ms: int | None = None
    confidence: str
    position_version: int


class AvailabilityItem(BaseModel):
    sku: str
    condition: str
    available: int
    quantity: int
    earliest: str | None = None
    confidence: str
    nodes: list[NodeAvailability]


class Availability(BaseModel):
    asked_at: str
    items: list[AvailabilityItem]


app = FastAPI()
stored = json.loads(os.environ.get("BENCH_ORDER", "null"))  # as a store has it: a document, not yet a model
available = json.loads(os.environ.get("BENCH_AVAILABILITY", "null"))


@app.post("/v1/orders", status_code=202)
async def place_order(order: Order) -> Order:
    return order


@app.get("/v1/orders/{order_id}", response_model=StoredOrder, response_model_exclude_unset=True)
async def get_order(order_id: str) -> Any:
    return stored


@app.post("/v1/inventory/availability:query", response_model=Availability, response_model_exclude_unset=True)
async def query_availability(query: AvailabilityQuery) -> Any:
    return available


@app.get("/healthz")
async def health() -> dict[str, str]:
    return {"status": "alive"}

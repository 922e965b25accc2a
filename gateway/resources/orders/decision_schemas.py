"""The wire format of why an order is served from where it is, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Code, Moment, Quantity

Node = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
Amount = Annotated[int, Field(ge=-(10**15), le=10**15)]


@with_config(CLOSED)
class Take(TypedDict):
    node_id: Node
    line_id: Annotated[str, Field(min_length=1, max_length=64)]
    sku: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Quantity


@with_config(CLOSED)
class Term(TypedDict):
    name: Code
    node_id: NotRequired[Node]
    amount: Amount


@with_config(CLOSED)
class Plan(TypedDict):
    score: Amount
    nodes: Annotated[list[Node], Field(max_length=20)]
    takes: Annotated[list[Take], Field(max_length=20_000)]
    terms: Annotated[list[Term], Field(max_length=200)]
    unfilled: Annotated[int, Field(ge=0)]


@with_config(CLOSED)
class LeftOut(TypedDict):
    node_id: Node
    reason: Code


@with_config(CLOSED)
class Flip(TypedDict):
    of: Literal["plan", "runner_up"]
    term: Term
    becomes: Amount


@with_config(CLOSED)
class SourcingDecision(TypedDict):
    decision_id: Annotated[str, Field(pattern="^dec_[0-9A-HJKMNP-TV-Z]{26}$")]
    decided_at: Moment
    plan: Plan
    runner_up: NotRequired[Plan]
    left_out: Annotated[list[LeftOut], Field(max_length=1000)]
    flip: NotRequired[Flip]


@with_config(CLOSED)
class DecisionList(TypedDict):
    decisions: Annotated[list[SourcingDecision], Field(max_length=400)]

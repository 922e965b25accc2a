"""The wire format of suppliers in Suppliers v1, as the contract has it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from gateway.resources.shapes import CLOSED, Moment, Text200

SupplierId = Annotated[str, Field(pattern="^sup_[0-9A-HJKMNP-TV-Z]{26}$")]
PartnerId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
Number = Annotated[str, Field(pattern="^[A-Za-z0-9._/-]{1,35}$")]
Gln = Annotated[str, Field(pattern="^[0-9]{13}$")]
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Version = Annotated[int, Field(ge=1)]
Words = Annotated[str, Field(min_length=3, max_length=500)]
EdiMessage = Literal["810", "846", "850", "855", "856", "860", "997"]
Status = Literal["prospect", "onboarding", "certified", "active", "suspended", "offboarded"]


@with_config(CLOSED)
class Capabilities(TypedDict):
    api: NotRequired[bool]
    portal: NotRequired[bool]
    email_fallback: NotRequired[bool]
    edi: NotRequired[Annotated[list[EdiMessage], Field(max_length=7)]]


@with_config(CLOSED)
class SupplierBody(TypedDict):
    code: Number
    name: Text200
    currency: CurrencyCode
    partner_id: NotRequired[PartnerId]
    gln: NotRequired[Gln]
    capabilities: NotRequired[Capabilities]


@with_config(CLOSED)
class CapabilitiesBody(TypedDict):
    capabilities: Capabilities


@with_config(CLOSED)
class LinkBody(TypedDict):
    partner_id: PartnerId


@with_config(CLOSED)
class MoveBody(TypedDict):
    status: Literal["onboarding", "certified", "suspended", "offboarded"]
    reason: Words


@with_config(CLOSED)
class ApproveBody(TypedDict):
    reason: Words


@with_config(CLOSED)
class SupplierReceipt(TypedDict):
    supplier_id: SupplierId
    code: Number
    status: Literal["prospect"]


@with_config(CLOSED)
class SupplierView(TypedDict):
    supplier_id: SupplierId
    code: Number
    name: Text200
    partner_id: NotRequired[PartnerId]
    gln: NotRequired[Gln]
    currency: CurrencyCode
    capabilities: Capabilities
    status: Status
    next_statuses: list[Status]
    version: Version
    created_at: Moment
    updated_at: Moment


@with_config(CLOSED)
class SupplierPage(TypedDict):
    suppliers: Annotated[list[SupplierView], Field(max_length=200)]
    next_page_token: str

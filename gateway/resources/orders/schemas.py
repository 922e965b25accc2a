"""The shapes of Orders v1. The contract stage has proven a body to have its shape; these types tell the code so."""

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from gateway.domain.orders import TaxMode
from gateway.resources.shapes import CLOSED, Moment, OrderId, text

ChannelOrderId = text(64)
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]

"""Who answers: for each role the adapter that the settings name, connected for as long as the context lasts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from adapters.rest import rest_back_ends
from adapters.stripe import StripeEvents, stripe_payments
from gateway.errors import Misconfigured
from gateway.ports import BackEnds
from gateway.settings import Settings
from gateway.told import Callbacks

FOREIGN: Mapping[str, Callbacks] = {"stripe": StripeEvents()}  # who calls back in a manner of its own


@asynccontextmanager
async def back_ends(settings: Settings) -> AsyncIterator[BackEnds]:
    """The REST dialect in every role; what the settings name instead takes that role over."""
    async with AsyncExitStack() as stack:
        connected = await stack.enter_async_context(
            rest_back_ends(
                payments_url=str(settings.payments_url),
                erp_url=str(settings.erp_url),
                wms_url=str(settings.wms_url),
                polled=settings.wms_polled,
            )
        )
        if settings.payments == "stripe":
            if settings.stripe_key is None:
                raise Misconfigured("OMNIGATE_STRIPE_KEY is missing: OMNIGATE_PAYMENTS=stripe needs a secret key")
            key = settings.stripe_key.get_secret_value()
            back = str(settings.stripe_return_url) if settings.stripe_return_url else None
            payments = stripe_payments(url=str(settings.stripe_url), key=key, return_url=back)
            connected = replace(connected, payments=await stack.enter_async_context(payments))
        yield connected

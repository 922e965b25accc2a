"""Who answers: for each role the adapter that the settings name, connected for as long as the context lasts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from adapters.rest import rest_back_ends
from adapters.stripe import StripeEvents, stripe_payments
from adapters.tryton import Login, TrytonChanges, mapping_from, tryton_back_ends
from adapters.tryton import Mapping as Words
from gateway.errors import Misconfigured
from gateway.governance.yaml import read_yaml
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
        if "tryton" in (settings.erp, settings.wms):
            roles = await stack.enter_async_context(tryton_back_ends(*_tryton(settings)))
            connected = replace(connected, erp=roles.erp)
            if settings.wms == "tryton":
                connected = replace(connected, wms=roles.wms, changes={"wms": TrytonChanges(roles.talks["wms"])})
        yield connected


def _tryton(settings: Settings) -> tuple[Login, Words]:
    if settings.erp != "tryton":
        raise Misconfigured("OMNIGATE_WMS=tryton needs OMNIGATE_ERP=tryton: it ships what was booked there")
    database, user, password = settings.tryton_database, settings.tryton_user, settings.tryton_password
    if not (database and user and password and settings.tryton_mapping):
        raise Misconfigured("OMNIGATE_ERP=tryton needs all of OMNIGATE_TRYTON_DATABASE, _USER, _PASSWORD and _MAPPING")
    login = Login(url=str(settings.tryton_url), database=database, user=user, password=password.get_secret_value())
    file = read_yaml(settings.tryton_mapping)
    return login, mapping_from(file.value, file.at)

"""Who answers: for each role the adapter that the settings name, connected for as long as the context lasts."""

import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from pydantic import HttpUrl, SecretStr

from adapters.outbound import Bounds, Outbound
from adapters.rest import rest_back_ends
from adapters.stripe import StripeEvents, stripe_payments
from adapters.tryton import Login, TrytonChanges, TrytonMoves, mapping_from, tryton_back_ends
from adapters.tryton import Mapping as Words
from adapters.tryton.conversation import Conversation
from gateway.errors import Misconfigured
from gateway.governance.yaml import read_yaml
from gateway.ports import BackEnds, Payments
from gateway.promises import Finding, contradictions
from gateway.settings import Settings
from gateway.told import STOCK, Callbacks, Changes
from observability.metrics import BackEndMetrics

FOREIGN: Mapping[str, Callbacks] = {"stripe": StripeEvents()}  # who calls back in a manner of its own


@dataclass(frozen=True, slots=True)
class Role:
    """Who plays it, and where that is."""

    name: str
    adapter: str  # rest, stripe, tryton, or package.module:function
    url: HttpUrl
    key: SecretStr | None

    @property
    def variables(self) -> tuple[str, str]:
        """Where its address and its credential are set."""
        if self.adapter == "tryton":
            return "OMNIGATE_TRYTON_URL", "OMNIGATE_TRYTON_USER and _PASSWORD"
        name = "STRIPE" if self.adapter == "stripe" else self.name.upper()
        return f"OMNIGATE_{name}_URL", f"OMNIGATE_{name}_KEY"

    @property
    def own(self) -> bool:
        return ":" in self.adapter

    @property
    def address(self) -> str:
        """Without what may be secret in it."""
        port = f":{self.url.port}" if self.url.port else ""
        return f"{self.url.scheme}://{self.url.host}{port}{self.url.path or ''}"


def roles(settings: Settings) -> tuple[Role, ...]:
    """Those that are played: payments, ERP and warehouse always, the others where they have an address."""
    elsewhere = {
        "stripe": (settings.stripe_url, settings.stripe_key),
        "tryton": (settings.tryton_url, settings.tryton_password),
    }
    played = {
        "payments": (settings.payments, settings.payments_url, settings.payments_key),
        "erp": (settings.erp, settings.erp_url, settings.erp_key),
        "wms": (settings.wms, settings.wms_url, settings.wms_key),
        "store": (settings.store, settings.store_url, settings.store_key),
        "carrier": (settings.carrier, settings.carrier_url, settings.carrier_key),
        "notifications": (settings.notifications, settings.notifications_url, settings.notifications_key),
        "supplier": (settings.supplier, settings.supplier_url, settings.supplier_key),
    }
    if unreached := [name.upper() for name, (how, url, _) in played.items() if how != "rest" and url is None]:
        raise Misconfigured(
            f"OMNIGATE_{unreached[0]} names an adapter; say in OMNIGATE_{unreached[0]}_URL where it leads"
        )
    return tuple(
        Role(name, how, *elsewhere.get(how, (url, key))) for name, (how, url, key) in played.items() if url is not None
    )


def bounds(settings: Settings) -> Bounds:
    return Bounds(
        connections=settings.back_end_calls,
        failures=settings.breaker_failures,
        rest=settings.breaker_rest,
        repeats=settings.back_end_repeats,
        processes=settings.workers,
    )


@asynccontextmanager
async def back_ends(settings: Settings, metrics: BackEndMetrics | None = None) -> AsyncIterator[BackEnds]:
    """Raises `Misconfigured` for a manifest that contradicts itself, before anything is sent."""
    async with connected(settings, metrics) as reached:
        if faults := at_odds(reached):
            raise Misconfigured("; ".join(map(str, faults)))
        yield reached


def at_odds(reached: BackEnds) -> list[Finding]:
    return [fault for role, port in reached.present.items() for fault in contradictions(role, port.manifest)]


@asynccontextmanager
async def connected(settings: Settings, metrics: BackEndMetrics | None = None) -> AsyncIterator[BackEnds]:
    """The REST dialect in every role; what the settings name instead takes that role over."""
    limits = bounds(settings)
    async with AsyncExitStack() as stack:
        reached = await stack.enter_async_context(_rest(settings, limits, metrics))
        if settings.payments == "stripe":
            reached = replace(reached, payments=await stack.enter_async_context(_stripe(settings, limits, metrics)))
        if "tryton" in (settings.erp, settings.wms):
            login, words = _tryton(settings)
            tryton = tryton_back_ends(login, words, bounds=limits, metrics=metrics)
            played = await stack.enter_async_context(tryton)
            reached = replace(reached, erp=played.erp)
            if settings.wms == "tryton":
                reached = replace(reached, wms=played.wms, changes=_asked(played.talks["wms"], words))
        for role in filter(lambda role: role.own, roles(settings)):
            outbound = Outbound(role.name, url=str(role.url), bounds=limits, metrics=metrics)
            key = role.key.get_secret_value() if role.key else None
            port = own_adapter(role)(await stack.enter_async_context(outbound), key)
            reached = replace(reached, **{role.name: port})
        yield reached


def _rest(settings: Settings, limits: Bounds, metrics: BackEndMetrics | None) -> AbstractAsyncContextManager[BackEnds]:
    return rest_back_ends(
        payments_url=str(settings.payments_url),
        erp_url=str(settings.erp_url),
        wms_url=str(settings.wms_url),
        store_url=str(settings.store_url) if settings.store_url else None,
        carrier_url=str(settings.carrier_url) if settings.carrier_url else None,
        notifications_url=str(settings.notifications_url) if settings.notifications_url else None,
        supplier_url=str(settings.supplier_url) if settings.supplier_url else None,
        polled=settings.wms_polled,
        stock_changes=settings.wms_stock_changes,
        bounds=limits,
        metrics=metrics,
    )


def _asked(tryton: Conversation, words: Words) -> Mapping[str, Changes]:
    return {"wms": TrytonChanges(tryton), STOCK: TrytonMoves(tryton, words, clock=time.time)}


def _stripe(
    settings: Settings, limits: Bounds, metrics: BackEndMetrics | None
) -> AbstractAsyncContextManager[Payments]:
    if settings.stripe_key is None:
        raise Misconfigured("OMNIGATE_STRIPE_KEY is missing: OMNIGATE_PAYMENTS=stripe needs a secret key")
    secret = settings.stripe_key.get_secret_value()
    back = str(settings.stripe_return_url) if settings.stripe_return_url else None
    return stripe_payments(url=str(settings.stripe_url), key=secret, return_url=back, bounds=limits, metrics=metrics)


def _tryton(settings: Settings) -> tuple[Login, Words]:
    if settings.erp != "tryton":
        raise Misconfigured("OMNIGATE_WMS=tryton needs OMNIGATE_ERP=tryton: it ships what was booked there")
    database, user, password = settings.tryton_database, settings.tryton_user, settings.tryton_password
    if not (database and user and password and settings.tryton_mapping):
        raise Misconfigured("OMNIGATE_ERP=tryton needs all of OMNIGATE_TRYTON_DATABASE, _USER, _PASSWORD and _MAPPING")
    login = Login(url=str(settings.tryton_url), database=database, user=user, password=password.get_secret_value())
    file = read_yaml(settings.tryton_mapping)
    return login, mapping_from(file.value, file.at)


def own_adapter(role: Role) -> Callable[[Outbound, str | None], Any]:
    """The function that makes the port out of a client and a credential."""
    where, name = f"OMNIGATE_{role.name.upper()}={role.adapter}", role.adapter.partition(":")[2]
    try:
        made = getattr(import_module(role.adapter.partition(":")[0]), name, None)
    except ImportError as error:
        raise Misconfigured(f"{where}: {error}; install the package beside Omnigate ({sys.prefix})") from error
    if not callable(made):
        raise Misconfigured(f"{where}: the module has no function '{name}'; name one that takes (outbound, key)")
    function: Callable[[Outbound, str | None], Any] = made
    return function

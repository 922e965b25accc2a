"""Tryton, connected: in either role with a client, and so with a pool and bounds, and a session of its own."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2

from adapters.outbound import Bounds, Call, Outbound
from adapters.tryton.conversation import Conversation, envelope, opened
from adapters.tryton.erp import TrytonErp
from adapters.tryton.manifest import LOOK_UP, MANIFESTS, Manifests, promised
from adapters.tryton.mapping import Mapping
from adapters.tryton.session import Door, Session, header
from adapters.tryton.wms import TrytonWms
from gateway.errors import Failed, Unknown
from gateway.ports import Manifest
from observability.metrics import BackEndMetrics

ACCEPTS = {"accept-encoding": "gzip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who we are there."""

    url: str
    database: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Roles:
    """What Tryton can be for us, and the conversations in which it is."""

    erp: TrytonErp
    wms: TrytonWms
    talks: dict[str, Conversation]  # by role


@asynccontextmanager
async def tryton_back_ends(
    login: Login,
    mapping: Mapping,
    *,
    manifests: Manifests = MANIFESTS,
    bounds: Bounds | None = None,
    metrics: BackEndMetrics | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    ticks: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Roles]:
    """Both roles at this address, for as long as the context lasts; nothing is sent before something is asked."""
    async with AsyncExitStack() as stack:

        async def talk(system: str, manifest: Manifest) -> Conversation:
            outbound = Outbound(system, url=login.url, bounds=bounds, metrics=metrics, transport=transport, clock=clock)
            spoken = await stack.enter_async_context(outbound)
            door = Door(lambda: logged_in(spoken, login), ticks=ticks)
            return Conversation(
                spoken, database=login.database, door=door, manifest=manifest, skips=mapping.skip_warnings
            )

        ours = promised(manifests, purchases=mapping.purchases is not None)
        talks = {"erp": await talk("erp", ours.erp), "wms": await talk("wms", ours.wms)}
        yield Roles(TrytonErp(talks["erp"], mapping), TrytonWms(talks["wms"], mapping, clock=clock), talks)


async def logged_in(outbound: Outbound, login: Login) -> Session | None:
    """A session, and the context that every call has to carry. None: the password is wrong."""
    entered = await _asked(outbound, login, "common.db.login", login.user, {"password": login.password})
    if entered is None:
        return None
    if not isinstance(entered, list) or len(entered) < 2:
        raise Unknown("Tryton opens no session", system=outbound.system)
    authorization = header(login.user, entered[0], entered[1])
    preferences = "model.res.user.get_preferences"
    context = await _asked(outbound, login, preferences, *(True, {}), authorization=authorization)
    if not isinstance(context, dict):
        raise Unknown("Tryton opens no session", system=outbound.system)
    return Session(authorization, context)


async def _asked(outbound: Outbound, login: Login, method: str, *params: object, **headers: str) -> object:
    """What a method says that needs no session. None: not to us."""
    call = Call(
        method="POST",
        path=f"/{login.database}/rpc/",
        promise=LOOK_UP,
        body=envelope(method, list(params)),
        asks=True,
        headers=ACCEPTS | headers,
    )
    answer = await outbound.send(call)
    if answer.status == 200:
        return opened(answer, outbound.system).get("result")
    if answer.status == 401:
        return None
    wrong = Failed if answer.status < 500 else Unknown
    raise wrong("Tryton opens no session", system=outbound.system, backend_status=answer.status)

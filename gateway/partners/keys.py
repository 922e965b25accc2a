"""The keys that sign access tokens, as a process knows them: shared by all edges through the database, and rotated."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from joserfc.jwk import ECKey

from gateway.domain.time import Clock, rfc3339, system_clock
from gateway.errors import GatewayError
from gateway.partners.key_ring import KeyRing, named, read_ring, write_ring
from gateway.store.audit import Act
from gateway.store.secrets import Secrets

ALGORITHM = "ES256"
REFRESH = timedelta(seconds=5)  # a withdrawn key is out by then
UNKNOWN = timedelta(seconds=1)  # how often a key that nobody knows may make us look
_PATIENCE = 2.0  # seconds for a look; after that the keys we have go on

_NAME = "token_signing_key"

log = structlog.get_logger("omnigate.keys")


class SigningKeys:
    """The ring as it was read last, at most `REFRESH` ago: whoever uses it asks for a `refresh` before."""

    def __init__(self, secrets: Secrets, *, clock: Clock = system_clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._ring: KeyRing | None = None
        self._looked_at = clock()
        self._believed: Mapping[str, ECKey] = {}
        self._flight: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Made on first use, by whichever process is first."""
        self._take(await self._secrets.get_or_create(_NAME, _first), self._clock())

    async def refresh(self, kid: str | None = None) -> None:
        """Look again if that is due; for a *kid* that nobody knows it is due sooner, but not for each such request."""
        patience = UNKNOWN if kid is not None and self.by_id(kid) is None else REFRESH
        if timedelta(0) <= self._clock() - self._looked_at < patience:
            return
        if self._flight is None:
            self._flight = asyncio.create_task(self._look())
            self._flight.add_done_callback(self._land)
        await asyncio.shield(self._flight)

    @property
    def ring(self) -> KeyRing:
        assert self._ring is not None, "the keys are loaded when the process starts"
        return self._ring

    @property
    def current(self) -> ECKey:
        return self.ring.signer(self._looked_at).key

    def by_id(self, kid: str) -> ECKey | None:
        return self._believed.get(kid)

    def public(self) -> dict[str, Any]:
        """The JSON Web Key Set that anybody may read."""
        facts = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), "kid": kid, **facts} for kid, key in self._believed.items()]}

    async def _look(self) -> None:
        """A failure leaves what we have: better a key that is some seconds old than nobody let in."""
        now, kept = self._clock(), None
        try:
            async with asyncio.timeout(_PATIENCE):
                kept = await self._secrets.get(_NAME)
        except (GatewayError, TimeoutError) as error:
            log.warning("signing keys not read", why=type(error).__name__)
        self._take(kept, now)

    def _take(self, kept: bytes | None, now: datetime) -> None:
        if kept is not None:
            self._ring = read_ring(kept)
        self._looked_at = now
        self._believed = {each.kid: each.key for each in self.ring.live(now)}

    def _land(self, flight: asyncio.Task[None]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # everybody who waited may have gone: then nobody else looks at it


async def kept_ring(secrets: Secrets) -> KeyRing | None:
    """None before the first edge has started."""
    kept = await secrets.get(_NAME)
    return None if kept is None else read_ring(kept)


async def rotate(secrets: Secrets, act: Act, *, at_once: bool) -> KeyRing:
    """A new key, published now, to sign later; or, *at_once*, instead of every other: whatever these signed is void."""
    made: list[KeyRing] = []

    def change(kept: bytes | None) -> tuple[bytes, dict[str, Any]]:
        before = None if kept is None else read_ring(kept)
        after = before.rotated(_new(), act.at) if before and not at_once else KeyRing((named(_new(), act.at),))
        made.append(after)
        return write_ring(after), _told(before, after)

    await secrets.alter(_NAME, change, act=act, action="keys:rotate")
    return made[-1]


def _told(before: KeyRing | None, after: KeyRing) -> dict[str, Any]:
    kids = {each.kid for each in after.keys}
    void = [each.kid for each in before.keys if each.kid not in kids] if before else []
    return {"new": after.keys[-1].kid, "signs_from": rfc3339(after.keys[-1].signs_from), "gone": void}


def _new() -> ECKey:
    return ECKey.generate_key("P-256", private=True)


def _first() -> bytes:
    return orjson.dumps(_new().as_dict(private=True))

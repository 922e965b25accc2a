"""The keys that sign access tokens, one after the other: which signs, which are still believed, which come next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson
from joserfc.jwk import ECKey

from gateway.domain.time import rfc3339
from gateway.refusals import Conflict

LIFETIME = 900  # seconds: of a token
DRIFT = 30  # seconds that another edge's clock may be ahead of ours or behind
CACHED = 300  # seconds for which anybody may keep the published keys
ACTIVATION = timedelta(seconds=2 * CACHED)  # a key signs when everybody has had time to read it
_OUTLIVES = timedelta(seconds=LIFETIME + DRIFT)  # the last token of a key

State = Literal["next", "signing", "retiring"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str  # its thumbprint (RFC 7638)
    key: ECKey
    signs_from: datetime


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys in the order in which they sign. A key signs until the next one does, and is gone when its tokens are."""

    keys: tuple[SigningKey, ...]

    def signer(self, now: datetime) -> SigningKey:
        return next((key for key in reversed(self.keys) if key.signs_from <= now), self.keys[0])

    def live(self, now: datetime) -> tuple[SigningKey, ...]:
        """What is published and believed. The next key, too: an edge whose clock is ahead signs with it already."""
        return tuple(key for key in self.keys if (end := self.gone_at(key)) is None or now < end)

    def gone_at(self, key: SigningKey) -> datetime | None:
        """When the last token that *key* may have signed has expired; None: nothing replaces it yet."""
        later = self.keys[self.keys.index(key) + 1 :]
        return later[0].signs_from + _OUTLIVES if later else None

    def state(self, key: SigningKey, now: datetime) -> State:
        if key is self.signer(now):
            return "signing"
        return "next" if key.signs_from > now else "retiring"

    def rotated(self, new: ECKey, now: datetime) -> KeyRing:
        """With *new* to sign as soon as everybody knows it. Raises `Conflict` while another one is on its way."""
        for key in self.keys:
            if key.signs_from > now:
                raise Conflict(f"the key {key.kid} is on its way and signs from {rfc3339(key.signs_from)}; wait for it")
        return KeyRing((*self.live(now), named(new, now + ACTIVATION)))


def named(key: ECKey, signs_from: datetime) -> SigningKey:
    return SigningKey(key.thumbprint(), key, signs_from)


def read_ring(value: bytes) -> KeyRing:
    """As it is kept: the keys with their moments; or one key alone, as it was kept before keys could rotate."""
    kept = orjson.loads(value)
    if "keys" not in kept:
        return KeyRing((named(ECKey.import_key(kept), datetime.fromtimestamp(0, UTC)),))
    return KeyRing(tuple(_read(each) for each in kept["keys"]))


def write_ring(ring: KeyRing) -> bytes:
    kept = [{"jwk": each.key.as_dict(private=True), "signs_from": each.signs_from.isoformat()} for each in ring.keys]
    return orjson.dumps({"keys": kept})


def _read(kept: dict[str, Any]) -> SigningKey:
    return named(ECKey.import_key(kept["jwk"]), datetime.fromisoformat(kept["signs_from"]))

"""The key that signs access tokens: made on first use, shared by all edges through the database."""

import base64
from secrets import token_bytes
from typing import Any

import orjson
from joserfc.jwk import ECKey

from gateway.store.secrets import Secrets

ALGORITHM = "ES256"

_NAME = "token_signing_key"


class SigningKeys:
    """One key for now; tokens and JWKS name it by `kid`, so that a second can be added without anybody's notice."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._current: ECKey | None = None

    async def load(self) -> None:
        if self._current is None:
            self._current = ECKey.import_key(orjson.loads(await self._secrets.get_or_create(_NAME, _make)))

    @property
    def current(self) -> ECKey:
        assert self._current is not None, "the keys are loaded when the process starts"
        return self._current

    def by_id(self, kid: str) -> ECKey | None:
        return self.current if kid == self.current.thumbprint() else None

    def public(self) -> dict[str, Any]:
        """The JSON Web Key Set that anybody may read."""
        key = self.current
        facts = {"kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **facts}]}


def _make() -> bytes:
    return orjson.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True))


def new_callback_secret() -> bytes:
    """A secret to share with a system that calls us back, as Standard Webhooks 1.0.0 writes it: 32 random bytes."""
    return b"whsec_" + base64.b64encode(token_bytes(32))

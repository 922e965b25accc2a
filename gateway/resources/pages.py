"""Page tokens: opaque, bound to the caller and to what was asked, and without any authority of their own."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken

from gateway.refusals import Malformed
from gateway.store.secrets import Secrets

USUAL, MOST = 50, 200
LIFETIME = timedelta(days=3)


def page_size(query: Mapping[str, Any]) -> int:
    asked: int = query.get("page_size", 0)
    if asked < 0:
        raise Malformed("page_size cannot be negative")
    return min(asked or USUAL, MOST)


class PageTokens:
    """Encrypts where a page ended, together with whose question it was and which."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._fernet: Fernet | None = None

    async def seal(self, question: tuple[str | None, ...], after: Any, *, now: datetime) -> str:
        fernet = await self._opened()
        return fernet.encrypt_at_time(orjson.dumps([question, after]), int(now.timestamp())).decode()

    async def open(
        self, token: str, question: tuple[str | None, ...], *, now: datetime, lifetime: timedelta = LIFETIME
    ) -> Any:
        """Where the page before ended. Raises `Malformed` for a token of another caller or question, or too old."""
        fernet = await self._opened()
        try:
            sealed = fernet.decrypt_at_time(token, int(lifetime.total_seconds()), int(now.timestamp()))
        except (InvalidToken, ValueError):  # ValueError: not ASCII
            raise Malformed("this page token is not valid or has expired; begin at the first page") from None
        asked, after = orjson.loads(sealed)
        if asked != list(question):
            raise Malformed("this page token belongs to another question; keep the parameters of the first page")
        return after

    async def _opened(self) -> Fernet:
        if self._fernet is None:
            self._fernet = Fernet(await self._secrets.get_or_create("page-token", Fernet.generate_key))
        return self._fernet

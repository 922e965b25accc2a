"""Page tokens: opaque, bound to the caller and to what was asked, and without any authority of their own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import orjson
from cryptography.fernet import Fernet, InvalidToken

from gateway.context import Call
from gateway.refusals import Malformed
from gateway.store.secrets import Secrets

USUAL, MOST = 50, 200
LIFETIME = timedelta(days=3)

Row_co = TypeVar("Row_co", covariant=True)
Row = TypeVar("Row")


class Rows(Protocol[Row_co]):
    """What is asked for, in its order: at most *limit* of it, behind *after* or from the beginning."""

    async def __call__(self, *, after: Any, limit: int) -> Sequence[Row_co]: ...


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

    async def page(
        self, call: Call, question: tuple[str | None, ...], rows: Rows[Row], *, end: Callable[[Row], Any]
    ) -> tuple[Sequence[Row], str]:
        """The page that is asked for, and the token of the one behind its *end*: empty when there is none."""
        size, token = page_size(call.query), call.query.get("page_token")
        after = await self.open(token, question, now=call.now) if token else None
        found = await rows(after=after, limit=size + 1)
        shown = found[:size]
        return shown, await self.seal(question, end(shown[-1]), now=call.now) if len(found) > size else ""

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

"""The door of whoever ordered, as a partner finds it: a token by client credentials, then requests under it."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2
import orjson

from adapters.sandbox.answers import Json, Refusal, text
from adapters.sandbox.callbacks import authorities
from adapters.sandbox.ledger import Ledger

TIMEOUT = 5.0
EARLY = 30.0  # seconds before its end a token is not used any more
LATER = frozenset({401, 408, 425, 429})  # not now, or not with this token


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said at the door; nothing, when `status` is None."""

    status: int | None
    content: bytes = b""

    @property
    def body(self) -> Json:
        try:
            read = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            read = None
        return read if isinstance(read, dict) else {}

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Would asking again hear the same?"""
        if self.status is None or self.status >= 500 or self.status in LATER:
            return False
        return self.body.get("retryable") is not True


class PartnerDoor:
    """Asks under the account that it was given last, which outlives a restart. Its secret is for the token alone."""

    def __init__(self, ledger: Ledger, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._ledger = ledger
        self._client = httpx2.AsyncClient(verify=authorities(), trust_env=False, timeout=TIMEOUT, transport=transport)
        self._token: tuple[str, float] | None = None  # and until when it is used

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    @property
    def account(self) -> Json | None:
        written = self._ledger.value("SELECT value FROM settings WHERE name = 'supplier_account'")
        account: Json | None = orjson.loads(written) if written else None
        return account

    def give(self, written: Json) -> Json:
        """An account from now on; answers what of it may be told."""
        account = {name: text(written, name) for name in ("base_url", "client_id", "client_secret")}
        if not account["base_url"].startswith(("http://", "https://")):
            raise Refusal(422, "malformed", "'base_url' must begin with http:// or https://")
        account["base_url"] = account["base_url"].rstrip("/")
        kept = orjson.dumps(account).decode()
        self._ledger.run("INSERT OR REPLACE INTO settings (name, value) VALUES ('supplier_account', ?)", kept)
        self._token = None
        return {name: account[name] for name in ("base_url", "client_id")}

    async def ask(self, method: str, path: str, *, body: bytes | None = None, key: str | None = None) -> Heard:
        account = self.account
        if account is None:
            return Heard(None)
        try:
            return await self._ask(account, method, path, body=body, key=key)
        except Exception:  # whatever went wrong on the way, nothing was heard
            return Heard(None)

    async def _ask(self, account: Json, method: str, path: str, *, body: bytes | None, key: str | None) -> Heard:
        token = await self._bearer(account)
        if isinstance(token, Heard):
            return token
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        more = {"idempotency-key": key} if key else {}
        url = account["base_url"] + path
        answer = await self._client.request(method, url, content=body, headers={**headers, **more})
        if answer.status_code == 401:
            self._token = None
        return Heard(answer.status_code, answer.content)

    async def _bearer(self, account: Json) -> str | Heard:
        """The token; what was said instead of one, without what may be secret in it."""
        if self._token is not None and self._ledger.now() < self._token[1]:
            return self._token[0]
        who = (account["client_id"], account["client_secret"])
        form = {"grant_type": "client_credentials"}
        answer = await self._client.post(f"{account['base_url']}/oauth/token", data=form, auth=who)
        if answer.status_code != 200:
            return Heard(401)
        told = answer.json()
        self._token = (str(told["access_token"]), self._ledger.now() + float(told["expires_in"]) - EARLY)
        return self._token[0]

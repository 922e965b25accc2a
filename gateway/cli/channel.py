"""A channel's side of the conversation: an HTTP client that repeats until it is answered, always under the same key."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID, uuid5

import httpx2
import orjson
import stamina
from stamina.instrumentation import set_on_retry_hooks

from gateway.errors import Misconfigured, Unavailable

NAMESPACE = UUID("5f1c3c0e-8a55-5f0b-9a7e-6f6d6e696761")  # of the keys below; never to be changed
TIMEOUT = httpx2.Timeout(35.0, connect=2.0)  # the edge answers within its own 30 s
RENEW_BEFORE = 60.0  # seconds before a token ends
PAGE = 200
TRY_AGAIN = frozenset({408, 429, 502, 503, 504})

Json = dict[str, Any]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Ack:
    """The edge's word that it has an order: what a reconciliation starts from."""

    channel_order_id: str
    order_id: str
    status: int
    digest: str  # SHA-256 of the answer's bytes
    replayed: bool
    at: datetime
    seconds: float  # of the call that was answered


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final no."""

    subject: str
    status: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: httpx2.Headers
    content: bytes
    seconds: float

    def json(self) -> Json:
        try:
            read = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            read = None
        return read if isinstance(read, dict) else {}


class _NotNow(Exception):
    """An answer that asks to come again later."""

    def __init__(self, reply: _Reply) -> None:
        super().__init__(f"{reply.status} {reply.json().get('code', '')}".strip())
        wait = reply.headers.get("retry-after", "")
        self.wait = float(wait) if wait.isascii() and wait.isdigit() else None


def order_key(channel: str, channel_order_id: str) -> str:
    """The key under which a channel places an order: the same in every run, so that a second run changes nothing."""
    return str(uuid5(NAMESPACE, f"place/{channel}/{channel_order_id}"))


def cancel_key(order_id: str) -> str:
    return str(uuid5(NAMESPACE, f"cancel/{order_id}"))


class Channel:
    """A partner at the edge: renews its tokens, obeys `Retry-After`, has at most *concurrency* calls under way."""

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        client_secret: str,
        concurrency: int = 8,
        patience: float = 60.0,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self._credentials = httpx2.BasicAuth(client_id, client_secret)
        self._patience = patience
        self._turns = asyncio.Semaphore(concurrency)
        self._renewing = asyncio.Lock()
        self._token, self._good_until = "", 0.0
        limits = httpx2.Limits(max_connections=concurrency + 1, max_keepalive_connections=concurrency + 1)
        self._http = httpx2.AsyncClient(
            base_url=url, timeout=TIMEOUT, limits=limits, trust_env=False, transport=transport
        )

    async def __aenter__(self) -> Self:
        set_on_retry_hooks(())  # being told to wait is no news to a person watching a progress bar
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def place(self, body: Json) -> Ack | Refusal:
        """Place an order. Raises `Unavailable` when no answer was to be had: whether it was placed is not known."""
        name = body["channel_order_id"]
        key = order_key(body["channel"]["channel_id"], name)
        reply = await self._asked("POST", "/v1/orders", key=key, content=orjson.dumps(body))
        if reply.status != 202:
            return _refusal(name, reply)
        return Ack(
            channel_order_id=name,
            order_id=reply.json()["order_id"],
            status=reply.status,
            digest=hashlib.sha256(reply.content).hexdigest(),
            replayed=reply.headers.get("idempotent-replayed") == "true",
            at=datetime.now(UTC),
            seconds=reply.seconds,
        )

    async def cancel(self, order_id: str, reason: str) -> Refusal | None:
        """Ask to cancel; None when the edge has taken the request up."""
        content = orjson.dumps({"reason": reason})
        reply = await self._asked("POST", f"/v1/orders/{order_id}/cancel", key=cancel_key(order_id), content=content)
        return None if reply.status == 202 else _refusal(order_id, reply)

    async def post(self, path: str, body: Json, *, key: str = "") -> Json | Refusal:
        """Whatever else can be asked for; under the same *key* it is done once."""
        reply = await self._asked("POST", path, key=key, content=orjson.dumps(body))
        return reply.json() if reply.status in (200, 201) else _refusal(path, reply)

    async def read(self, path: str, **asked: str) -> Json:
        return self._read(await self._asked("GET", path, parameters=asked))

    async def order(self, order_id: str) -> Json:
        return await self.read(f"/v1/orders/{order_id}")

    async def orders(self) -> AsyncIterator[Json]:
        """This channel's orders, newest first, without their lines."""
        page = ""
        while True:
            parameters = {"page_size": str(PAGE)} | ({"page_token": page} if page else {})
            read = self._read(await self._asked("GET", "/v1/orders", parameters=parameters))
            for order in read["orders"]:
                yield order
            if not (page := read["next_page_token"]):
                return

    async def token(self, *, patience: float | None = None) -> str:
        """A token that is good for a while."""
        return await self._repeated(self._current_token, patience or self._patience)

    async def _current_token(self) -> str:
        async with self._renewing:
            if time.monotonic() > self._good_until - RENEW_BEFORE:
                await self._renew()
        return self._token

    async def _renew(self) -> None:
        form = {"grant_type": "client_credentials"}
        reply = await self._sent("POST", "/oauth/token", data=form, auth=self._credentials)
        if reply.status != 200:
            why = reply.json().get("error") or reply.json().get("code") or reply.status
            raise Misconfigured(f"{self.url} gives no token for that client id and secret: {why}")
        answer = reply.json()
        self._token, self._good_until = answer["access_token"], time.monotonic() + answer["expires_in"]

    async def _asked(
        self, method: str, path: str, *, key: str = "", content: bytes | None = None, parameters: Json | None = None
    ) -> _Reply:
        headers = {"content-type": "application/json"} if content is not None else {}
        headers |= {"idempotency-key": f'"{key}"'} if key else {}
        async with self._turns:
            return await self._repeated(
                lambda: self._authorised(method, path, headers=headers, content=content, params=parameters),
                self._patience,
            )

    async def _repeated(self, call: Callable[[], Awaitable[Answer]], patience: float) -> Answer:
        """The first answer that is final; until then the same call again and again, for as long as patience lasts."""
        try:
            async for attempt in stamina.retry_context(on=_pause, attempts=None, timeout=patience):
                with attempt:
                    return await call()
        except (httpx2.TransportError, _NotNow) as error:
            why = str(error) or type(error).__name__
            raise Unavailable(f"{self.url} gave no answer within {patience:.0f} s: {why}") from error
        raise AssertionError("stamina returns or raises")

    async def _authorised(self, method: str, path: str, *, headers: dict[str, str], **sent: Any) -> _Reply:
        for _ in range(2):  # a token may end early: when its partner is given another key
            token = await self._current_token()
            reply = await self._sent(method, path, headers={**headers, "authorization": f"Bearer {token}"}, **sent)
            if reply.status != 401:
                break
            if token == self._token:
                self._good_until = 0.0
        return reply

    async def _sent(self, method: str, path: str, **sent: Any) -> _Reply:
        begun = time.perf_counter()
        answer = await self._http.request(method, path, **sent)
        reply = _Reply(answer.status_code, answer.headers, answer.content, time.perf_counter() - begun)
        if reply.status in TRY_AGAIN or (reply.status >= 400 and reply.json().get("retryable") is True):
            raise _NotNow(reply)
        return reply

    def _read(self, reply: _Reply) -> Json:
        if reply.status == 200:
            return reply.json()
        refusal = _refusal("", reply)
        raise Unavailable(f"{self.url} answered {refusal.status} {refusal.code}: {refusal.detail}")


def _pause(error: Exception) -> bool | float:
    """Whether to come again, and when, if we were told."""
    if isinstance(error, _NotNow):
        return True if error.wait is None else error.wait
    return isinstance(error, httpx2.TransportError)


def _refusal(subject: str, reply: _Reply) -> Refusal:
    problem = reply.json()
    detail = str(problem.get("detail", ""))
    faults = "; ".join(f"{fault.get('pointer')}: {fault.get('detail')}" for fault in problem.get("errors", [])[:3])
    return Refusal(subject, reply.status, str(problem.get("code", "no_problem_document")), faults or detail)

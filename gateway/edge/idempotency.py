"""A key is a promise: the same key and request get the same answer, another request under that key is refused."""

import hashlib
import re
from functools import partial
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import Call, GivenBefore, IdempotencyKey, call_of
from gateway.edge.fields import Headers
from gateway.governance.json import canonical
from gateway.refusals import IdempotencyKeyMalformed, IdempotencyKeyMissing
from gateway.store.gathered import Gathered
from gateway.store.idempotency import look_up
from gateway.store.pool import Database

_KEY = re.compile(rb'[ \t]*(?:"([A-Za-z0-9._:-]{16,255})"|([A-Za-z0-9._:-]{16,255}))[ \t]*')


class Idempotency:
    """Leaves key and fingerprint for the transaction that accepts, and what the same request was answered before: the
    route gives it again, after the checks of its own."""

    def __init__(self, app: ASGIApp, *, database: Database) -> None:
        self.app = app
        self.records = Gathered(partial(look_up, database))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        assert call.operation is not None, "the operation stage has run"
        if not call.operation.idempotency:
            await self.app(scope, receive, send)
            return

        key = key_of(scope["headers"])
        call.canonical = canonical(call.body) if call.body is not None else b""
        fingerprint = fingerprint_of(scope, call.canonical)
        record = await self.records.get((_account(call), key))
        call.idempotency = IdempotencyKey(key, fingerprint)
        if record is not None and record.expires_at > call.now:
            call.given_before = GivenBefore(record.replay(fingerprint), record.created_at)
            call.effect = "applied"
        await self.app(scope, receive, send)


def key_of(headers: Headers) -> str:
    """As the caller named it, quoted (an sf-string) or bare: both name the same key."""
    values = [value for name, value in headers if name == b"idempotency-key"]
    if not values:
        raise IdempotencyKeyMissing("this operation needs an Idempotency-Key")
    found = _KEY.fullmatch(values[0])
    if len(values) > 1 or found is None:
        raise IdempotencyKeyMalformed("Idempotency-Key must be sent once, 16 to 255 of A-Z a-z 0-9 . _ : -")
    return (found[1] or found[2]).decode()


def fingerprint_of(scope: Scope, body: bytes) -> bytes:
    """SHA-256 over method, target and body; the order of query parameters does not matter."""
    query = scope["query_string"].decode("latin-1")
    pairs = sorted(parse_qsl(query, keep_blank_values=True)) if query else ()
    target = "\n".join((scope["method"], scope["path"], *(f"{name}={value!r}" for name, value in pairs)))
    return hashlib.sha256(target.encode() + b"\0" + body).digest()


def _account(call: Call) -> str:
    assert call.caller.account is not None, "only partners and operators name keys"
    return call.caller.account

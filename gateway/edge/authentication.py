"""Who is it? A partner or an operator by its token, a system by its signature; the token route asks for itself."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.context import Call, call_of
from gateway.domain.access import Deny
from gateway.domain.principal import Principal
from gateway.edge.fields import Headers, single
from gateway.edge.remembered import Remembered
from gateway.edge.signature import secret_name, verify, verify_foreign
from gateway.governance.decisions import standing
from gateway.partners.compact import take_apart
from gateway.partners.registry import operator_of, principal_of
from gateway.partners.tokens import Claims, Tokens
from gateway.refusals import InvalidToken, Unauthenticated
from gateway.store import clients
from gateway.store.clients import Client
from gateway.store.operators import Operator
from gateway.store.partners import Partner
from gateway.store.pool import Database
from gateway.store.secrets import Secrets
from gateway.told import Callbacks

FRESH = 5.0  # seconds: a suspended partner is out by then
_CAPACITY = 8192


@dataclass(frozen=True, slots=True)
class Credentials:
    """What authentication asks: the database for partners, operators and callback secrets, our keys for tokens."""

    database: Database
    secrets: Secrets
    tokens: Tokens
    foreign: Mapping[str, Callbacks] = field(default_factory=dict)  # systems that sign in a manner of their own


class Authentication:
    """Leaves the principal in the call, or refuses."""

    def __init__(self, app: ASGIApp, *, credentials: Credentials) -> None:
        async def standing(client_id: str) -> Client | None:
            return await clients.by_client_id(credentials.database, client_id)

        self.app = app
        self.tokens = ReadTokens(credentials.tokens)
        self.standing = Remembered(standing, seconds=FRESH)
        self.foreign = credentials.foreign
        self.callback_secrets = Remembered(credentials.secrets.get, seconds=FRESH)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        call = call_of(scope)
        assert call.operation is not None, "the operation stage has run"
        authorization = single(scope["headers"], b"authorization")
        if call.operation.authentication == "bearer":
            call.principal = await self._bearer(authorization, call)
        elif call.operation.authentication == "signature":
            call.principal = await self._system(scope["headers"], call)
        await self.app(scope, receive, send)

    async def _bearer(self, authorization: str | None, call: Call) -> Principal:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("a bearer token is needed")
        claims = await self.tokens.read(token, now=call.now)
        call.claimed = claims.client_id
        client = await self.standing.get(claims.client_id, now=call.now)
        decision = standing(client.holder.status if client else None)
        if isinstance(decision, Deny):
            raise InvalidToken(decision.reason)
        assert client is not None, "who is not registered has no standing"
        return _principal(client, claims)

    async def _system(self, headers: Headers, call: Call) -> Principal:
        assert call.read_body is not None, "the limits stage has run"
        assert call.operation is not None, "the operation stage has run"
        system = call.path_parameters.get("system") or call.operation.path.rpartition("/")[2]
        name = secret_name(system)
        call.claimed = system
        secrets = await self.callback_secrets.get(name, now=call.now)
        if (manner := self.foreign.get(system)) is not None:
            verify_foreign(manner, headers, await call.read_body(), secrets=secrets, now=call.now)
        else:
            verify(headers, await call.read_body(), secrets=secrets, now=call.now)
        return Principal("system", system)


def _principal(client: Client, claims: Claims) -> Principal:
    """An operator's token is good for that operator only, a partner's for no operator."""
    holder, roles = client.holder, claims.roles
    if isinstance(holder, Operator) and roles is not None and claims.subject == holder.operator_id:
        return operator_of(holder, roles)
    if isinstance(holder, Partner) and roles is None:
        return principal_of(holder, claims.scopes)
    raise InvalidToken("the token's subject is not its client's")


class ReadTokens:
    """Tokens already verified, known by their hash until they expire; bounded."""

    def __init__(self, tokens: Tokens, *, capacity: int = _CAPACITY) -> None:
        self._tokens = tokens
        self._capacity = capacity
        self._known: OrderedDict[bytes, Claims] = OrderedDict()

    async def read(self, token: str, *, now: datetime) -> Claims:
        keys = self._tokens.keys
        await keys.refresh()
        name = hashlib.sha256(token.encode("latin-1")).digest()
        claims = self._known.get(name)
        if claims is None:
            await keys.refresh(take_apart(token).kid)
            claims = self._known[name] = self._tokens.read(token, now=now)
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        elif claims.expires <= now.timestamp():
            del self._known[name]
            raise InvalidToken("the token has expired")
        elif keys.by_id(claims.kid) is None:
            del self._known[name]
            raise InvalidToken("the token is signed with a key that is no longer good")
        else:
            self._known.move_to_end(name)
        return claims

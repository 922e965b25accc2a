"""How a partner gets a token, and how anybody checks one: token endpoint, public keys, server metadata (RFC 8414)."""

import orjson
from fastapi import APIRouter, Request, Response
from slowapi import Limiter
from slowapi.util import get_remote_address

from gateway.context import call_of
from gateway.partners import SCOPES
from gateway.partners.key_ring import CACHED
from gateway.partners.keys import SigningKeys
from gateway.partners.token_endpoint import GRANT, METHOD, answer, claimed_client
from gateway.partners.tokens import Tokens
from gateway.store import clients
from gateway.store.clients import Client
from gateway.store.pool import Database


def token_routes(database: Database, *, tokens: Tokens, per_address: str) -> APIRouter:
    """*per_address*: how often one address may ask for a token, like `10 per 60 second`."""
    router = APIRouter(tags=["platform"])
    limiter = Limiter(get_remote_address, key_style="endpoint")
    limiter.enabled = True  # whatever the environment says

    @router.post("/oauth/token")
    @limiter.limit(per_address)
    async def issue_token(request: Request) -> Response:
        """A token for fifteen minutes, against client id and secret."""
        form = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
        headers = {"Authorization": request.headers.get("authorization", "")}
        client_id = claimed_client(headers)
        await tokens.keys.refresh()
        client = await clients.by_client_id(database, client_id) if client_id else None
        call = call_of(request.scope)
        call.claimed = client.holder.client_id if client else None
        status, body, fields = answer(form, headers, client=client, tokens=tokens, now=call.now)
        call.refusal = _why(body.get("error"), client)
        return Response(orjson.dumps(body), status, headers=dict(fields))

    return router


def key_routes(keys: SigningKeys, *, public: str) -> APIRouter:
    router = APIRouter(tags=["platform"])

    @router.get("/.well-known/jwks.json")
    async def list_signing_keys() -> Response:
        """The public keys of access tokens."""
        await keys.refresh()
        return _cached(keys.public())

    @router.get("/.well-known/oauth-authorization-server")
    async def describe_authorization_server() -> Response:
        """Where and how tokens are issued."""
        return _cached(
            {
                "issuer": public,
                "token_endpoint": f"{public}/oauth/token",
                "jwks_uri": f"{public}/.well-known/jwks.json",
                "scopes_supported": sorted(SCOPES),
                "response_types_supported": [],
                "grant_types_supported": [GRANT],
                "token_endpoint_auth_methods_supported": [METHOD],
            }
        )

    return router


def _why(error: str | None, client: Client | None) -> str | None:
    """For the log: the caller is told the same whatever was wrong with its credentials."""
    if error != "invalid_client":
        return error
    if client is None:
        return "there is no such client"
    return "the secret is wrong" if client.holder.status == "active" else "the client is suspended"


def _cached(value: object) -> Response:
    return Response(
        orjson.dumps(value), media_type="application/json", headers={"cache-control": f"public, max-age={CACHED}"}
    )

"""Authlib's client_credentials grant, for one request: the client was loaded before, since Authlib does not wait."""

from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc6750 import BearerTokenGenerator

from gateway.partners.key_ring import LIFETIME
from gateway.partners.registry import is_secret_of
from gateway.partners.tokens import Tokens
from gateway.store.clients import Client
from gateway.store.operators import Operator

GRANT = "client_credentials"
METHOD = "client_secret_basic"

_ENDPOINT = "https://localhost/oauth/token"  # Authlib wants to see https; TLS ends in front of us

OAuthAnswer = tuple[int, dict[str, Any], list[tuple[str, str]]]


def claimed_client(headers: dict[str, str]) -> str | None:
    """Who the caller says it is; nothing is proven yet."""
    try:
        client_id: str | None = extract_basic_authorization(headers)[0]
    except ValueError:  # not UTF-8
        return None
    return client_id


def answer(
    form: list[tuple[str, str]], headers: dict[str, str], *, client: Client | None, tokens: Tokens, now: datetime
) -> OAuthAnswer:
    """Status, body and headers, as RFC 6749 5.1 and 5.2 write them."""
    payload = dict(form)
    if len(payload) != len(form) or "grant_type" not in payload:
        return _refusal(InvalidRequestError("grant_type is needed, and no parameter may be repeated"))
    if client is None or client.holder.status != "active" or claimed_client(headers) is None:
        # The same words for whoever is unknown, suspended, or has the wrong secret.
        return _refusal(InvalidClientError("client authentication failed", status_code=401))
    request = OAuth2Request("POST", _ENDPOINT, headers=headers)
    request.payload = BasicOAuth2Payload(payload)
    answered: OAuthAnswer = _Server(client, tokens, now).create_token_response(request)
    return answered


def _refusal(error: OAuth2Error) -> OAuthAnswer:
    refused: OAuthAnswer = error()
    return refused


class _Registered(ClientMixin):  # type: ignore[misc]
    """A partner or an operator, in Authlib's words."""

    def __init__(self, client: Client, now: datetime) -> None:
        self.client = client
        self.now = now

    def get_client_id(self) -> str:
        return self.client.holder.client_id

    def check_client_secret(self, client_secret: str) -> bool:
        return is_secret_of(self.client, client_secret, now=self.now)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What was asked for and is granted; nothing of it is `invalid_scope`. Operators hold roles, no scopes."""
        if isinstance(self.client.holder, Operator):
            return None if scope else ""
        granted = self.client.holder.scopes
        allowed = granted if scope is None else granted & frozenset(scope.split())
        return " ".join(sorted(allowed)) or None


class _Server(AuthorizationServer):  # type: ignore[misc]
    """The authorization server, as long as one request lasts."""

    def __init__(self, client: Client, tokens: Tokens, now: datetime) -> None:
        super().__init__()
        self._client = client
        self._now = now

        def access_token(client: _Registered, grant_type: str, user: object, scope: str) -> str:
            holder = client.client.holder
            if isinstance(holder, Operator):
                return tokens.issue_to_operator(holder.client_id, holder.operator_id, holder.roles, now=now)
            return tokens.issue(client.get_client_id(), frozenset(scope.split()), now=now)

        self.register_grant(ClientCredentialsGrant)
        self.register_token_generator("default", BearerTokenGenerator(access_token, expires_generator=_lifetime))

    def query_client(self, client_id: str) -> _Registered | None:
        return _Registered(self._client, self._now) if client_id == self._client.holder.client_id else None

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> OAuthAnswer:
        if status == 401:
            return _refusal(InvalidClientError("client authentication failed", status_code=401))
        if body.get("error") == "unsupported_grant_type":  # Authlib repeats what was sent
            body = {**body, "error_description": f"grant_type must be {GRANT}"}
        return status, body, headers

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing to keep: the token says everything itself."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _lifetime(client: _Registered, grant_type: str) -> int:
    return LIFETIME

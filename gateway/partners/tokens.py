"""Access tokens: RFC 9068 JWTs signed with ES256, written and read here. Reading never asks the network."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from gateway.domain.identifiers import Mint
from gateway.partners.compact import strict_object, take_apart
from gateway.partners.key_ring import DRIFT, LIFETIME
from gateway.partners.keys import ALGORITHM, SigningKeys
from gateway.refusals import InvalidToken


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says: whose it is, what it may do, until when."""

    client_id: str
    subject: str  # the client itself, or its operator
    scopes: frozenset[str]
    roles: frozenset[str] | None  # None: a partner's token
    expires: int
    kid: str  # of the key that signed it


class Tokens:
    """Issues tokens and reads them back; issuer and audience are our public address."""

    def __init__(self, keys: SigningKeys, *, address: str, mint: Mint) -> None:
        self.keys = keys
        self._address = address
        self._mint = mint

    def issue(self, client_id: str, scopes: frozenset[str], *, now: datetime) -> str:
        return self._signed({"sub": client_id, "client_id": client_id, "scope": " ".join(sorted(scopes))}, now)

    def issue_to_operator(self, client_id: str, operator_id: str, roles: frozenset[str], *, now: datetime) -> str:
        who = {"sub": operator_id, "client_id": client_id}
        return self._signed({**who, "scope": "", "roles": sorted(roles)}, now)

    def _signed(self, who: dict[str, Any], now: datetime) -> str:
        moment = int(now.timestamp())
        claims = {
            "iss": self._address,
            "aud": self._address,
            "iat": moment,
            "exp": moment + LIFETIME,
            "jti": self._mint("tok"),
            **who,
        }
        key = self.keys.current
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.thumbprint()}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def read(self, token: str, *, now: datetime) -> Claims:
        """Raises `InvalidToken`, never saying more than which check failed."""
        parts = take_apart(token)
        if parts.algorithm != ALGORITHM:
            raise InvalidToken("the token is signed with another algorithm than its key's")
        key = self.keys.by_id(parts.kid)
        if key is None:
            raise InvalidToken("the token is signed with an unknown key")
        try:
            signed = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            raise InvalidToken("the token's signature is not valid") from None
        claims = strict_object(signed.payload)
        moment = int(now.timestamp())
        self._check(claims, moment)
        roles = frozenset(claims["roles"]) if "roles" in claims else None
        scopes = frozenset(claims["scope"].split())
        return Claims(claims["client_id"], claims["sub"], scopes, roles, claims["exp"], parts.kid)

    def _check(self, claims: dict[str, Any], now: int) -> None:
        for name, is_well_formed in _SHAPES.items():
            if not is_well_formed(claims.get(name, _WITHOUT.get(name))):
                raise InvalidToken(f"the token's claim '{name}' is absent or malformed")
        registry = JWTClaimsRegistry(now=now, leeway=0, iss={"value": self._address}, aud={"value": self._address})
        try:
            registry.validate({name: claims[name] for name in ("iss", "aud", "exp") if name in claims})
        except JoseError as error:
            raise InvalidToken(
                "the token has expired" if "expired" in error.error else "the token is not for us"
            ) from None
        if claims["exp"] <= now:
            raise InvalidToken("the token has expired")
        if claims["iat"] > now + DRIFT or claims.get("nbf", 0) > now + DRIFT:
            raise InvalidToken("the token is not valid yet")
        if claims["exp"] - claims["iat"] > LIFETIME:
            raise InvalidToken("the token lives longer than any that we issue")
        subject = claims["sub"] if "roles" in claims else claims["client_id"]  # an operator is somebody behind a client
        if claims["sub"] != subject or claims.get("azp", claims["client_id"]) != claims["client_id"]:
            raise InvalidToken("the token's subject or authorised party is not its client")
        if "cnf" in claims:
            raise InvalidToken("the token is bound to a key, and was sent as if it were not")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 256 and value.isprintable()


def _is_moment(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


_SHAPES: dict[str, Callable[[object], bool]] = {
    "iss": _is_text,
    "aud": lambda value: _is_text(value) or (isinstance(value, list) and all(map(_is_text, value))),
    "sub": _is_text,
    "client_id": _is_text,
    "jti": _is_text,
    "iat": _is_moment,
    "exp": _is_moment,
    "nbf": _is_moment,
    "scope": lambda value: isinstance(value, str),
    "roles": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
_WITHOUT: dict[str, object] = {"nbf": 0, "roles": []}  # what it means when a claim is absent

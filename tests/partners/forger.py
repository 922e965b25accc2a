"""Writes tokens by hand, so that nothing stops it from writing bad ones; each good but for what is asked."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk, jws

from gateway.partners.keys import SigningKeys
from gateway.partners.tokens import LIFETIME

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
STRANGER = jwk.ECKey.generate_key("P-256", private=True)
ABSENT: Any = ...


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def shown(value: object) -> str:
    """A name for a case: what is odd about it, not too long."""
    text = json.dumps(value) if value is not ABSENT else "absent"
    return text if len(text) <= 48 else f"{text[:40]}… ({len(text)})"


class Forger:
    """Knows the key, as no attacker does: so each token fails for the one thing that is wrong with it."""

    def __init__(self, keys: SigningKeys, *, address: str, client_id: str, second: int) -> None:
        self.keys, self.address, self.client_id, self.second = keys, address, client_id, second
        self.kid = keys.current.thumbprint()

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": "ES256", "typ": "at+jwt", "kid": self.kid}

    @property
    def claims(self) -> dict[str, Any]:
        return {
            **{"iss": self.address, "aud": self.address, "sub": self.client_id, "client_id": self.client_id},
            **{"iat": self.second, "exp": self.second + LIFETIME, "jti": "tok_1", "scope": "orders:read"},
        }

    def written(self, header: str, claims: str, *, key: jwk.ECKey | None = None) -> str:
        """A token of exactly these texts, signed as ES256 is."""
        return self.sealed(
            b64(header.encode("utf-8", "surrogatepass")), b64(claims.encode("utf-8", "surrogatepass")), key
        )

    def sealed(self, first: str, second: str, key: jwk.ECKey | None = None) -> str:
        signature = jws.JWSRegistry.algorithms["ES256"].sign(f"{first}.{second}".encode(), key or self.keys.current)
        return f"{first}.{second}.{b64(signature)}"

    def with_header(self, key: jwk.ECKey | None = None, **fields: Any) -> str:
        return self.written(_changed(self.header, fields), json.dumps(self.claims), key=key)

    def with_claims(self, **fields: Any) -> str:
        return self.written(json.dumps(self.header), _changed(self.claims, fields))

    def with_hmac(self, algorithm: str, secret: bytes) -> str:
        text = f"{b64(_changed(self.header, {'alg': algorithm}).encode())}.{b64(json.dumps(self.claims).encode())}"
        return f"{text}.{b64(hmac.digest(secret, text.encode(), 'sha' + algorithm[2:]))}"

    def with_signature(self, signature: bytes) -> str:
        return f"{self.unsigned()}.{b64(signature)}"

    def good(self) -> str:
        return self.with_claims()

    def unsigned(self) -> str:
        return self.good().rpartition(".")[0]

    def signature(self, text: str | None = None, key: Any = None) -> bytes:
        signed: bytes = jws.JWSRegistry.algorithms["ES256"].sign(
            (text if text is not None else self.unsigned()).encode(), key or self.keys.current
        )
        return signed

    def public_key(self) -> Iterator[tuple[str, bytes]]:
        """The public key, in every form that somebody might take for a secret."""
        key = self.keys.current.public_key
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        document = self.keys.public()["keys"][0]
        yield "pem", pem
        yield "pem without its end", pem.strip()
        yield "der", key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield "point", key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        yield "compressed point", key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        yield "jwk", json.dumps(document).encode()
        yield "jwk in order", json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        yield "x", from_b64(document["x"])
        yield "kid", self.kid.encode()
        yield "nothing", b""


def _changed(members: dict[str, Any], fields: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in {**members, **fields}.items() if value is not ABSENT})

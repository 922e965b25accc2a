"""No token but ours is believed: a table of forgeries, each a step away from a good one."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk, jws

from gateway.domain.identifiers import mint
from gateway.partners.keys import SigningKeys
from gateway.partners.tokens import LIFETIME, Tokens
from gateway.refusals import InvalidToken

ADDRESS = "https://gateway.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
STRANGER = jwk.ECKey.generate_key("P-256", private=True)


class Drawer:
    """Keeps secrets as the database does, for a key that is made once for this file."""

    async def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        return make()


@pytest.fixture(scope="module")
def keys() -> SigningKeys:
    made = SigningKeys(Drawer())  # type: ignore[arg-type]
    asyncio.run(made.load())
    return made


@pytest.fixture
def tokens(keys: SigningKeys) -> Tokens:
    return Tokens(keys, address=ADDRESS, mint=mint)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Forger:
    """Writes tokens by hand, so that nothing stops it from writing bad ones."""

    def __init__(self, keys: SigningKeys) -> None:
        self.keys = keys
        self.header: dict[str, Any] = {"alg": "ES256", "typ": "at+jwt", "kid": keys.current.thumbprint()}
        self.claims: dict[str, Any] = {
            **{"iss": ADDRESS, "aud": ADDRESS, "sub": "client_1", "client_id": "client_1"},
            **{"iat": SECOND, "exp": SECOND + LIFETIME, "jti": "tok_1", "scope": "orders:read"},
        }

    def signed(self, *, key: jwk.ECKey | None = None, header: str | None = None, claims: str | None = None) -> str:
        first = b64((header if header is not None else json.dumps(self.header)).encode())
        second = b64((claims if claims is not None else json.dumps(self.claims)).encode())
        algorithm = jws.JWSRegistry.algorithms["ES256"]
        signature = algorithm.sign(f"{first}.{second}".encode(), key or self.keys.current)
        return f"{first}.{second}.{b64(signature)}"

    def with_header(self, **fields: Any) -> str:
        self.header = {name: value for name, value in {**self.header, **fields}.items() if value is not ...}
        return self.signed()

    def with_claims(self, **fields: Any) -> str:
        self.claims = {name: value for name, value in {**self.claims, **fields}.items() if value is not ...}
        return self.signed()

    def with_other_claims(self, **fields: Any) -> str:
        """Claims put in after signing."""
        header, _, signature = self.signed().split(".")
        return f"{header}.{b64(json.dumps({**self.claims, **fields}).encode())}.{signature}"

    def with_hmac(self, secret: bytes) -> str:
        self.header["alg"] = "HS256"
        text = f"{b64(json.dumps(self.header).encode())}.{b64(json.dumps(self.claims).encode())}"
        return f"{text}.{b64(hmac.digest(secret, text.encode(), 'sha256'))}"

    def public(self, encoding: Encoding, form: PublicFormat) -> bytes:
        return self.keys.current.public_key.public_bytes(encoding, form)

    def with_spare_bits(self) -> str:
        """The last character of the signature holds four bits that mean nothing."""
        token = self.signed()
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


PEM, DER, SPKI = Encoding.PEM, Encoding.DER, PublicFormat.SubjectPublicKeyInfo
POINT = (Encoding.X962, PublicFormat.UncompressedPoint)
OTHER_CURVE = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(PEM, SPKI)
OTHER_KIND = rsa.generate_private_key(65537, 2048).public_key().public_bytes(PEM, SPKI)

ATTACKS: dict[str, Callable[[Forger], str]] = {
    "empty": lambda f: "",
    "one part": lambda f: "abc",
    "two parts": lambda f: f.signed().rpartition(".")[0],
    "four parts": lambda f: f.signed() + ".e30",
    "encrypted": lambda f: ".".join([b64(b'{"alg":"dir","enc":"A256GCM"}'), "", "AAAA", "AAAA", "AAAA"]),
    "too long": lambda f: f.with_claims(scope="x" * 9000),
    "padded": lambda f: f.signed() + "==",
    "standard alphabet": lambda f: f.signed().replace("-", "+").replace("_", "/") + "+",
    "spare bits": lambda f: f.with_spare_bits(),
    "blank inside": lambda f: f.signed().replace(".", " .", 1),
    "line break": lambda f: f.signed() + "\n",
    "not ascii": lambda f: f.signed() + "ä",
    "empty signature": lambda f: f.signed().rpartition(".")[0] + ".",
    "alg none": lambda f: f.with_header(alg="none"),
    "alg none, unsigned": lambda f: f.with_header(alg="none").rpartition(".")[0] + ".",
    "alg nOnE": lambda f: f.with_header(alg="nOnE"),
    "alg lower": lambda f: f.with_header(alg="es256"),
    "alg RS256": lambda f: f.with_header(alg="RS256"),
    "alg ES384": lambda f: f.with_header(alg="ES384"),
    "alg absent": lambda f: f.with_header(alg=...),
    "alg a list": lambda f: f.with_header(alg=["ES256"]),
    "hmac with pem": lambda f: f.with_hmac(f.public(PEM, SPKI)),
    "hmac with der": lambda f: f.with_hmac(f.public(DER, SPKI)),
    "hmac with point": lambda f: f.with_hmac(f.public(*POINT)),
    "hmac with jwk": lambda f: f.with_hmac(json.dumps(f.keys.public()["keys"][0]).encode()),
    "hmac with nothing": lambda f: f.with_hmac(b""),
    "stranger's key": lambda f: f.signed(key=STRANGER),
    "embedded key": lambda f: f.with_header(jwk=STRANGER.as_dict(private=False)),
    "jku": lambda f: f.with_header(jku="https://attacker.example/jwks.json"),
    "x5u": lambda f: f.with_header(x5u="https://attacker.example/cert"),
    "x5c": lambda f: f.with_header(x5c=[OTHER_CURVE.decode(), OTHER_KIND.decode()]),
    "crit empty": lambda f: f.with_header(crit=[]),
    "crit unknown": lambda f: f.with_header(crit=["exp"], exp=1),
    "b64 false": lambda f: f.with_header(b64=False, crit=["b64"]),
    "zip": lambda f: f.with_header(zip="DEF"),
    "typ JWT": lambda f: f.with_header(typ="JWT"),
    "typ absent": lambda f: f.with_header(typ=...),
    "typ logout": lambda f: f.with_header(typ="logout+jwt"),
    "kid absent": lambda f: f.with_header(kid=...),
    "kid null": lambda f: f.with_header(kid=None),
    "kid path": lambda f: f.with_header(kid="../../dev/null"),
    "kid sql": lambda f: f.with_header(kid="' or 1=1 --"),
    "kid empty": lambda f: f.with_header(kid=""),
    "header twice alg": lambda f: f.signed(header=json.dumps(f.header)[:-1] + ', "alg": "none"}'),
    "header not an object": lambda f: f.signed(header='["ES256"]'),
    "header not json": lambda f: f.signed(header="{"),
    "header deep": lambda f: f.signed(header="[" * 3000),
    "claims twice exp": lambda f: f.signed(claims=json.dumps(f.claims)[:-1] + f', "exp": {SECOND + 10**9}}}'),
    "claims NaN": lambda f: f.signed(claims=json.dumps(f.claims)[:-1] + ', "x": NaN}'),
    "claims a list": lambda f: f.signed(claims="[]"),
    "issuer": lambda f: f.with_claims(iss="https://attacker.example"),
    "issuer with slash": lambda f: f.with_claims(iss=ADDRESS + "/"),
    "issuer absent": lambda f: f.with_claims(iss=...),
    "issuer a list": lambda f: f.with_claims(iss=[ADDRESS]),
    "audience": lambda f: f.with_claims(aud="https://other.example"),
    "audience empty": lambda f: f.with_claims(aud=[]),
    "audience null": lambda f: f.with_claims(aud=None),
    "expired": lambda f: f.with_claims(exp=SECOND),
    "expiry text": lambda f: f.with_claims(exp=str(SECOND + 60)),
    "expiry float": lambda f: f.with_claims(exp=SECOND + 60.5),
    "expiry true": lambda f: f.with_claims(exp=True),
    "expiry absent": lambda f: f.with_claims(exp=...),
    "expiry endless": lambda f: f.with_claims(exp=10**400),
    "issued later": lambda f: f.with_claims(iat=SECOND + 3600),
    "not before": lambda f: f.with_claims(nbf=SECOND + 3600),
    "client absent": lambda f: f.with_claims(client_id=...),
    "client other": lambda f: f.with_claims(client_id="client_2"),
    "client a list": lambda f: f.with_claims(client_id=["client_1"], sub=["client_1"]),
    "jti absent": lambda f: f.with_claims(jti=...),
    "scope a list": lambda f: f.with_claims(scope=["orders:read"]),
    "claims swapped": lambda f: f.with_other_claims(scope="operations"),
    "signature zero": lambda f: f.signed().rpartition(".")[0] + "." + b64(bytes(64)),
    "signature in der": lambda f: f.signed().rpartition(".")[0] + "." + b64(b"\x30\x06\x02\x01\x01\x02\x01\x01"),
    "signature cut": lambda f: f.signed()[:-4],
    "signature of nothing": lambda f: f.signed().rpartition(".")[0] + "." + b64(hashlib.sha512(b"").digest()),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_token_is_refused(keys: SigningKeys, tokens: Tokens, attack: str) -> None:
    forged = ATTACKS[attack](Forger(keys))

    with pytest.raises(InvalidToken) as refused:
        tokens.read(forged, now=NOW)

    assert "client_1" not in refused.value.detail


def test_what_the_forger_starts_from_is_good(keys: SigningKeys, tokens: Tokens) -> None:
    forger = Forger(keys)

    claims = [tokens.read(good, now=NOW) for good in (forger.signed(), forger.with_claims(aud=["x", ADDRESS]))]

    assert {each.client_id for each in claims} == {"client_1"}


def test_a_token_is_good_for_its_lifetime_and_no_second_longer(tokens: Tokens) -> None:
    token = tokens.issue("client_1", frozenset({"orders:read", "orders:write"}), now=NOW)

    claims = tokens.read(token, now=NOW + timedelta(seconds=LIFETIME - 1))

    assert claims.scopes == {"orders:read", "orders:write"}
    with pytest.raises(InvalidToken, match="expired"):
        tokens.read(token, now=NOW + timedelta(seconds=LIFETIME))


def test_the_published_keys_hold_nothing_private(keys: SigningKeys) -> None:
    (key,) = keys.public()["keys"]

    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}

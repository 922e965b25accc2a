"""Forged headers: algorithms, keys to fetch or to trust, names of keys, and texts that can be read in two ways."""

import base64
import json
from collections.abc import Iterator

from tests.partners.forger import ABSENT, STRANGER, Forger, b64, shown

Forgeries = Iterator[tuple[str, str]]

ALGORITHMS = (
    *("none", "None", "NONE", "nOnE", "", " none", "none ", "none\0", "null", "es256", "Es256", "ES256 ", " ES256"),
    *("ES256\0", "ES256\n", "ES384", "ES512", "ES256K", "RS1", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("HS1", "HS256", "HS384", "HS512", "EdDSA", "Ed25519", "Ed448", "dir", "A256KW", "A256GCMKW", "RSA1_5"),
    *("RSA-OAEP", "ECDH-ES", "PBES2-HS256+A128KW", "ＥS256", "Е\u0405256", "ES256,none", "ES256 none"),
    *(None, 0, 1, True, [], ["ES256"], ["none", "ES256"], {}, {"ES256": 1}, ABSENT),
)
KIDS = (
    *("", " ", "0", "1", "null", "undefined", "../../../../dev/null", "/dev/null", "file:///dev/null", "..\\..\\nul"),
    *("' or 1=1 --", "'; drop table secret; --", '" or ""="', "' union select 'x' --", "$(id)", "`id`", "{{7*7}}"),
    *("%00", "\0", "token_signing_key", "*", "%", "_", "http://127.0.0.1/key", "x" * 256, "x" * 5000, "ключ"),
    *(None, 0, 1, -1, True, False, 1.5, [], {}, [["a"]], {"kid": "a"}, ABSENT),
)
TYPES = (
    *(
        "",
        "JWT",
        "jwt",
        "JOSE",
        "jose",
        "at",
        "at-jwt",
        "at+jwt ",
        " at+jwt",
        "at+jwt\0",
        "at+jwt;x=1",
        "at+jwtx",
        "xat+jwt",
    ),
    *("application/jwt", "application/at+jwt;x=1", "application/application/at+jwt", "text/at+jwt", "logout+jwt"),
    *(
        "dpop+jwt",
        "id+jwt",
        "secevent+jwt",
        "client-authentication+jwt",
        "аt+jwt",
        None,
        1,
        True,
        ["at+jwt"],
        {},
        ABSENT,
    ),
)


def algorithms(f: Forger) -> Forgeries:
    for algorithm in ALGORITHMS:
        token = f.with_header(alg=algorithm)
        yield f"alg {shown(algorithm)}", token
        yield f"alg {shown(algorithm)}, no signature", token.rpartition(".")[0] + "."
        yield f"alg {shown(algorithm)}, stranger's key", f.with_header(STRANGER, alg=algorithm)
    for algorithm in ("HS256", "HS384", "HS512"):
        for form, secret in f.public_key():
            yield f"{algorithm} with the public key as {form}", f.with_hmac(algorithm, secret)


def headers(f: Forger, canary: str) -> Forgeries:
    """What a header might ask a reader to fetch, to trust, to decode or to skip."""
    public = STRANGER.as_dict(private=False)
    certificate = base64.b64encode(b"0" * 300).decode()
    fields: list[tuple[str, object]] = [
        *(("jwk", key) for key in (public, f.keys.public()["keys"][0], {"kty": "oct", "k": ""}, {}, None, "x")),
        *((name, f"{canary}/{name}") for name in ("jku", "x5u", "url", "iss")),
        *((name, f"{scheme}:///etc/passwd") for name in ("jku", "x5u") for scheme in ("file", "gopher", "data")),
        *(("x5c", chain) for chain in ([certificate], [certificate] * 3, [], certificate, None)),
        *(("x5t", "AAAA"), ("x5t#S256", "AAAA"), ("cty", "JWT"), ("enc", "A256GCM"), ("zip", "DEF"), ("zip", "GZ")),
        *(("crit", names) for names in ([], ["exp"], ["b64"], ["alg"], ["x-unknown"], [""], [1], "b64", None, {})),
        *(("b64", value) for value in (False, True, None, "false")),
        *(("p2c", 2**31), ("p2s", "AAAA"), ("epk", public), ("apu", "AAAA"), ("apv", "AAAA"), ("nonce", "x")),
        *(("exp", 2**31), ("aud", f.address), ("ALG", "none"), ("Alg", "ES256"), ("alg ", "none"), ("__proto__", {})),
    ]
    for name, value in fields:
        yield f"{name} {shown(value)}", f.with_header(**{name: value})
        yield f"{name} {shown(value)}, stranger's key", f.with_header(STRANGER, **{name: value})
    yield "crit b64 false", f.with_header(crit=["b64"], b64=False)


def names(f: Forger) -> Forgeries:
    for kid in (*KIDS, f.kid.swapcase(), f.kid + " ", " " + f.kid, f.kid + "\0", f.kid[:-1], f.kid * 2, [f.kid]):
        yield f"kid {shown(kid)}", f.with_header(kid=kid)
        yield f"kid {shown(kid)}, stranger's key", f.with_header(STRANGER, kid=kid)
    yield "kid of the stranger", f.with_header(STRANGER, kid=STRANGER.thumbprint())
    yield "kid ours, key the stranger's", f.with_header(STRANGER)
    for kind in TYPES:
        yield f"typ {shown(kind)}", f.with_header(typ=kind)


def writings(f: Forger) -> Forgeries:
    """Texts that two readers could read differently, as header and as claims."""
    header, claims = json.dumps(f.header), json.dumps(f.claims)
    for name, value in f.header.items():
        for other in (value, "none", None):
            yield f"header {name} twice, {shown(other)}", f.written(_twice(header, name, other), claims)
        yield (
            f"header {name} twice, escaped",
            f.written(_twice(header, f"\\u{ord(name[0]):04x}{name[1:]}", "none"), claims),
        )
    for name, value in f.claims.items():
        for other in (value, 2**40, "x", None):
            yield f"claim {name} twice, {shown(other)}", f.written(header, _twice(claims, name, other))
        escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
        yield f"claim {name} twice, escaped", f.written(header, _twice(claims, escaped, value))
    for what, change in _SPOILED.items():
        yield f"header {what}", f.written(change(header), claims)
        yield f"claims {what}", f.written(header, change(claims))
    for coding in ("utf-16", "utf-16-le", "utf-32", "utf-7"):
        yield f"header in {coding}", f.sealed(b64(header.encode(coding) + b"\xff"), b64(claims.encode()))
        yield f"claims in {coding}", f.sealed(b64(header.encode()), b64(claims.encode(coding) + b"\xff"))


def _twice(text: str, name: str, value: object) -> str:
    return f'{text[:-1]}, "{name}": {json.dumps(value)}}}'


_SPOILED = {
    "empty": lambda text: "",
    "null": lambda text: "null",
    "a number": lambda text: "1",
    "a string": json.dumps,
    "a list": lambda text: f"[{text}]",
    "an empty list": lambda text: "[]",
    "an empty object": lambda text: "{}",
    "two objects": lambda text: text + text,
    "text behind": lambda text: text + "x",
    "NUL behind": lambda text: text + "\0",
    "byte order mark": lambda text: "\ufeff" + text,
    "cut off": lambda text: text[:-1],
    "comma at the end": lambda text: text[:-1] + ",}",
    "comment": lambda text: text[:-1] + "/* */}",
    "single quotes": lambda text: text.replace('"', "'"),
    "NaN": lambda text: text[:-1] + ', "x": NaN}',
    "Infinity": lambda text: text[:-1] + ', "x": -Infinity}',
    "deep": lambda text: "[" * 3000,
    "deep inside": lambda text: text[:-1] + ', "x": ' + "[" * 1500 + "]" * 1500 + "}",
    "line break in a string": lambda text: text.replace('": "', '": "\n', 1),
    "half a surrogate pair, raw": lambda text: text[:-1] + ', "x": "\ud800"}',
}

"""Forged signatures, parts put together wrongly, and the good token with one character changed: every one in turn."""

import json
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.partners.forger import ALPHABET, Forger, b64, from_b64, shown

Forgeries = Iterator[tuple[str, str]]

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def signatures(f: Forger) -> Forgeries:
    good = f.signature()
    r, s = good[:32], good[32:]
    for what, first in (("0", 0), ("n", ORDER), ("n+1", ORDER + 1), ("largest", 2**256 - 1)):
        odd = first.to_bytes(32, "big")
        for part, signature in (("r", odd + s), ("s", r + odd), ("r and s", odd + odd)):
            yield f"{part} is {what}", f.with_signature(signature)
    yield "r and s are 1", f.with_signature((b"\0" * 31 + b"\1") * 2)
    yield "s for r", f.with_signature(s + r)
    for length in (0, 1, 8, 31, 32, 33, 48, 62, 63):
        yield f"{length} bytes of it", f.with_signature(good[:length])
    for more in (b"\0", b"\xff", good, b"\0" * 32, b"\0" * 1000):
        yield f"{len(more)} bytes behind", f.with_signature(good + more)
        yield f"{len(more)} bytes before", f.with_signature(more + good)
    for text in (
        "",
        f.unsigned() + ".",
        f.unsigned().lower(),
        f.unsigned().partition(".")[0],
        f.with_claims(jti="other"),
    ):
        yield f"of another text ({len(text)})", f.with_signature(f.signature(text))
    yield from ((f"by {name}", f.with_signature(signature)) for name, signature in _foreign(f.unsigned().encode(), f))


def _foreign(text: bytes, f: Forger) -> Iterator[tuple[str, bytes]]:
    def raw(der: bytes, size: int) -> bytes:
        return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(der))

    def ours(hashed: hashes.HashAlgorithm) -> bytes:
        der: bytes = f.keys.current.private_key.sign(text, ec.ECDSA(hashed))  # type: ignore[union-attr]
        return der

    yield "our key, in DER", ours(hashes.SHA256())
    yield "our key, in DER, filled up", ours(hashes.SHA256()).ljust(96, b"\0")
    for hashed in (hashes.SHA1(), hashes.SHA384(), hashes.SHA512(), hashes.SHA3_256()):
        yield f"our key over {hashed.name}", raw(ours(hashed), 32)
    curves: dict[ec.EllipticCurve, int] = {
        **dict.fromkeys((ec.SECP256R1(), ec.SECP256K1(), ec.BrainpoolP256R1()), 32),
        **{ec.SECP384R1(): 48, ec.SECP521R1(): 66},
    }
    for curve, size in curves.items():
        der = ec.generate_private_key(curve).sign(text, ec.ECDSA(hashes.SHA256()))
        yield f"another key on {curve.name}", raw(der, size)
    yield "an RSA key", rsa.generate_private_key(65537, 2048).sign(text, padding.PKCS1v15(), hashes.SHA256())
    yield "an Ed25519 key", ed25519.Ed25519PrivateKey.generate().sign(text)


_DIRECT = b'{"alg":"dir","enc":"A256GCM"}'
_PASSWORD = b'{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AA"}'


def shapes(f: Forger) -> Forgeries:
    """The three parts, and what else can be made of them."""
    good = f.good()
    one, two, three = good.split(".")
    parts = {
        "nothing": "", "dots": "..", "four dots": "....", "one part": one, "two parts": f"{one}.{two}",
        "no signature": f"{one}.{two}.", "no header": f".{two}.{three}", "no claims": f"{one}..{three}",
        "four parts": f"{good}.{three}", "five parts": f"{good}..", "dot before": f".{good}", "twice": f"{good}.{good}",
        "turned round": f"{three}.{two}.{one}", "claims first": f"{two}.{one}.{three}",
        "header twice": f"{one}.{one}.{three}",
        "encrypted": f"{b64(_DIRECT)}..AAAA.AAAA.AAAA", "encrypted with a password": f"{b64(_PASSWORD)}.A.A.A.A",
        "flattened JSON": json.dumps({"protected": one, "payload": two, "signature": three}),
        "general JSON": json.dumps({"payload": two, "signatures": [{"protected": one, "signature": three}]}),
        "in quotes": f'"{good}"', "in brackets": f"<{good}>", "a list": f"{good},{good}", "parameters": f"{good};a=b",
        "in base64": b64(good.encode()), "percent-encoded": good.replace(".", "%2E"), "scheme twice": f"Bearer {good}",
        "too long": f.with_claims(scope="x" * 9000), "far too long": "A" * 30_000, "dots without end": "." * 8000,
    }  # fmt: skip
    yield from parts.items()
    for place, part in enumerate((one, two, three)):
        for what, odd in _odd(part):
            token = ".".join(odd if here == place else each for here, each in enumerate((one, two, three)))
            if token.strip(" \t") != good:  # white space behind a field is not of the field
                yield f"part {place} {what}", token


def _odd(part: str) -> Forgeries:
    for end in ("=", "==", "===", " ", "\t", "%3D", "\u00a0", "A", "AAAA", "-", "+", "/", "\u2024", ";", "\x7f", "~"):
        yield f"and {shown(end)}", part + end
        yield f"behind {shown(end)}", end + part
    yield "in the standard alphabet", part.replace("-", "+").replace("_", "/") + ("" if {"-", "_"} & set(part) else "+")
    yield "broken into lines", part[:20] + " " + part[20:]
    if len(part) % 4:
        yield "with spare bits", part[:-1] + ALPHABET[ALPHABET.index(part[-1]) ^ 1]
    yield "of another byte", b64(from_b64(part)[:-1])


def mutants(f: Forger) -> Forgeries:
    """The good token with one character changed: every one of them in turn."""
    good = f.good()
    for place, character in enumerate(good):
        other = (
            "." if character != "." and place % 16 == 0 else ALPHABET[(ALPHABET.find(character) + 1 + place % 62) % 64]
        )
        yield f"character {place} is {other}", good[:place] + other + good[place + 1 :]
    for place in range(0, len(good), 8):
        yield f"without character {place}", good[:place] + good[place + 1 :]
        yield f"character {place} twice", good[:place] + good[place] + good[place:]

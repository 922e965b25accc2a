"""Requests that are made to be expensive, as the bytes that are sent; each with the statuses that may answer it."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass

JSON = b"content-type: application/json\r\n"
FORM = b"content-type: application/x-www-form-urlencoded\r\n"
LIMIT = 1024 * 1024  # bytes that an order may have
NEVER = frozenset(range(400, 500))


@dataclass(frozen=True, slots=True)
class Bomb:
    """What is sent. It may be cut off without an answer, but never be accepted or answered with 5xx."""

    name: str
    sent: bytes
    statuses: frozenset[int] = NEVER


def bombs(authorization: bytes) -> Iterator[Bomb]:
    """Against every order's door; *authorization* is that of a partner who may place orders."""
    yield from _heads(authorization)
    for name, body in _documents():
        yield Bomb(name, _post(authorization, JSON, body))
    yield from _bodies(authorization)
    yield from _forms()
    yield from _queries(authorization)


def _post(authorization: bytes, headers: bytes, body: bytes, *, to: bytes = b"/v1/orders") -> bytes:
    key = b"idempotency-key: bomb-0123456789abcdef\r\n"
    start = b"POST " + to + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + authorization + key + headers
    return start + b"content-length: %d\r\n\r\n" % len(body) + body


def _get(target: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + headers + b"\r\n"


def _heads(authorization: bytes) -> Iterator[Bomb]:
    large = frozenset({400, 431})
    fields = {f"a header of {size} KiB": b"x: " + b"x" * size * 1024 + b"\r\n" for size in (40, 64, 65, 128, 1024)}
    for count in (65, 100, 1000, 20_000):
        fields[f"{count} header fields"] = b"".join(b"x-%d: 1\r\n" % number for number in range(count))
    fields["one field 5,000 times"] = b"x: 1\r\n" * 5000
    fields["10,000 cookies"] = b"cookie: a=b\r\n" * 10_000
    fields["a cookie of 10,000"] = b"cookie: " + b"a=b; " * 10_000 + b"\r\n"
    for name, lines in fields.items():
        yield Bomb(name, _get(b"/v1/orders", authorization + lines), large)
    yield Bomb("5,000 lines of accept", _get(b"/v1/orders", b"accept: a/b\r\n" * 5000), large | {406})
    yield Bomb(
        "an accept of 3,000", _get(b"/problems", b"accept: " + b"a/b;q=0.1," * 3000 + b"a/b\r\n"), frozenset({406})
    )
    token = b"authorization: Bearer " + b"a.b." * 7500 + b"\r\n"
    yield Bomb("a token of 30 KiB", _get(b"/v1/orders", token), frozenset({401}))
    yield Bomb("a state of 30 KiB", _get(b"/nowhere", b"tracestate: " + b"a=b," * 7500 + b"\r\n"), frozenset({404}))


def _documents() -> Iterator[tuple[str, bytes]]:
    """Bodies within the limit that are JSON, or nearly so."""
    order = b'{"channel_order_id": %b}'
    for depth in (33, 100, 1000, 100_000, 500_000):
        yield f"lists {depth} deep", b"[" * depth + b"]" * depth
        yield f"lists {depth} deep, open", b"[" * depth
    for depth in (33, 1000, 100_000):
        yield f"objects {depth} deep", b'{"a":' * depth + b"1" + b"}" * depth
    for count in (10**4, 10**5):
        yield f"{count} keys", b"{" + b",".join(b'"k%d":1' % number for number in range(count)) + b"}"
        yield f"{count} times one key", b"{" + b",".join([b'"k":1'] * count) + b"}"
    yield "keys of one hash", _colliding()
    for digits in (41, 1000, 10**5, 10**6):
        for name, number in (("", b"9" * digits), ("0.", b"0." + b"3" * digits), ("1e", b"1e" + b"9" * digits)):
            yield f"a number of {name}{digits} digits", order % number
    yield "a million small numbers", b"[" + b"1," * 500_000 + b"1]"
    yield "a million empty lists", b"[" + b"[]," * 340_000 + b"[]]"
    yield "numbers out of range", b"[" + b"9999999999999999," * 60_000 + b"1]"
    yield "exponents", b"[" + b"1e400," * 170_000 + b"1]"
    yield "a string of 1 MB", order % (b'"' + b"x" * 1_000_000 + b'"')
    yield "a key of 1 MB", b'{"' + b"x" * 1_000_000 + b'": 1}'
    yield "escapes", order % (b'"' + b"\\u0041" * 170_000 + b'"')
    yield "NULs", order % (b'"' + b"\\u0000" * 170_000 + b'"')
    yield "half surrogate pairs", order % (b'"' + b"\\ud800" * 170_000 + b'"')
    yield "surrogates the wrong way round", order % b'"\\udc00\\ud800"'
    yield "backslashes", order % (b'"' + b"\\\\" * 500_000 + b'"')
    yield "blanks", b" " * 1_000_000
    yield "blanks inside", b"[" + b" " * 1_000_000 + b"]"
    yield "not UTF-8", order % (b'"' + b"\xff" * 1_000_000 + b'"')
    yield "overlong UTF-8", order % (b'"' + b"\xc0\x80" * 500_000 + b'"')
    yield "lines of 20,000", b'{"lines": [' + b",".join([b'{"line_id": "1"}'] * 20_000) + b"]}"
    yield "not JSON", b"\x00" * 1_000_000
    yield "XML", b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'">]><a>' + b"&b;" * 10_000 + b"</a>"
    yield "YAML", b"a: &a [x]\nb: &b [*a,*a]\n" * 1000


def _colliding() -> bytes:
    """Integers that are equal modulo 2^61-1 hash alike in Python; as keys they are strings, which do not."""
    return b"{" + b",".join(b'"%d":1' % (number * (2**61 - 1)) for number in range(1, 30_000)) + b"}"


def _bodies(authorization: bytes) -> Iterator[Bomb]:
    """Bodies beyond the limit, compressed ones, and what chunked coding allows."""
    for size in (LIMIT + 1, LIMIT + 65_536, 16 * LIMIT):
        yield Bomb(f"{size} bytes declared", _post(authorization, JSON, b"x" * size), frozenset({413}))
    bomb = gzip.compress(json.dumps({"a": " " * 10**8}).encode(), 9)
    for coding in (b"gzip", b"GZIP", b"x-gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"identity, gzip"):
        headers = JSON + b"content-encoding: " + coding + b"\r\n"
        yield Bomb(f"1000:1 as {coding.decode()}", _post(authorization, headers, bomb), frozenset({415}))
    start = b"POST /v1/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + authorization + JSON
    chunked = start + b"idempotency-key: bomb-0123456789abcdef\r\ntransfer-encoding: chunked\r\n\r\n"
    yield Bomb(
        "chunked, beyond the limit",
        chunked + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 40 + b"0\r\n\r\n",
        frozenset({413}),
    )
    yield Bomb("chunks of one byte", chunked + b"1\r\nx\r\n" * 200_000 + b"0\r\n\r\n")
    yield Bomb("chunk extensions", chunked + (b"1;" + b"x" * 1000 + b"\r\nx\r\n") * 5000 + b"0\r\n\r\n")
    yield Bomb("one endless extension", chunked + b"1;" + b"x" * 2_000_000 + b"\r\nx\r\n0\r\n\r\n")
    yield Bomb("trailers", chunked + b"1\r\nx\r\n0\r\n" + b"x: 1\r\n" * 100_000 + b"\r\n")
    yield Bomb("a chunk of 2^64 bytes", chunked + b"10000000000000000\r\nx")
    yield Bomb("a chunk of minus one", chunked + b"-1\r\nx\r\n0\r\n\r\n")
    for length in (b"-1", b"1e9", b"0x10", b"9" * 400, b"99999999999999999999", b"1, 1", b" ", b"+1"):
        yield Bomb(f"length {length[:24].decode()}", start + b"content-length: " + length + b"\r\n\r\nx")


def _forms() -> Iterator[Bomb]:
    """The token route reads forms, from whoever asks."""
    basic = b"authorization: Basic eDp5\r\n"
    part = b'--b\r\ncontent-disposition: form-data; name="f%d"; filename="x"\r\n\r\nx\r\n'
    multipart = b"".join(part % number for number in range(5000)) + b"--b--\r\n"
    several = b"content-type: multipart/form-data; boundary=b\r\n"
    to = b"/oauth/token"
    yield Bomb("5,000 files", _post(basic, several, multipart, to=to))
    yield Bomb(
        "100 files within the limit",
        _post(basic, several, b"".join(part % n for n in range(100)) + b"--b--\r\n", to=to),
    )
    yield Bomb("a boundary of 8 KiB", _post(basic, several.replace(b"=b", b"=" + b"b" * 8000), b"--b--", to=to))
    yield Bomb("4,000 fields", _post(basic, FORM, b"&".join([b"a"] * 4000), to=to))
    yield Bomb("a form of separators", _post(basic, FORM, b"&" * 8000, to=to))
    yield Bomb("percent signs", _post(basic, FORM, b"grant_type=" + b"%" * 8000, to=to))
    yield Bomb("encoded three times", _post(basic, FORM, b"grant_type=" + b"%2525" * 1600, to=to))
    yield Bomb("a form beyond the limit", _post(basic, FORM, b"a=" + b"x" * 8192, to=to), frozenset({413}))
    yield Bomb("scopes", _post(basic, FORM, b"grant_type=client_credentials&scope=" + b"a+" * 4000, to=to))


def _queries(authorization: bytes) -> Iterator[Bomb]:
    for count in (65, 1000, 10_000):
        query = b"&".join(b"a%d=1" % number for number in range(count))
        yield Bomb(f"{count} parameters", _get(b"/v1/orders?" + query, authorization))
    for size in (1, 30, 60, 200, 1000):
        yield Bomb(f"a query of {size} KiB", _get(b"/v1/orders?a=" + b"x" * size * 1024, authorization))
        yield Bomb(f"a path of {size} KiB", _get(b"/v1/orders/" + b"x" * size * 1024, authorization))
    yield Bomb("a path of slashes", _get(b"/" * 30_000, authorization))
    yield Bomb("a path encoded over and over", _get(b"/v1/orders/%" + b"25" * 15_000, authorization))
    yield Bomb("a query of percent signs", _get(b"/v1/orders?page_token=" + b"%" * 30_000, authorization))
    yield Bomb("a query of separators", _get(b"/v1/orders?" + b"&" * 30_000, authorization))
    yield Bomb("a page token of 1,025", _get(b"/v1/orders?page_token=" + b"x" * 1025, authorization))
    yield Bomb("a page size of 30,000 digits", _get(b"/v1/orders?page_size=" + b"9" * 30_000, authorization))

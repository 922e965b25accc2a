"""Requests whose end is, or could be taken for, a matter of opinion: what was sent, and what of it may be counted.

`/one` is the request that was meant, `/two` one that rightly follows it, and `/smuggled` stands where only a reader
who has been misled finds a request. `-000` is the place of a number.
"""

from dataclasses import dataclass

HOST = b"host: x\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
SMUGGLED = b"GET /smuggled-000 HTTP/1.1\r\nhost: x\r\n\r\n"
TWO = b"GET /two-000 HTTP/1.1\r\nhost: x\r\n\r\n"
END = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Framing:
    """The bytes; how many requests they legitimately are; whether they may be refused instead."""

    sent: bytes
    requests: int = 1
    sound: bool = False

    def numbered(self, number: int) -> bytes:
        """With paths of its own, so that a late arrival is known for what it is."""
        return self.sent.replace(b"-000", b"-%03d" % number)


def post(fields: bytes, body: bytes = b"", *, line: bytes = b"POST /one-000 HTTP/1.1") -> bytes:
    return line + b"\r\n" + HOST + fields + b"\r\n" + body


def get(line: bytes = b"GET /one-000 HTTP/1.1", fields: bytes = HOST, rest: bytes = b"") -> bytes:
    return line + b"\r\n" + fields + b"\r\n" + rest


def length(value: bytes, body: bytes = SMUGGLED, *, name: bytes = b"content-length: ") -> Framing:
    return Framing(post(name + value + b"\r\n", body))


def coding(value: bytes, body: bytes = END + SMUGGLED, *, name: bytes = b"transfer-encoding: ") -> Framing:
    return Framing(post(name + value + b"\r\n", body))


def chunks(body: bytes) -> Framing:
    return Framing(post(CHUNKED, body))


HIDDEN = b"content-length: %d\r\n" % len(SMUGGLED)  # makes SMUGGLED the body it is

SOUND = {
    "a length": Framing(post(b"content-length: 3\r\n", b"abc"), sound=True),
    "a length, and another request": Framing(post(b"content-length: 3\r\n", b"abc" + TWO), requests=2, sound=True),
    "chunks": Framing(post(CHUNKED, b"3\r\nabc\r\n" + END), sound=True),
    "chunks, and another request": Framing(post(CHUNKED, b"3\r\nabc\r\n" + END + TWO), requests=2, sound=True),
    "a chunk with an extension": Framing(post(CHUNKED, b"3;a=b\r\nabc\r\n" + END), sound=True),
    "chunks with a trailer": Framing(post(CHUNKED, b"3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n"), sound=True),
    "a request as a body": Framing(post(HIDDEN, SMUGGLED), sound=True),
    "a request as a chunk": Framing(post(CHUNKED, b"%x\r\n%b\r\n" % (len(SMUGGLED), SMUGGLED) + END), sound=True),
    "no body": Framing(get(rest=TWO), requests=2, sound=True),
    "an older client": Framing(get(b"GET /one-000 HTTP/1.0"), sound=True),
    "an older client with a body": Framing(
        post(b"content-length: 3\r\n", b"abc", line=b"POST /one-000 HTTP/1.0"), sound=True
    ),
}

LENGTHS = {
    "length and chunks": Framing(post(b"content-length: 6\r\n" + CHUNKED, END + b"G")),
    "chunks and length": Framing(post(CHUNKED + b"content-length: 4\r\n", END + SMUGGLED)),
    "chunks and length of all": Framing(post(CHUNKED + HIDDEN, END + SMUGGLED)),
    "two lengths that differ": Framing(post(b"content-length: 0\r\n" + HIDDEN, SMUGGLED)),
    "two lengths, the larger first": Framing(post(HIDDEN + b"content-length: 0\r\n", SMUGGLED)),
    "two lengths that agree": Framing(post(HIDDEN + HIDDEN, SMUGGLED)),
    "a list of lengths": length(b"0, %d" % len(SMUGGLED)),
    "a list of one length twice": length(b"%d, %d" % (len(SMUGGLED), len(SMUGGLED))),
    "a length with a plus": length(b"+%d" % len(SMUGGLED)),
    "a length with a minus": length(b"-%d" % len(SMUGGLED)),
    "a length in hexadecimal": length(b"0x%x" % len(SMUGGLED)),
    "a length with an underscore": length(b"3_5"),
    "a length with a point": length(b"35.0"),
    "a length with a space inside": length(b"3 5"),
    "a length of nothing": length(b""),
    "a length of 2^64": length(b"18446744073709551616"),
    "a length of 2^64 and a body": length(b"%d" % (2**64 + len(SMUGGLED))),
    "a length in other digits": length("٣٥".encode()),
    "a length with a vertical tab": length(b"\x0b%d" % len(SMUGGLED)),
    "a length with a null": length(b"%d\x00" % len(SMUGGLED)),
    "a space before the colon of a length": length(b"%d" % len(SMUGGLED), name=b"content-length : "),
    "a tab before the colon of a length": length(b"%d" % len(SMUGGLED), name=b"content-length\t: "),
    "a folded length": length(b"\r\n %d" % len(SMUGGLED)),
    "a length behind a bare CR": Framing(post(b"x-a: b\r" + HIDDEN, SMUGGLED)),
    "a length in a connection option": Framing(post(b"connection: content-length\r\n" + HIDDEN, SMUGGLED)),
    "a length of a GET": Framing(get(fields=HOST + HIDDEN, rest=SMUGGLED)),
    "a length of a HEAD": Framing(get(b"HEAD /one-000 HTTP/1.1", HOST + HIDDEN, SMUGGLED)),
}

CODINGS = {
    "an unknown coding": coding(b"xchunked"),
    "chunks that are not the last coding": coding(b"chunked, identity"),
    "another coding before chunks": coding(b"gzip, chunked", END),
    "identity": coding(b"identity", SMUGGLED),
    "chunks twice in a list": coding(b"chunked, chunked"),
    "chunks twice": Framing(post(CHUNKED + CHUNKED, END + SMUGGLED)),
    "chunks and an unknown coding": Framing(post(CHUNKED + b"transfer-encoding: x\r\n", END + SMUGGLED)),
    "a quoted coding": coding(b'"chunked"'),
    "a coding with a parameter": coding(b"chunked;q=1"),
    "a coding of nothing": coding(b""),
    "a coding behind a vertical tab": coding(b"\x0bchunked"),
    "a coding behind a null": coding(b"\x00chunked"),
    "a coding with a line end of its own": coding(b"\nchunked"),
    "a folded coding": Framing(post(b"transfer-encoding:\r\n chunked\r\n", END + TWO), requests=2),
    "a space before the colon of a coding": coding(b"chunked", name=b"transfer-encoding : "),
    "a coding in an older version": Framing(post(CHUNKED, END + SMUGGLED, line=b"POST /one-000 HTTP/1.0")),
    "a coding that a fold hides": Framing(post(b"x-a: b\r\n transfer-encoding: chunked\r\n" + HIDDEN, SMUGGLED)),
    "a coding in a connection option": Framing(
        post(b"connection: close, transfer-encoding\r\n" + CHUNKED, END + SMUGGLED)
    ),
}

CHUNKS = {
    "a chunk size that overflows": chunks(b"10000000000000003\r\nabc\r\n" + END + SMUGGLED),
    "a chunk size with 0x": chunks(b"0x3\r\nabc\r\n" + END + SMUGGLED),
    "a chunk size with a plus": chunks(b"+3\r\nabc\r\n" + END + SMUGGLED),
    "a chunk size with a minus": chunks(b"-3\r\nabc\r\n" + END + SMUGGLED),
    "a chunk size with an underscore": chunks(b"1_0\r\nabc\r\n" + END + SMUGGLED),
    "a chunk size of nothing": chunks(b"\r\nabc\r\n" + END + SMUGGLED),
    "a space before a chunk size": chunks(b" 3\r\nabc\r\n" + END),
    "a chunk that is longer than it says": chunks(b"2\r\nabc\r\n" + END + SMUGGLED),
    "a chunk without its line end": chunks(b"3\r\nabc" + END + SMUGGLED),
    "chunks with bare LF": chunks(b"3\nabc\n0\n\n"),
    "chunks with bare CR": chunks(b"3\rabc\r0\r\r" + SMUGGLED),
    "an extension that ends in LF": chunks(b"3;a\nabc\r\n" + END),
    "an extension that hides a size": chunks(b"3;\n%x\r\nabc\r\n" % len(SMUGGLED) + END),
    "an extension with a bare CR": chunks(b"3;a\rb\r\nabc\r\n" + END),
    "an extension with a null": chunks(b"3;a=\x00\r\nabc\r\n" + END),
    "an extension without end": chunks(b"3;a=" + b"x" * 70_000 + b"\r\nabc\r\n" + END),
    "a trailer that is a length": chunks(b"0\r\n" + HIDDEN + b"\r\n"),
    "a trailer that is a coding": chunks(b"0\r\n" + CHUNKED + b"\r\n"),
    "a trailer that is none": chunks(b"0\r\nabc\r\n\r\n"),
}

LINES = {
    "bare LF": Framing(post(HIDDEN).replace(b"\r\n", b"\n") + SMUGGLED),
    "one bare LF": Framing(post(b"x-a: b\n" + HIDDEN, SMUGGLED)),
    "bare CR": Framing(b"POST /one-000 HTTP/1.1\rhost: x\r\r" + SMUGGLED),
    "a head that ends in LF CR LF": Framing(b"GET /one-000 HTTP/1.1\r\nhost: x\n\r\n"),
    "a fold": Framing(get(fields=HOST + b"x-a: b\r\n c\r\n")),
    "a fold at once": Framing(get(fields=b" x-a: b\r\n" + HOST)),
    "a null in a value": Framing(get(fields=HOST + b"x-a: b\x00c\r\n")),
    "a null in a name": Framing(get(fields=HOST + b"x\x00a: b\r\n")),
    "a field without a colon": Framing(get(fields=HOST + b"x-a\r\n")),
    "a field without a name": Framing(get(fields=HOST + b": b\r\n")),
    "an empty line first": Framing(b"\r\n" + get()),
    "a space first": Framing(b" " + get()),
    "two spaces in the request line": Framing(get(b"GET  /one-000 HTTP/1.1")),
    "a tab in the request line": Framing(get(b"GET\t/one-000\tHTTP/1.1")),
    "a space in the target": Framing(get(b"GET /one-000 two HTTP/1.1")),
    "a fragment": Framing(get(b"GET /one-000#two HTTP/1.1")),
    "a null in the target": Framing(get(b"GET /one-000\x00 HTTP/1.1")),
    "no host": Framing(get(fields=b"")),
    "two hosts": Framing(get(fields=HOST + b"host: y\r\n")),
    "a target with a host of its own": Framing(get(b"GET http://y/one-000 HTTP/1.1")),
    "HTTP/0.9": Framing(b"GET /one-000\r\n"),
    "HTTP/0.9, said so": Framing(get(b"GET /one-000 HTTP/0.9")),
    "HTTP/1.2": Framing(get(b"GET /one-000 HTTP/1.2")),
    "HTTP/1.10": Framing(get(b"GET /one-000 HTTP/1.10")),
    "HTTP/2.0 in words": Framing(get(b"GET /one-000 HTTP/2.0")),
    "HTTP/2 with prior knowledge": Framing(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", requests=0),
    "an older client that stays": Framing(
        post(b"connection: keep-alive\r\ncontent-length: 3\r\n", b"abc" + TWO, line=b"POST /one-000 HTTP/1.0"),
        requests=2,
    ),
    "an upgrade": Framing(
        get(fields=HOST + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n")
    ),
    "an upgrade with a body": Framing(post(b"connection: upgrade\r\nupgrade: x\r\n" + HIDDEN, SMUGGLED)),
    "a tunnel": Framing(get(b"CONNECT /one-000:443 HTTP/1.1", rest=SMUGGLED), requests=0),
    "more after a farewell": Framing(get(fields=HOST + b"connection: close\r\n", rest=SMUGGLED)),
    "an underscore for a hyphen": Framing(post(b"content_length: %d\r\n" % len(TWO), TWO), requests=2),
}

FRAMINGS = {**SOUND, **LENGTHS, **CODINGS, **CHUNKS, **LINES}

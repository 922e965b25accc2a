"""A glance never takes for one whole request what the parser reads in another way."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.glance import Glimpse, glance

GET = b"GET /v1/orders?page_size=2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b\r\n\r\n"
POST = b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nX-Long: y\r\n\r\n{  }"

PIECES = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b": ", b"\x00", b"\xff", b"%2e", b"0", b"4", b"+4", b"-1", b"0x4",
    b"\r\n\r\n", b"Content-Length: 4\r\n", b"content-length: 5\r\n", b"Content-Length : 4\r\n", b"Content-Length:4\r\n",
    b"Transfer-Encoding: chunked\r\n", b"transfer-encoding:chunked\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n",
    b"Expect: 100-continue\r\n", b" folded\r\n", b"GET / HTTP/1.1\r\n", b"HTTP/1.0", b"POST", b"PUT", b"x" * 70,
    b"?", b"#", b"//x/",
)  # fmt: skip


class Parsed:
    """What the server's own parser makes of the same bytes."""

    def __init__(self, data: bytes) -> None:
        self.begun = self.ended = 0
        self.url = b""
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(data)
        self.method = self._parser.get_method()
        self.keeps = self._parser.should_keep_alive()

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_message_complete(self) -> None:
        self.ended += 1


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A sound request with pieces put in or taken out anywhere."""
    data = draw(st.sampled_from((GET, POST)))
    for _ in range(draw(st.integers(0, 4))):
        at, until = sorted(draw(st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))))
        piece = draw(st.sampled_from(PIECES))
        data = data[:at] + piece + data[at if draw(st.booleans()) else min(until, at + 6) :]
    return data


@given(mangled())
def test_what_a_glance_takes_for_one_request_is_one_for_the_parser(data: bytes) -> None:
    seen = glance(data)
    if seen is None:
        return

    parsed = Parsed(data)

    assert (parsed.begun, parsed.ended, parsed.keeps) == (1, 1, True)
    assert (parsed.method.decode(), httptools.parse_url(parsed.url).path.decode()) == (seen.method, seen.path)


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (GET, Glimpse("GET", "/v1/orders", b"Bearer a.b")),
        (POST, Glimpse("POST", "/v1/orders", None)),
    ],
)
def test_a_plain_request_is_seen_at_a_glance(data: bytes, seen: Glimpse) -> None:
    assert glance(data) == seen


@pytest.mark.parametrize(
    "data",
    [
        GET[:-1],
        GET + b"G",
        GET + GET,
        POST[:-1],
        POST + b"x",
        POST.replace(b"Content-Length: 4\r\n", b""),
        POST.replace(b"X-Long: y", b"Content-Length: 4"),
        POST.replace(b"X-Long: y", b"Content-Length : 5"),
        POST.replace(b"X-Long: y", b"Transfer-Encoding: chunked"),
        POST.replace(b"X-Long: y", b"X-Long: y\r\n folded"),
        POST.replace(b"X-Long: y", b"X-Long: y\nTransfer-Encoding: chunked"),
        POST.replace(b" 4", b" +4"),
        GET.replace(b"x\r\n", b"x\r\nConnection: close\r\n"),
        GET.replace(b"x\r\n", b"x\r\nContent-Length: 0\r\n"),
        GET.replace(b"/v1", b"/%76"),
        GET.replace(b"1.1", b"1.0"),
        GET.replace(b"GET", b"HEAD"),
        b"",
    ],
)
def test_what_might_be_read_in_two_ways_is_left_to_the_parser(data: bytes) -> None:
    assert glance(data) is None

"""Strict JSON: one reading or none, told in words, and quickly."""

import contextlib
import json
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.governance.json import LARGEST, canonical, digest, parse
from gateway.refusals import Malformed

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
NUMBERS = st.integers(-LARGEST, LARGEST) | st.floats(-LARGEST, LARGEST).filter(lambda x: len(repr(x)) <= 40)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_writes_is_read_back(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode(), depth=100) == value


@given(VALUES)
def test_the_canonical_form_is_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_equal_documents_have_equal_digests() -> None:
    written = (b'{"b": 1, "a": [3.0, "\\u00e9"]}', '{ "a":[3,"é"],"b":1 }'.encode())

    assert len({digest(parse(each)) for each in written}) == 1


@pytest.mark.parametrize("number", [b"3.0", b"3e0", b"30e-1", b"3"])
def test_an_integral_number_is_an_integer(number: bytes) -> None:
    assert type(parse(number)) is int


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the body is empty where JSON is expected"),
        (b"\xef\xbb\xbf{}", "the body begins with a byte order mark; JSON has none"),
        (b'["\xff"]', "the body is not UTF-8 at byte 2"),
        (b'["\xc0\x80"]', "the body is not UTF-8 at byte 2"),
        (b"[NaN]", "the body is not JSON at line 1, column 2"),
        (b"[Infinity]", "the body is not JSON at line 1, column 2"),
        (b"[\n1,]", "the body is not JSON at line 2, column 2"),
        (b"{} x", "the body is not JSON at line 1, column 4"),
        (b"[01]", "the body has a number out of range or unreadable at line 1, column 2"),
        (b"[1e400]", "the body has a number out of range or unreadable at line 1, column 2"),
        (b'{"a":{"x":1,"x":2}}', "the key 'x' is repeated in the object at #/a"),
        (b'{"a":1,"\\u0061":2}', "the key 'a' is repeated in the object at #"),
        (b'[{"a":":"},{":":{}, ":" : 1.5}]', "the key ':' is repeated in the object at #/1"),
        (b'{"a":[{"b":1,"b":1}]}', "the key 'b' is repeated in the object at #/a/0"),
        (b"[18446744073709551616]", "the number at #/0 exceeds 2^53-1 or 40 characters; send it as a string"),
        (b'["\\ud800"]', "the body has half of a surrogate pair in a string before line 1, column 3"),
        (b'{"a":["x\\u0000"]}', "the string at #/a/0 contains the character NUL"),
        (b'{"a\\u0000":1}', "a key of the object at # contains the character NUL"),
        (b'{"a/b":9007199254740992}', "the number at #/a~1b exceeds 2^53-1 or 40 characters; send it as a string"),
        (b"-9007199254740992", "the number at # exceeds 2^53-1 or 40 characters; send it as a string"),
        (b"[1e20]", "the number at #/0 exceeds 2^53-1 or 40 characters; send it as a string"),
        (b"[" * 33 + b"]" * 33, "the body is nested deeper than 32 levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "the body is nested deeper than 32 levels"),
        (b"[" * 100_000, "the body is nested too deeply"),
        (b"[" + b"1," * 100_000 + b"1]", "the body holds more than 100000 values"),
        (b"{" + b",".join(b'"%d":[1]' % n for n in range(100_001)) + b"}", "the body holds more than 100000 values"),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_what_two_readers_could_read_differently_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse(data)

    assert refused.value.detail == sentence


def test_a_long_key_is_not_repeated_at_length() -> None:
    key = b'"' + b"k" * 500_000 + b'":1'

    with pytest.raises(Malformed) as refused:
        parse(b"{" + key + b"," + key + b"}")

    assert len(refused.value.detail) < 200


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 32 + b"]" * 32,
        b'["\\\\u0000"]',
        b"[9007199254740991]",
        b'"9007199254740993"',
        b'{":":"::", "a\\":":[":",-0]}',
        b"[{},{},[[]]]" + b" " * 99,
        b"[" + b"1," * 99_999 + b"1]",
        b'["' + b"," * 200_000 + b'"]',
    ],
)
def test_what_is_merely_unusual_is_read(data: bytes) -> None:
    assert parse(data) == json.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
        b"{" + b",".join([b'"k":1'] * 100_000) + b"}",
        b"[" + b"9" * 1_000_000 + b"]",
        b"[0." + b"0" * 1_000_000 + b"1]",
        b"[" + b"9999999999999999," * 60_000 + b"1]",
        b"[" * 500_000 + b"]" * 500_000,
        b'["' + b"\\u0000" * 170_000 + b'"]',
    ],
    ids=["keys", "same key", "digits", "fraction", "large", "deep", "nul"],
)
def test_a_bomb_is_dealt_with_in_bounded_time(data: bytes) -> None:
    started = time.process_time()

    with contextlib.suppress(Malformed):
        parse(data)

    assert time.process_time() - started < 2

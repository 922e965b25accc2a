"""`Prefer`, read as RFC 7240 says: the first wait counts, and what cannot be read is as if it were not there."""

import pytest

from gateway.resources.preferences import Wait, wait_preferred


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        ([""], None),
        (["wait=5"], Wait(5, "wait=5")),
        (["wait=0"], Wait(0, "wait=0")),
        (["wait=30"], Wait(30, "wait=30")),
        (["wait=31"], Wait(30, "wait")),
        (["wait=" + "9" * 5000], Wait(30, "wait")),
        (["WAIT=5"], Wait(5, "wait=5")),
        (["wait = 5"], Wait(5, "wait=5")),
        (['wait="5"'], Wait(5, "wait=5")),
        (["wait=005"], Wait(5, "wait=5")),
        (["wait=5; tenant=a; b"], Wait(5, "wait=5")),
        (["wait=5;"], Wait(5, "wait=5")),
        (["respond-async, wait=10"], Wait(10, "wait=10")),
        (["respond-async", "wait=10"], Wait(10, "wait=10")),
        ([",, wait=10 ,"], Wait(10, "wait=10")),
        (['note="wait=9, wait=8", wait=7'], Wait(7, "wait=7")),
        (['note="a\\"b, wait=9", wait=7'], Wait(7, "wait=7")),
        (["wait=3, wait=20"], Wait(3, "wait=3")),
        (["wait=3", "wait=20"], Wait(3, "wait=3")),
        (["wait=soon, wait=3"], None),  # only the first instance is considered
        (["wait", "wait=3"], None),
        (["@, wait=3"], Wait(3, "wait=3")),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=٣"], None),
        (["wait=5 6"], None),
        (["await=5"], None),
        (['note="never closed, wait=5'], None),
    ],
)
def test_a_wish_to_wait(lines: list[str], expected: Wait | None) -> None:
    assert wait_preferred(lines) == expected


@pytest.mark.parametrize("piece", ['"', 'a="\\', "a;", "a=b;c=d;", ",", '","', "wait"])
def test_nothing_takes_long_to_read(piece: str) -> None:
    assert wait_preferred([piece * 8000]) is None  # a pattern that goes back and forth would never end

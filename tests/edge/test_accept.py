"""`Accept`: the most exact range that covers a type decides."""

import pytest

from gateway.edge.accept import admits, prefers


@pytest.mark.parametrize(
    ("accept", "admitted"),
    [
        ("*/*", True),
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/*;q=0.1", True),
        ("text/html, application/json;q=0.001", True),
        ("application/json ; q=1 ; v=2", True),
        ("application/json;q=0", False),
        ("application/json;q=0, */*;q=1", False),
        ("application/*, application/json;q=0", False),
        ("text/*", False),
        ("", False),
        (",;q=1,", False),
        ("application/json;q=much", False),
    ],
)
def test_a_range_admits_a_type_or_not(accept: str, admitted: bool) -> None:
    assert admits(accept, "application/json") == admitted


def test_equal_weights_prefer_nothing() -> None:
    assert not prefers("*/*", "text/html", to="application/json")
    assert prefers("text/html, */*;q=0.8", "text/html", to="application/json")

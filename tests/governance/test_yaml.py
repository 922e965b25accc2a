"""YAML 1.2 as JSON has it: what is a number, a truth or text, and what is refused with its line."""

from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Misconfigured
from gateway.governance.yaml import read_yaml


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        *[
            ("NO", "NO"),
            ("yes", "yes"),
            ("on", "on"),
            ("1_000", "1_000"),
            ("12:30", "12:30"),
            ("2026-11-26", "2026-11-26"),
        ],
        *[("True", True), ("false", False), ("~", None), ("", None), ("null", None), ("12", 12), ("-0.5e1", -5.0)],
        *[("'12'", "12"), ('"true"', "true"), ("| \n  12", "12")],
    ],
)
def test_a_plain_value_is_what_version_1_2_says(tmp_path: Path, plain: str, value: Any) -> None:
    (tmp_path / "file.yaml").write_text(f"first: 1\nsecond: {plain}")

    document = read_yaml(tmp_path / "file.yaml")

    assert document.value == {"first": 1, "second": value}
    assert document.at("second") == f"{tmp_path.name}/file.yaml:2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 012", ":2: '012' is no number as JSON writes it; put it in quotes"),
        ("a: 1\nb: .inf", ":2: '.inf' is no number as JSON writes it; put it in quotes"),
        ("a: 1\nb: !x 5", ":2: tags (!x) are not read here; write a plain value"),
        ("a: &b 1\nc: *b", ":1: anchors (&b) are not read here; write the value out"),
        ("a: 1\na: 2", ":2: 'a' stands here twice; keep one"),
        ("a: 1\nb: c: d", ":2: is not YAML: mapping values are not allowed in this context"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "file.yaml").write_text(text)

    with pytest.raises(Misconfigured) as refused:
        read_yaml(tmp_path / "file.yaml")

    assert refused.value.detail == f"{tmp_path.name}/file.yaml{message}"

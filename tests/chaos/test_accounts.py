"""What the checker holds clients' accounts to, invariant by invariant, and how it reads them from a file."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.checker import check, read, write
from tests.chaos.checker.evidence import Event
from tests.chaos.checker.files import Unreadable
from tests.chaos.honest import Change, both, changed, dropped, honest, repeated, under
from tests.proof.processes import ROOT

DONE, STOPPED = "ord_done", "ord_stopped"
KEY = f"under key of {DONE}"
EVENTS = honest().orders[0].events

REPLAY = [
    (changed("exchanges", 1, status=200), DONE, f"{KEY} status was 202, and 200 for the same request"),
    (
        changed("exchanges", 1, body="other"),
        DONE,
        f"{KEY} body was receipt of ord_done, and other for the same request",
    ),
    (
        changed("exchanges", 1, headers={}),
        DONE,
        f"{KEY} headers was {{'etag': '\"1\"'}}, and {{}} for the same request",
    ),
    (changed("exchanges", 1, status=404), DONE, f"{KEY} status was 202, and 404 for the same request"),
    (changed("exchanges", 1, order_id="ord_b"), DONE, f"{KEY} order_id was ord_done, and ord_b for the same request"),
    (changed("exchanges", 1, request="another"), DONE, f"{KEY} another request was answered 202"),
    (changed("exchanges", 1, request="another", status=400), DONE, f"{KEY} another request was answered 400"),
]
NO_WORD = [
    *(changed("exchanges", 1, status=status, body="busy") for status in (None, 401, 408, 409, 429, 500, 503)),
    changed("exchanges", 1, request="another", status=422),
    changed("exchanges", 1, request="another", status=None),
    changed("exchanges", 1, sent=0.1, request="another", status=400),  # asked before the key had an answer
]
MONOTONE = [
    (changed("exchanges", 4, version=3), DONE, "was at version 4, and seen at 3 afterwards"),
    (changed("exchanges", 4, stands="cancelled"), DONE, "is completed and cancelled at one version, 4"),
    (changed("exchanges", 2, status=404, stands=None), DONE, "was acknowledged, and then answered 404"),
    (
        both(changed("exchanges", 1, operation="cancel", version=3), changed("exchanges", 2, version=2)),
        DONE,
        "was told of at version 3, and seen at 2 afterwards",
    ),
    (changed("orders", 0, version=3), DONE, "has been seen at version 4, and ends at 3"),
    (changed("orders", 0, status="cancelled"), DONE, "was completed at version 4, and is cancelled"),
    (changed("orders", 0, events=EVENTS[1:]), DONE, "its events are numbered [2, 3, 4]"),
    (
        changed("orders", 0, events=(*EVENTS[:2], Event(sequence=3, type="x", status="completed"))),
        DONE,
        "its events go from accepted to completed",
    ),
    (
        changed("orders", 0, events=EVENTS[:3]),
        DONE,
        "is completed; its events go from ['received'] to ['processing']",
    ),
]
BOUNDED = [
    (
        both(*[repeated("attempts", 0)] * 12),
        None,
        f"psp was asked for authorise 13 times under {DONE}:authorise; 12 are allowed",
    ),
    (
        both(*[repeated("attempts", 0)] * 3, under(amplification=1.1)),
        None,
        "26 attempts at 23 effects; 1.1 each are allowed",
    ),
]
ALIVE = [
    (changed("exchanges", 4, status=503), None, "29 of the 30 requests of the last 10 s went well"),
    (changed("exchanges", 4, status=None), None, "29 of the 30 requests of the last 10 s went well"),
    (
        both(*[dropped("exchanges", 3)] * 6, *[dropped("exchanges", 6)] * 5),
        None,
        "19 requests in the last 10 s; 20 are needed",
    ),
    (under(last_fault=121.0), None, "the run ended 9.0 s after its last fault"),
]
AGREEMENT = [(under(rested=161.0), None, "rest came 61 s after the last fault")]
CASES = [
    (invariant, *case)
    for invariant, cases in {"I7": REPLAY, "I8": MONOTONE, "I9": AGREEMENT, "I10": BOUNDED, "I11": ALIVE}.items()
    for case in cases
]


@pytest.mark.parametrize(("invariant", "change", "order", "sentence"), CASES)
def test_an_account_that_is_wrong_in_one_place_is_named(
    invariant: str, change: Change, order: str | None, sentence: str
) -> None:
    violations = check(change(honest()), only=[invariant])

    assert (order, sentence) in [(each.order, each.sentence) for each in violations]
    assert {each.invariant for each in violations} == {invariant}


@pytest.mark.parametrize("change", NO_WORD)
def test_what_says_nothing_of_a_keys_answer_contradicts_nothing(change: Change) -> None:
    assert check(change(honest()), only=["I7"]) == []


def test_looks_that_overlap_may_be_answered_in_any_order() -> None:
    overlapping = both(changed("exchanges", 3, answered=124.5), changed("exchanges", 4, version=3, stands="processing"))

    assert check(overlapping(honest()), only=["I8"]) == []


def test_evidence_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(honest(), tmp_path / "run.jsonl")

    assert read(tmp_path / "run.jsonl") == honest()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "Expecting value"),
        ('{"is": "gossip"}', "gossip"),
        ('{"is": "shelves", "colour": "red"}', "unknown key 'colour' of shelves"),
        ('{"is": "shelves"}', "missing"),
    ],
)
def test_a_line_that_is_no_evidence_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "run.jsonl"
    write(honest(), path)
    path.write_text(f"{line}\n{path.read_text()}")

    with pytest.raises(Unreadable, match=rf"run\.jsonl:1: .*{why}"):
        read(path)


def test_evidence_without_circumstances_is_none(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text("")

    with pytest.raises(Unreadable, match="0 lines of circumstances instead of one"):
        read(tmp_path / "run.jsonl")


def test_the_command_prints_violations_and_fails_when_there_are_any(tmp_path: Path) -> None:
    good, bad, none = tmp_path / "good.jsonl", tmp_path / "bad.jsonl", tmp_path / "none.jsonl"
    write(honest(), good)
    write(replace(honest(), orders=honest().orders[1:]), bad)

    told = {
        path.stem: subprocess.run(
            [sys.executable, "-m", "tests.chaos.checker", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        for path in (good, bad, none)
    }

    assert {name: done.returncode for name, done in told.items()} == {"good": 0, "bad": 1, "none": 2}
    assert "I1 ord_done: was acknowledged, and Omnigate does not know it" in told["bad"].stdout
    assert "none.jsonl" in told["none"].stderr

"""A manifest that contradicts itself is refused before anything is sent, with the place and how it is mended."""

import pytest

from adapters.rest import MANIFESTS
from adapters.stripe import MANIFEST
from gateway.ports import Manifest, Promise, RetryClass
from gateway.promises import Pace, Replays, contradictions

HOUR = 3_600.0


@pytest.mark.parametrize(
    ("promise", "what"),
    [
        (Promise(RetryClass.KEYED, header=None), "no header carries it"),
        (Promise(RetryClass.KEYED, window=0), "forgotten at once"),
        (Promise(RetryClass.KEYED, window=HOUR, found_by=(), replays=Replays.SUCCESS), "cannot be asked"),
        (Promise(RetryClass.KEYED, found_by=(), replays=Replays.NOTHING), "answers nothing"),
        (Promise(RetryClass.LOOK_UP_FIRST, found_by=()), "nothing says by what"),
        (Promise(RetryClass.LOOK_UP_FIRST, window=HOUR), "no keys that a window could be about"),
        (Promise(RetryClass.NATURAL, undo="unbook"), "'unbook' is no operation"),
        (Promise(RetryClass.NATURAL, attempt=0), "not above nought"),
        (Promise(RetryClass.NATURAL, attempt=9, deadline=8), "longer than the deadline"),
        (Promise(RetryClass.LOOK_UP_FIRST, lag=HOUR, deadline=HOUR), "absent in time"),
        (Promise(RetryClass.NATURAL, pace=Pace(0)), "its pace is no pace"),
        (Promise(RetryClass.NATURAL, in_parts=True), "a further part each time"),
        (Promise(RetryClass.KEYED, found_by=("subject",), in_parts=True), "one is taken for the other"),
    ],
)
def test_a_contradiction_is_named_with_its_place_and_its_mend(promise: Promise, what: str) -> None:
    manifest = {**MANIFESTS.erp, "book": promise}

    [finding] = contradictions("erp", manifest)

    assert finding.place == "erp.book"
    assert what in finding.what
    assert finding.mend


def test_an_effect_without_a_promise_is_named_and_what_it_would_undo() -> None:
    manifest = {name: promise for name, promise in MANIFESTS.wms.items() if name != "cancel"}

    assert [finding.place for finding in contradictions("wms", manifest)] == ["wms.cancel", "wms.release"]


@pytest.mark.parametrize(
    ("role", "effects"),
    [
        ("store", ["ask", "cancel"]),
        ("carrier", ["label", "void"]),
        ("notifications", ["send"]),
        ("supplier", ["transmit", "remind", "withdraw"]),
    ],
)
def test_every_effect_of_an_optional_role_needs_a_promise(role: str, effects: list[str]) -> None:
    assert [finding.place for finding in contradictions(role, {})] == [f"{role}.{effect}" for effect in effects]


@pytest.mark.parametrize(
    ("role", "manifest"),
    [
        ("payments", MANIFESTS.payments),
        ("payments", MANIFEST),
        ("erp", MANIFESTS.erp),
        ("wms", MANIFESTS.wms),
        ("store", MANIFESTS.store),
        ("carrier", MANIFESTS.carrier),
        ("notifications", MANIFESTS.notifications),
        ("supplier", MANIFESTS.supplier),
    ],
)
def test_what_comes_along_does_not_contradict_itself(role: str, manifest: Manifest) -> None:
    assert contradictions(role, manifest) == []

"""The Saturday's last word: one figure for each way in which books can be wrong, and a complaint for each reason."""

from io import StringIO

import pytest
from rich.console import Console

from gateway.cli.saturday_books import Finding, Seen
from gateway.cli.saturday_report import Saturday, print_saturday
from gateway.cli.saturday_scenes import Came, Scene, played
from gateway.cli.saturday_town import Town
from gateway.errors import Unavailable

FINDINGS = [
    Finding("ord_1", "lost", "still processing"),
    Finding("ord_1", "lost", "1 of 2 pieces"),
    Finding("ord_2", "doubled", "a part that is completed with 2 of psp capture, 1 expected"),
    Finding("TENT at main", "oversold", "5 sold of 4"),
]


async def quiet(town: Town) -> Came:
    raise Unavailable("ord_1 is accepted, and not yet at rest")


SCENE = Scene("nothing comes of it", "completed", quiet)


def saturday(*findings: Finding, how: str = "completed") -> Saturday:
    seen = Seen({}, [], [], {}, {}, ())
    return Saturday({SCENE: Came(how)}, seen, findings, [], "ord_3", "dec_1  2026-11-28T09:00:00.000Z\n", 71.4)


def test_where_nothing_is_wrong_there_is_no_complaint() -> None:
    assert saturday().complaints() == []
    assert saturday().last_line == "lost 0 · doubled 0 · oversold 0 · parked 0 · orders 0"


def test_each_order_and_article_counts_once_and_every_finding_is_told() -> None:
    result = saturday(*FINDINGS)

    assert result.last_line == "lost 1 · doubled 1 · oversold 1 · parked 0 · orders 0"
    assert len(result.complaints()) == len(FINDINGS)


@pytest.mark.parametrize("how", ["rejected", "no end"])
def test_a_scene_that_ends_otherwise_is_complained_about(how: str) -> None:
    assert saturday(how=how).complaints() == [f"nothing comes of it: {how}, and not completed"]


async def test_a_scene_that_comes_to_no_end_says_where_it_stands() -> None:
    assert await played(SCENE, Town({}, None)) == Came("ord_1 is accepted, and not yet at rest")  # type: ignore[arg-type]


def test_the_reroute_is_explained_in_the_words_of_the_command_and_then_come_the_complaints() -> None:
    said = StringIO()

    print_saturday(Console(file=said, width=100), saturday(*FINDINGS))

    lines = said.getvalue().splitlines()
    assert "dec_1  2026-11-28T09:00:00.000Z" in lines
    assert lines[-1] == saturday(*FINDINGS).complaints()[-1]

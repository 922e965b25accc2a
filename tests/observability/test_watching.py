"""Alerts, dashboard and guide speak of what the processes really tell, and of each other."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_worker
from gateway.governance.bundle import Bundle
from gateway.settings import ROOT, Settings
from gateway.store.pool import Database
from tests.gate import open_gate
from tests.observability.queries import alerts, dashboard, names, panels, queries
from tests.proof.processes import free_port
from tests.scrape import Scrape, ports_of, scrape

GUIDE = (ROOT / "docs" / "guides" / "operations.md").read_text()
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@pytest.fixture
async def told(database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO) -> AsyncIterator[list[Scrape]]:
    """What an edge and a worker tell, put together as their processes put them together."""
    settings = Settings(metrics_port=free_port())
    database = Database(database_url, connections=2, name="test-worker")
    await database.open()
    async with (
        open_gate(database_url, tmp_path, bundle=bundle, metrics_port=settings.metrics_port),
        create_worker(settings=settings, database=database),
    ):
        yield [await scrape(port) for port in ports_of(lines)]
    await database.close()


def ours(scrapes: list[Scrape]) -> set[str]:
    return set().union(*(each.names for each in scrapes))


async def test_every_query_speaks_of_metrics_that_exist(told: list[Scrape]) -> None:
    exist = ours(told)

    unknown = {where: names(query) - exist for where, query in queries() if names(query) - exist}

    assert unknown == {}


async def test_each_process_says_which_it_is(told: list[Scrape]) -> None:
    roles = [each.of("omnigate_build_info", role=role) for each in told for role in ("edge", "worker")]

    assert roles == [1, 0, 0, 1]


async def test_figures_of_the_installation_are_the_same_from_every_process_and_say_so(told: list[Scrape]) -> None:
    for name in ("omnigate_queue_lag_seconds", "omnigate_oldest_due_step_seconds", "omnigate_runs"):
        documentation = {family.documentation for each in told for family in each.families if family.name == name}

        assert all(each.has(name) for each in told), name
        assert "do not add" in documentation.pop(), name


async def test_the_guide_names_every_metric_and_no_other(told: list[Scrape]) -> None:
    exist = {name for name in ours(told) if name.startswith("omnigate_")}
    named = set(re.findall(r"`(omnigate_\w+)`", GUIDE))
    parts = {f"{name}{part}" for name in named for part in ("_bucket", "_sum", "_count")}  # of a histogram

    assert exist - named - parts == set()
    assert named - exist == {name for name in named if f"{name}_count" in exist}


def test_no_alert_is_written_twice() -> None:
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    file, _, anchor = rule["annotations"]["runbook"].partition("#")

    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert file == "docs/guides/operations.md"
    assert anchor == rule["alert"].lower()
    assert f"\n### {rule['alert']}\n" in GUIDE


def test_the_guide_has_no_section_for_an_alert_that_is_gone() -> None:
    sections = {line.removeprefix("### ") for line in GUIDE.splitlines() if line.startswith("### Omnigate")}

    assert sections == {rule["alert"] for rule in alerts()}


def test_the_dashboard_can_be_taken_into_any_grafana() -> None:
    read = dashboard()
    variable = read["templating"]["list"][0]

    assert "id" not in read
    assert (variable["name"], variable["type"], variable["current"]) == ("datasource", "datasource", {})
    assert all(panel["datasource"] == SOURCE for panel in panels())
    assert all(target["datasource"] == SOURCE for panel in panels() for target in panel["targets"])
    assert all(panel["targets"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels())


def test_panels_stand_side_by_side() -> None:
    every = dashboard()["panels"]
    places = [panel["gridPos"] for panel in every]

    assert len({panel["id"] for panel in every}) == len(every)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert [(a, b) for a, b in combinations(places, 2) if _overlap(a, b)] == []


def _overlap(a: dict[str, int], b: dict[str, int]) -> bool:
    beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    return not (beside or above)

"""What real processes tell while an order goes through: promtool accepts it, and every rule and query about it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.observability.queries import ALERTS, ALERTS_TEST, queries, selected
from tests.proof.client import order
from tests.proof.processes import Process, free_port, until
from tests.proof.rig import STARTED, Rig
from tests.scrape import Scrape, announced, scrape
from tests.tools import Tool, tool

pytestmark = pytest.mark.proof

PROMETHEUS_ADDS = {"job", "instance", "le"}


@pytest.fixture
def promtool() -> Tool:
    return tool("promtool")


def said(promtool: Tool, *command: str, given: str = "") -> str:
    """Nothing, if promtool has nothing against it."""
    done = subprocess.run(
        [str(promtool), *command], input=given, capture_output=True, text=True, check=False, timeout=60
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


async def port_of(process: Process) -> int:
    async def has_said() -> bool:
        return announced(process.log.read_bytes()) != []

    await until(has_said, what=f"{process.name} opens its metrics port", within=STARTED)
    return announced(process.log.read_bytes())[0]


async def watched(rig: Rig) -> list[Scrape]:
    """An edge and a worker, after an order has gone through, one was refused and one was sent twice."""
    rig.environment["OMNIGATE_METRICS_PORT"] = str(free_port())
    edge, address = await rig.start_edge()
    worker = rig.start_worker()
    async with rig.channel(address) as channel:
        await channel.place(order(number=0))
        await channel.http.get("/v1/orders")
        await rig.audit(channel)
    return [await scrape(await port_of(edge)), await scrape(await port_of(worker))]


async def test_promtool_and_the_queries_agree_with_what_is_told(rig: Rig, promtool: Tool) -> None:
    edge, worker = await watched(rig)

    assert edge.of("omnigate_http_requests_total", operation="place_order", status="202") == 1
    assert edge.of("omnigate_http_requests_total", operation="list_orders", status="401") == 1
    assert worker.of("omnigate_worker_ended_runs_total", saga="place_order", outcome="completed") == 1
    assert worker.of("omnigate_back_end_calls_total", system="erp", outcome="succeeded") == 2
    assert [said(promtool, "check", "metrics", given=each.text) for each in (edge, worker)] == ["", ""]
    assert _strange_labels([edge, worker]) == []


def _strange_labels(scrapes: list[Scrape]) -> list[tuple[str, str]]:
    """Labels that a query asks of a metric and that no sample of it has."""
    have: dict[str, set[str]] = {}
    for each in scrapes:
        for sample in each.samples:
            have.setdefault(sample.name, set(PROMETHEUS_ADDS)).update(sample.labels)
    asked = {pair for _, query in queries() for pair in selected(query)}
    return [(name, label) for name, label in asked if name in have and label not in have[name]]


def test_promtool_accepts_the_alert_rules(promtool: Tool) -> None:
    assert said(promtool, "check", "rules", str(ALERTS)) == ""


def test_the_alerts_go_off_when_they_should(promtool: Tool) -> None:
    assert said(promtool, "test", "rules", str(ALERTS_TEST)) == ""


def test_promtool_accepts_every_query_of_the_dashboard(promtool: Tool, tmp_path: Path) -> None:
    rules = [
        {"record": "query", "expr": query, "labels": {"number": str(number)}}
        for number, (_, query) in enumerate(queries())
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))

    assert said(promtool, "check", "rules", str(file)) == ""

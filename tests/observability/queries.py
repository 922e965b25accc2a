"""Every query of the alert rules and the dashboard, and what they speak of."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

from gateway.settings import ROOT

ALERTS = ROOT / "observability" / "alerts.yml"
ALERTS_TEST = ROOT / "tests" / "observability" / "alerts_test.yml"
DASHBOARD = ROOT / "observability" / "dashboard.json"
NAMES = re.compile(r"\b(?:omnigate|process)_\w+")
SELECTORS = re.compile(r"\b((?:omnigate|process)_\w+)\{([^}]*)\}")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def alerts() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [rule for group in read_yaml(ALERTS)["groups"] for rule in group["rules"]]
    return rules


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(DASHBOARD.read_bytes())
    return read


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    """Where each stands, and the query itself, as Prometheus would be asked it."""
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"].replace("$__rate_interval", "5m")


def names(query: str) -> set[str]:
    return set(NAMES.findall(query))


def selected(query: str) -> Iterator[tuple[str, str]]:
    """Each metric with each label that is asked of it."""
    for name, matchers in SELECTORS.findall(query):
        for label in LABEL.findall(matchers):
            yield name, label

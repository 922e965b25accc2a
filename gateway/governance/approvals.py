"""The chains of `policies/approvals.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.domain.approval_policy import ApprovalPolicy, Band, Chain, KindRule, StepRule
from gateway.domain.money import is_currency
from gateway.errors import Misconfigured
from gateway.governance.sections import Count, Listed, Shape, Table, Text, mapping_at, read_section
from gateway.governance.yaml import Document, Place, read_yaml

_STEPS = Listed("[{role: approver, minutes: 240}]", least=0, most=8)
_KIND: dict[str, Shape] = {
    "escalate_to": Text("admin"),
    "otherwise": Listed("[{role: approver, minutes: 240}]", most=8),
    "limits": Table("{GBP: [{up_to: 10000, steps: []}, {steps: [{role: approver, minutes: 240}]}]}"),
}
_BAND: dict[str, Shape] = {"up_to": Count(10_000, least=0), "steps": _STEPS}
_STEP: dict[str, Shape] = {"role": Text("approver"), "minutes": Count(240, most=43_200)}
_NAME = re.compile(r"[a-z][a-z_]{0,39}")


def load_approvals(path: Path) -> ApprovalPolicy:
    """Without a file every kind needs an approver and finance. Raises `Misconfigured` naming file, line and mend."""
    if not path.exists():
        return ApprovalPolicy()
    document = read_yaml(path)
    kinds = mapping_at(document, (), called="the file")
    return ApprovalPolicy({kind: _kind(document, kind) for kind in kinds})


def roles_named(document: Document) -> Iterator[tuple[str, str]]:
    """Each role of a file that loads, with its place."""
    for place, role in _roles(document.value, ()):
        yield document.at(*place), role


def _roles(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        if key in ("role", "escalate_to"):
            yield (*place, key), part
        else:
            yield from _roles(part, (*place, key))


def _kind(document: Document, kind: str) -> KindRule:
    if not _NAME.fullmatch(kind):
        raise Misconfigured(f"{document.at(kind)}: a kind is a word like refund, not '{kind}'")
    told = read_section(document, (kind,), called=kind, keys=_KIND, optional={})
    bands = {currency: _bands(document, kind, currency) for currency in told["limits"]}
    otherwise = _chain(document, (kind, "otherwise"), kind)
    escalate_to = told["escalate_to"]
    chains = [otherwise, *(band.steps for each in bands.values() for band in each)]
    if any(step.role == escalate_to for chain in chains for step in chain):
        where = document.at(kind, "escalate_to")
        raise Misconfigured(f"{where}: {kind}: a step is '{escalate_to}'s already; 'escalate_to' must be another role")
    return KindRule(bands, otherwise, escalate_to)


def _bands(document: Document, kind: str, currency: str) -> tuple[Band, ...]:
    place, called = (kind, "limits", currency), f"{kind}: {currency}"
    told = document.value[kind]["limits"][currency]
    if not is_currency(currency):
        raise Misconfigured(f"{document.at(*place)}: {called}: is not a currency of ISO 4217, like GBP")
    if fault := Listed("[{up_to: 10000, steps: []}, …]", most=20).fault(told):
        raise Misconfigured(f"{document.at(*place)}: {called}: {fault}")
    bands = tuple(_band(document, (*place, number), called) for number in range(len(told)))
    for number, band in enumerate(bands):
        if fault := _fault(bands, number, band):
            raise Misconfigured(f"{document.at(*place, number)}: {called}: {fault}")
    return bands


def _fault(bands: tuple[Band, ...], number: int, band: Band) -> str | None:
    """What is wrong with a band among the others."""
    if (band.up_to is None) != (number == len(bands) - 1):
        return "every band but the last has an 'up_to', and the last has none"
    if number and not band.steps:
        return "only the first band may have no steps"
    before = bands[number - 1].up_to if number else None
    if before is not None and band.up_to is not None and band.up_to <= before:
        return f"'up_to' must be more than {before}, that of the band before"
    return "what has no upper limit needs a step" if band.up_to is None and not band.steps else None


def _band(document: Document, place: Place, called: str) -> Band:
    told = read_section(document, place, called=called, keys=_BAND, optional={"up_to": None})
    return Band(told["up_to"], _chain(document, (*place, "steps"), called))


def _chain(document: Document, place: Place, called: str) -> Chain:
    value = document.value
    for part in place:
        value = value[part]
    each = ((*place, number) for number in range(len(value)))
    return tuple(StepRule(**read_section(document, at, called=called, keys=_STEP, optional={})) for at in each)

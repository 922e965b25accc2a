"""How much one edge process takes on at once, and who comes first: the numbers of `policies/admission.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.access import Allow, Decision, Deny
from gateway.errors import Misconfigured
from gateway.governance.names import did_you_mean, listed
from gateway.governance.sections import Count, Shape, Text, Texts, mapping_at, only_keys, read_section
from gateway.governance.yaml import Document, read_yaml

_TOP = ("places", "classes", "default_class", "operations", "partners", "default_partner", "resting")
_CLASS: dict[str, Shape] = {"share": Count(75), "operations": Texts(Text("place_order"), least=0)}
_RESTING: dict[str, Shape] = {"partner": Count(64), "all": Count(512)}
_MOST_SHARE = 200


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests at once, and both answers ready: the rule that gives them and where it stands."""

    most: int
    yes: Allow
    no: Deny

    def admits(self, taken: int) -> Decision:
        """May there be one more, when *taken* are under way?"""
        return self.yes if taken < self.most else self.no


@dataclass(frozen=True, slots=True)
class Admission:
    """Every limit. A question about an operation or a plan that the file does not name has an answer, too."""

    places: int
    classes: Mapping[str, Limit]  # by operation; counts requests of every class
    default_class: Limit
    least_class: Limit
    operations: Mapping[str, Limit]
    partners: Mapping[str, Limit]  # by plan
    default_partner: Limit
    resting_partner: Limit
    resting: Limit

    def of_class(self, operation: str | None) -> Limit:
        """How full the process may be for a request of *operation* to be admitted; None: of no operation we know."""
        return self.classes.get(operation, self.default_class) if operation else self.least_class

    def of_partner(self, plan: str | None) -> Limit:
        return self.partners.get(plan, self.default_partner) if plan else self.default_partner

    def request(self, operation: str | None, *, taken: int, alike: int) -> Decision:
        """May a request of *operation* begin, when *taken* are under way, *alike* of them of that operation?"""
        decision = self.of_class(operation).admits(taken)
        own = self.operations.get(operation) if operation else None
        return decision if own is None or isinstance(decision, Deny) else own.admits(alike)


def load_admission(path: Path, *, operations: Collection[str], plans: Collection[str]) -> Admission:
    """Raises `Misconfigured` naming file, line, what is wrong and what would be right."""
    document = read_yaml(path)
    only_keys(document, _TOP)
    places = _number(document, "places", like=32)
    classes = {name: _class(document, name, places) for name in mapping_at(document, ("classes",), called="classes")}
    if not classes:
        raise Misconfigured(f"{document.at('classes')}: 'classes' must name at least one class")
    partner = _number(document, "default_partner", like=12)
    resting = read_section(document, ("resting",), called="resting", keys=_RESTING, optional={})
    return Admission(
        places=places,
        classes=_by_operation(document, classes, operations),
        default_class=classes[_default_class(document, classes)],
        least_class=min(classes.values(), key=lambda limit: limit.most),
        operations=_limits(document, "operations", operations, called="operation"),
        partners=_limits(document, "partners", plans, called="plan"),
        default_partner=_limit(document, "default_partner", partner, "any other plan"),
        resting_partner=_limit(document, "resting", resting["partner"], "resting of one partner"),
        resting=_limit(document, "resting", resting["all"], "resting"),
    )


def _class(document: Document, name: str, places: int) -> Limit:
    called = f"class '{name}'"
    found = read_section(document, ("classes", name), called=called, keys=_CLASS, optional={})
    if found["share"] > _MOST_SHARE:
        where = document.at("classes", name, "share")
        raise Misconfigured(f"{where}: {called}: 'share' is a percentage of at most {_MOST_SHARE}, like 75")
    most = max(1, places * found["share"] // 100)
    rule, place = f"class {name}", document.at("classes", name)
    return _decided(most, rule, place, f"{name} are begun while fewer than {most} are under way")


def _by_operation(document: Document, classes: Mapping[str, Limit], operations: Collection[str]) -> Mapping[str, Limit]:
    found: dict[str, Limit] = {}
    for name, limit in classes.items():
        for operation in document.value["classes"][name]["operations"]:
            where = document.at("classes", name, "operations")
            _refuse_unknown(operation, operations, where=where, called="operation")
            if operation in found:
                raise Misconfigured(f"{where}: '{operation}' is in another class already; keep one")
            found[operation] = limit
    return found


def _default_class(document: Document, classes: Mapping[str, Limit]) -> str:
    default = str(document.value["default_class"])
    _refuse_unknown(default, classes, where=document.at("default_class"), called="class")
    return default


def _limits(document: Document, key: str, known: Collection[str], *, called: str) -> Mapping[str, Limit]:
    found: dict[str, Limit] = {}
    for name in mapping_at(document, (key,), called=key):
        _refuse_unknown(name, known, where=document.at(key, name), called=called)
        found[name] = _limit(document, key, _number(document, key, name, like=8), f"{called} {name}", name)
    return found


def _limit(document: Document, key: str, most: int, rule: str, *within: str) -> Limit:
    return _decided(most, rule, document.at(key, *within), f"at most {most} may be under way at once")


def _decided(most: int, rule: str, place: str, reason: str) -> Limit:
    return Limit(most, Allow(rule, place, about="admission"), Deny(rule, place, reason, about="admission"))


def _number(document: Document, *place: str, like: int) -> int:
    value = document.value
    for step in place:
        value = value[step]
    if fault := Count(like).fault(value):
        raise Misconfigured(f"{document.at(*place)}: '{place[-1]}' {fault}")
    return int(value)


def _refuse_unknown(name: str, known: Collection[str], *, where: str, called: str) -> None:
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {listed(known)}"
        raise Misconfigured(f"{where}: there is no {called} '{name}'{hint}")

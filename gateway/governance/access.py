"""Who may do what: the rules of `policies/access.yaml`, decided by one pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from gateway.domain.access import Allow, Decision, Deny, Reach
from gateway.domain.principal import Kind, Principal
from gateway.errors import Misconfigured
from gateway.governance.sections import Shape, Text, Texts, only_keys, read_section
from gateway.governance.yaml import Document, read_yaml

_KEYS: dict[str, Shape] = {
    "name": Text("partners-place-orders"),
    "actions": Texts(Text("orders:write")),
    "principals": Texts(Text("partner", choices=get_args(Kind))),
    "needs": Texts(Text("orders:write"), least=0),
    "roles": Texts(Text("support")),
    "reach": Text("own", choices=get_args(Reach)),
    "channels": Text("own", choices=get_args(Reach)),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a rule can ask about."""

    action: str
    kind: Kind
    scopes: frozenset[str] = frozenset()
    channel: str | None = None  # None: the request speaks for no channel, or it is not known yet
    channels: frozenset[str] = frozenset()  # the caller's own
    roles: frozenset[str] = frozenset()  # an operator's

    @classmethod
    def of(cls, principal: Principal, action: str, *, channel: str | None = None) -> Facts:
        return cls(action, principal.kind, principal.scopes, channel, principal.channels, principal.roles)


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    place: str
    actions: frozenset[str]
    principals: frozenset[str]
    needs: frozenset[str]
    reach: Reach
    channels: Reach = "own"  # for which channels a request may speak
    roles: frozenset[str] = frozenset()  # one of these is enough; none: whatever the role

    def holds(self, facts: Facts) -> bool:
        """Has the caller what the rule asks of it?"""
        return self.needs <= facts.scopes and (not self.roles or bool(self.roles & facts.roles))

    def admits(self, facts: Facts) -> bool:
        return self.channels == "all" or facts.channel is None or facts.channel in facts.channels


class Access:
    """The rules in the order of the file."""

    def __init__(self, rules: tuple[Rule, ...], *, name: str) -> None:
        self.rules = rules
        self._name = name
        self._covering = _covering(rules)

    def covers(self, action: str, kind: Kind) -> bool:
        return (action, kind) in self._covering

    def decide(self, facts: Facts) -> Decision:
        """The first rule for action and principal, whose scopes or roles are held, whose channel it is; else no."""
        covering = self._covering.get((facts.action, facts.kind), ())
        for rule in covering:
            if rule.holds(facts) and rule.admits(facts):
                return Allow(rule.name, rule.place, rule.reach)
        if not covering:
            return Deny("default", self._name, f"no rule lets a {facts.kind} do {facts.action}")
        nearest = covering[-1]  # rules go from the widest to the most ordinary: the last asks the least
        if nearest.holds(facts):
            return Deny(nearest.name, nearest.place, "this channel is not one of the caller's")
        if nearest.needs <= facts.scopes:
            wanted = " or ".join(sorted(nearest.roles))
            return Deny(nearest.name, nearest.place, f"{facts.action} needs the role {wanted}")
        missing = min(nearest.needs - facts.scopes)
        return Deny(nearest.name, nearest.place, f"{facts.action} needs the scope {missing}", missing_scope=missing)


def load_access(path: Path) -> Access:
    """Raises `Misconfigured` naming file, line, rule, what is wrong and what would be right."""
    document = read_yaml(path)
    only_keys(document, ("rules",))
    entries = document.value["rules"]
    if not isinstance(entries, list) or not entries:
        raise Misconfigured(
            f"{document.at('rules')}: 'rules' must be a list of rules; without one nobody may do anything"
        )
    rules = tuple(_rule(document, index) for index in range(len(entries)))
    _refuse_unreachable(rules)
    return Access(rules, name=document.name)


def _rule(document: Document, index: int) -> Rule:
    entry = document.value["rules"][index]
    name = entry.get("name") if isinstance(entry, dict) else None
    called = f"rule '{name}'" if isinstance(name, str) else f"rule {index + 1}"
    optional = {"needs": [], "roles": [], "reach": "own", "channels": "own"}
    found = read_section(document, ("rules", index), called=called, keys=_KEYS, optional=optional)
    found |= {key: frozenset(found[key]) for key in ("actions", "principals", "needs", "roles")}
    if found["roles"] and found["principals"] != {"operator"}:
        where = document.at("rules", index, "roles")
        raise Misconfigured(f"{where}: {called}: only operators have roles; write 'principals: [operator]'")
    return Rule(place=document.at("rules", index), **found)


def _refuse_unreachable(rules: tuple[Rule, ...]) -> None:
    seen: list[Rule] = []
    for rule in rules:
        for earlier in seen:
            if earlier.name == rule.name:
                raise Misconfigured(f"{rule.place}: rule '{rule.name}': {earlier.place} has that name; give it another")
            if _hides(earlier, rule):
                why = f"never decides, for '{earlier.name}' ({earlier.place}) asks no more; put it before that one"
                raise Misconfigured(f"{rule.place}: rule '{rule.name}' {why}")
        seen.append(rule)


def _hides(earlier: Rule, later: Rule) -> bool:
    wider = earlier.actions >= later.actions and earlier.principals >= later.principals
    wider = wider and (earlier.channels == "all" or later.channels == "own")
    asks_no_more = not earlier.roles or (bool(later.roles) and later.roles <= earlier.roles)
    return wider and earlier.needs <= later.needs and asks_no_more


def _covering(rules: tuple[Rule, ...]) -> Mapping[tuple[str, str], tuple[Rule, ...]]:
    found: dict[tuple[str, str], tuple[Rule, ...]] = {}
    for rule in rules:
        for key in ((action, kind) for action in rule.actions for kind in rule.principals):
            found[key] = (*found.get(key, ()), rule)
    return found

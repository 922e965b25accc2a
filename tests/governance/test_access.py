"""Who may do what: the rules as they stand, the order in which they decide, and the words for a broken file."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.access import Allow, Decision, Deny
from gateway.domain.principal import Kind
from gateway.errors import Misconfigured
from gateway.governance.access import Access, Facts, load_access
from gateway.settings import ROOT

RULES = load_access(ROOT / "policies" / "access.yaml")

NOBODY = "default"


@pytest.mark.parametrize(
    ("action", "kind", "scopes", "rule", "outcome"),
    [
        ("orders:read", "partner", {"orders:read"}, "partners-read-their-orders", "own"),
        ("orders:read", "partner", {"operations"}, "operations-read-every-order", "all"),
        ("orders:read", "partner", {"operations", "orders:read"}, "operations-read-every-order", "all"),
        ("orders:read", "partner", {"orders:write"}, "partners-read-their-orders", "lacks orders:read"),
        ("orders:write", "partner", {"orders:write"}, "partners-place-their-orders", "own"),
        ("orders:write", "partner", {"operations", "orders:read"}, "partners-place-their-orders", "lacks orders:write"),
        ("orders:import_history", "partner", {"orders:import_history"}, "partners-import-their-history", "own"),
        (
            "orders:import_history",
            "partner",
            {"orders:write"},
            "partners-import-their-history",
            "lacks orders:import_history",
        ),
        ("callbacks:write", "system", set(), "back-ends-report", "all"),
        ("callbacks:write", "partner", {"orders:write", "operations"}, NOBODY, "denied"),
        ("orders:write", "system", {"orders:write"}, NOBODY, "denied"),
        ("orders:read", "operator", set(), "operators-read-every-order", "all"),
        ("orders:write", "operator", {"orders:write"}, NOBODY, "denied"),
        ("exceptions:read", "partner", {"operations"}, NOBODY, "denied"),
        ("holds:read", "partner", {"operations"}, "operations-read-holds", "all"),
        ("holds:read", "partner", {"orders:read"}, "operations-read-holds", "lacks operations"),
        ("holds:write", "partner", {"operations", "orders:write"}, NOBODY, "denied"),
        ("offers:write", "partner", {"orders:write"}, "partners-answer-offers", "own"),
        ("offers:write", "partner", {"operations", "orders:read"}, "partners-answer-offers", "lacks orders:write"),
        ("handovers:write", "partner", {"stores"}, "stores-hand-over", "all"),
        ("handovers:write", "partner", {"operations", "orders:write"}, "stores-hand-over", "lacks stores"),
        ("handovers:waive_code", "partner", {"stores", "operations"}, NOBODY, "denied"),
        ("orders:erase", "partner", {"orders:write"}, NOBODY, "denied"),
    ],
)
def test_the_policy_of_the_house(action: str, kind: Kind, scopes: set[str], rule: str, outcome: str) -> None:
    decision = RULES.decide(Facts(action, kind, frozenset(scopes)))

    assert (decision.rule, _outcome(decision)) == (rule, outcome)


def _outcome(decision: Decision) -> str:
    if isinstance(decision, Allow):
        return decision.reach
    return f"lacks {decision.missing_scope}" if decision.missing_scope else "denied"


def test_a_decision_names_its_rule_and_place(tmp_path: Path) -> None:
    access = _access(tmp_path, "- {name: read, actions: [a:read], principals: [partner], needs: [a]}")

    assert access.decide(Facts("a:read", "partner", frozenset({"a"}))) == Allow("read", _place(tmp_path, 2), "own")
    assert access.decide(Facts("a:read", "partner")) == Deny(
        "read", _place(tmp_path, 2), "a:read needs the scope a", "a"
    )
    assert access.decide(Facts("b:read", "system")) == Deny(
        NOBODY, f"{tmp_path.name}/access.yaml", "no rule lets a system do b:read"
    )


@pytest.mark.parametrize(
    ("channel", "scopes", "rule", "outcome"),
    [
        (None, {"a"}, "own", "own"),
        ("mine", {"a"}, "own", "own"),
        ("mine", {"a", "any"}, "any", "all"),
        ("theirs", {"a", "any"}, "any", "all"),
        ("theirs", {"a"}, "own", "denied"),
        ("theirs", set(), "own", "lacks a"),
    ],
)
def test_a_channel_must_be_the_callers_unless_the_rule_says_otherwise(
    tmp_path: Path, channel: str | None, scopes: set[str], rule: str, outcome: str
) -> None:
    wide = "- {name: any, actions: [a], principals: [partner], needs: [any], reach: all, channels: all}"
    plain = "- {name: own, actions: [a], principals: [partner], needs: [a]}"

    decision = _access(tmp_path, wide, plain).decide(
        Facts("a", "partner", frozenset(scopes), channel, frozenset({"mine"}))
    )

    assert (decision.rule, _outcome(decision)) == (rule, outcome)


def test_a_rule_for_all_channels_is_not_hidden_by_one_for_the_callers_own(tmp_path: Path) -> None:
    own = "- {name: own, actions: [a], principals: [partner]}"
    wide = "- {name: any, actions: [a], principals: [partner], channels: all}"

    assert len(_access(tmp_path, own, wide).rules) == 2
    with pytest.raises(Misconfigured, match="rule 'own' never decides"):
        _access(tmp_path, wide, own)


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    wide = "- {name: wide, actions: [a:read], principals: [partner], needs: [all], reach: all}"
    plain = "- {name: plain, actions: [a:read], principals: [partner], needs: [some]}"
    facts = Facts("a:read", "partner", frozenset({"all", "some"}))

    assert _access(tmp_path, wide, plain).decide(facts).rule == "wide"
    assert _access(tmp_path, plain, wide).decide(facts).rule == "plain"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["- {actions: [a]}"], "access.yaml:2: rule 1: 'name' is missing; write 'name: partners-place-orders'"),
        (["- {name: r, action: [a]}"], "access.yaml:2: rule 'r': unknown key 'action'; did you mean 'actions'?"),
        (
            ["- {name: r, xyz: 1}"],
            "access.yaml:2: rule 'r': unknown key 'xyz'; known are 'name', 'actions', 'principals', 'needs', 'roles', "
            "'reach', 'channels'",
        ),
        (
            ["- name: r", "  actions: a:read", "  principals: [partner]"],
            "access.yaml:3: rule 'r': 'actions' must be a list, like [orders:write]",
        ),
        (
            ["- name: r", "  actions: [a]", "  principals: [partners]"],
            "access.yaml:4: rule 'r': 'principals' must be one of 'partner', 'operator', 'system', not 'partners'; "
            "did you mean 'partner'?",
        ),
        (
            ["- {name: r, actions: [a], principals: [partner], reach: every}"],
            "access.yaml:2: rule 'r': 'reach' must be one of 'own', 'all', not 'every'",
        ),
        (
            ["- {name: r, actions: [a, a], principals: [partner]}"],
            "access.yaml:2: rule 'r': 'actions' names something twice",
        ),
        (
            ["- {name: r, actions: [a], principals: [partner]}", "- {name: r, actions: [b], principals: [partner]}"],
            "access.yaml:3: rule 'r': {folder}/access.yaml:2 has that name; give it another",
        ),
        (
            [
                "- {name: r, actions: [a], principals: [partner]}",
                "- {name: s, actions: [a], principals: [partner], needs: [x]}",
            ],
            "access.yaml:3: rule 's' never decides, for 'r' ({folder}/access.yaml:2) asks no more; "
            "put it before that one",
        ),
        (["- r"], "access.yaml:2: rule 1 must be a mapping of keys to values"),
        (["  []"], "access.yaml:1: 'rules' must be a list of rules; without one nobody may do anything"),
        (["- &r {name: r}"], "access.yaml:2: anchors (&r) are not read here; write the value out"),
        (["- {name: r, name: s}"], "access.yaml:2: 'name' stands here twice; keep one"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(tmp_path: Path, rules: list[str], message: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        _access(tmp_path, *rules)

    assert wrong.value.detail == f"{tmp_path.name}/{message.format(folder=tmp_path.name)}"


@pytest.mark.parametrize(
    ("roles", "decision"),
    [
        ({"support", "viewer"}, Allow("mend", "", "all")),
        ({"viewer"}, Deny("mend", "", "a:mend needs the role finance or support")),
        (set(), Deny("mend", "", "a:mend needs the role finance or support")),
    ],
)
def test_one_of_the_roles_is_enough(tmp_path: Path, roles: set[str], decision: Decision) -> None:
    rule = "- {name: mend, actions: [a:mend], principals: [operator], roles: [support, finance], reach: all}"

    decided = _access(tmp_path, rule).decide(Facts("a:mend", "operator", roles=frozenset(roles)))

    assert decided == replace(decision, place=_place(tmp_path, 2))


@pytest.mark.parametrize(("wide", "narrow"), [("[a, b]", "[a]"), ("", "[a]")])
def test_a_rule_for_roles_that_an_earlier_one_has_never_decides(tmp_path: Path, wide: str, narrow: str) -> None:
    rules = [
        f"- {{name: {name}, actions: [x], principals: [operator]{f', roles: {roles}' if roles else ''}}}"
        for name, roles in (("wide", wide), ("narrow", narrow))
    ]

    assert len(_access(tmp_path, *reversed(rules)).rules) == 2
    with pytest.raises(Misconfigured, match="rule 'narrow' never decides"):
        _access(tmp_path, *rules)


def test_only_operators_have_roles(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"access\.yaml:2: rule 'r': only operators have roles"):
        _access(tmp_path, "- {name: r, actions: [a], principals: [partner, operator], roles: [viewer]}")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"access\.yaml: there is no such file"):
        load_access(tmp_path / "access.yaml")


def _access(folder: Path, *rules: str) -> Access:
    path = folder / "access.yaml"
    path.write_text("\n".join(["rules:", *rules]), encoding="utf-8")
    return load_access(path)


def _place(folder: Path, line: int) -> str:
    return f"{folder.name}/access.yaml:{line}"

"""What stores are told to do other than pick: reject, come up short, say nothing; where, of what and how often."""

from collections.abc import Collection

import orjson

from adapters.sandbox.answers import Json, Refusal
from adapters.sandbox.ledger import Ledger

REASONS = ("not_in_stock", "mismatch", "damage", "worn_display", "no_variance")
REJECTS = ("reject", "reject_late")  # at once, or after it was accepted
NEEDS = {**dict.fromkeys(REJECTS, "reason"), "short": "by"}
KINDS = (*REJECTS, "short", "silence")
MOST = 1_000  # rules at once, and the largest number in one
INSERT = "INSERT INTO store_rules (place, kind, node, sku, reason, by, next) VALUES (?, ?, ?, ?, ?, ?, ?)"
STRIKES = """
UPDATE store_rules SET struck = struck + 1
 WHERE place = (SELECT min(place) FROM store_rules WHERE kind = ?1 AND coalesce(node, ?2) = ?2
                   AND (sku IS NULL OR sku IN (SELECT value FROM json_each(?3))) AND (next IS NULL OR struck < next))
RETURNING sku, reason, by
"""


def replace(ledger: Ledger, written: Json) -> None:
    """Put other rules in force, all or none. Raises `Refusal` when one of them is not possible."""
    rules = written.get("rules")
    if written.keys() != {"rules"} or not isinstance(rules, list) or len(rules) > MOST:
        raise _wrong(f"give 'rules', a list of at most {MOST}")
    made = [_read(rule, f"rules[{place}]") for place, rule in enumerate(rules)]
    with ledger.transaction():
        ledger.run("DELETE FROM store_rules")
        for place, rule in enumerate(made):
            ledger.run(INSERT, place, *rule)


def shown(ledger: Ledger) -> Json:
    """The rules in force, and how many tasks each has struck."""
    rows = [dict(row) for row in ledger.rows("SELECT * FROM store_rules ORDER BY place")]
    return {"rules": [{name: row[name] for name in row if name != "place" and row[name] is not None} for row in rows]}


def strikes(ledger: Ledger, kind: str, node: str, skus: Collection[str]) -> Json | None:
    """The first rule of that kind that is about this node and one of these articles, used up by one."""
    rule = ledger.row(STRIKES, kind, node, orjson.dumps(list(skus)).decode())
    return dict(rule) if rule else None


def _read(written: object, where: str) -> tuple[object, ...]:
    if not isinstance(written, dict):
        raise _wrong(f"{where} must be an object")
    kind = written.get("kind")
    if kind not in KINDS:
        raise _wrong(f"{where}: there is no kind '{kind}'; known: {', '.join(KINDS)}")
    needed = NEEDS.get(kind)
    known = {"kind", "node", "sku", "next", *([needed] if needed else [])}
    if unknown := written.keys() - known:
        raise _wrong(f"{where}: unknown key '{min(unknown)}'; '{kind}' knows {', '.join(sorted(known))}")
    node, sku = (_named(written, name, where) for name in ("node", "sku"))
    reason = _reason(written, where) if needed == "reason" else None
    by = _number(written, "by", where) if needed == "by" else None
    limit = _number(written, "next", where) if "next" in written else None
    return kind, node, sku.upper() if sku else None, reason, by, limit


def _named(written: Json, name: str, where: str) -> str | None:
    value = written.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= 200):
        raise _wrong(f"{where}: '{name}' must be a text; leave it out for all of them")
    return value


def _reason(written: Json, where: str) -> str:
    reason = written.get("reason")
    if reason not in REASONS:
        raise _wrong(f"{where}: 'reason' must be one of {', '.join(REASONS)}")
    return str(reason)


def _number(written: Json, name: str, where: str) -> int:
    value = written.get(name)
    if type(value) is not int or not 1 <= value <= MOST:
        raise _wrong(f"{where}: '{name}' must be a whole number from 1 to {MOST}")
    return value


def _wrong(detail: str) -> Refusal:
    return Refusal(422, "rule_not_possible", detail)

"""What the ledgers can be asked: effects, attempts, callbacks and the balances they come to."""

import sqlite3
from collections.abc import Iterable, Mapping

import orjson

from adapters.sandbox.answers import Json, Refusal
from adapters.sandbox.ledger import Ledger, moment

SYSTEMS = ("psp", "stripe", "erp", "wms", "store", "carrier", "notifications", "supplier")
USUAL, MOST = 100, 1000
FILTERS = {
    "effects": ("order_id", "key", "reference", "kind"),
    "attempts": ("order_id", "key", "reference", "operation", "fault", "traceparent"),
}
DOUBLED = """
SELECT count(*) FROM (SELECT 1 FROM effects WHERE key IS NOT NULL OR system = 'erp'
                      GROUP BY system, kind, coalesce(key, reference) HAVING count(*) > 1)
"""
HELD = """
SELECT currency, sum(captured) AS captured,
       sum(CASE WHEN status IN ('authorised', 'partially_captured') AND coalesce(expires_at > ?, 1)
                THEN amount - captured ELSE 0 END) AS held
  FROM authorisations GROUP BY currency
"""
SHELVES = "SELECT node, sku, on_hand, allocated FROM shelves ORDER BY node, sku"
REFUNDED = """
SELECT currency, sum(CASE kind WHEN 'refund' THEN amount ELSE -amount END) FROM effects
 WHERE system = ? AND kind IN ('refund', 'refund_failed') GROUP BY currency
"""
BOOKED = "SELECT count(*) AS orders, coalesce(sum(lines), 0) AS lines FROM sales_orders WHERE status <> 'cancelled'"


def page(ledger: Ledger, table: str, system: str, query: Mapping[str, str]) -> Json:
    """One page of a system's effects or attempts, oldest first."""
    if system not in SYSTEMS:
        raise Refusal(404, "unknown_system", f"the ledgers are {', '.join(SYSTEMS)}")
    if unknown := query.keys() - {"after", "limit", *FILTERS[table]}:
        raise Refusal(400, "malformed", f"unknown parameter '{min(unknown)}'; known: {', '.join(FILTERS[table])}")
    limit, after = _number(query, "limit", USUAL, most=MOST), _number(query, "after", 0, most=2**62)
    asked = [name for name in FILTERS[table] if name in query]
    conditions = "".join(f" AND {name} = ?" for name in asked)  # names from FILTERS, never from the caller
    statement = f"SELECT * FROM {table} WHERE system = ? AND sequence > ?{conditions} ORDER BY sequence LIMIT ?"  # noqa: S608
    rows = ledger.rows(statement, system, after, *(query[name] for name in asked), limit + 1)
    show = _effect if table == "effects" else _attempt
    listed = [show(row) for row in rows[:limit]]
    return {table: listed, "next": listed[-1]["sequence"] if len(rows) > limit else None}


def summary(ledger: Ledger) -> Json:
    """Counts per kind and the balances of all books."""
    return {
        "psp": {"effects": _effects(ledger, "psp"), **_balances(ledger)},
        "stripe": {"effects": _effects(ledger, "stripe"), **_intents(ledger)},
        "erp": {"effects": _effects(ledger, "erp"), **_sales(ledger), **_purchases(ledger)},
        "wms": {"effects": _effects(ledger, "wms"), **_warehouse(ledger)},
        "store": {"effects": _effects(ledger, "store"), **_stores(ledger)},
        "carrier": {"effects": _effects(ledger, "carrier")},
        "notifications": {"effects": _effects(ledger, "notifications")},
        "supplier": {"effects": _effects(ledger, "supplier"), "documents": _documents(ledger)},
        "attempts": _pairs(ledger.rows("SELECT system, count(*) FROM attempts GROUP BY system")),
        "faults": injected(ledger),
        "doubled": ledger.value(DOUBLED),
    }


def injected(ledger: Ledger) -> Json:
    """How many faults of each kind struck since the ledger was begun."""
    return _pairs(ledger.rows("SELECT fault, count(*) FROM attempts WHERE fault IS NOT NULL GROUP BY fault"))


def _effects(ledger: Ledger, system: str) -> Json:
    return _pairs(ledger.rows("SELECT kind, count(*) FROM effects WHERE system = ? GROUP BY kind", system))


def _balances(ledger: Ledger) -> Json:
    rows = ledger.rows(HELD, ledger.now())
    balances = {name: {row["currency"]: row[name] for row in rows} for name in ("held", "captured")}
    return {**balances, "refunded": _pairs(ledger.rows(REFUNDED, "psp"))}


def _intents(ledger: Ledger) -> Json:
    rows = ledger.rows(
        "SELECT upper(currency) AS currency, sum(CASE status WHEN 'requires_capture' THEN amount ELSE 0 END) AS held,"
        " sum(captured) AS captured FROM stripe_intents GROUP BY currency"
    )
    balances = {name: {row["currency"]: row[name] for row in rows} for name in ("held", "captured")}
    return {**balances, "refunded": _pairs(ledger.rows(REFUNDED, "stripe"))}


def _sales(ledger: Ledger) -> Json:
    live = ledger.rows(BOOKED)[0]
    sums = ledger.rows(
        "SELECT currency, sum(goods) AS goods, sum(total) AS total FROM sales_orders WHERE status <> 'cancelled'"
        " GROUP BY currency"
    )
    return {
        "live": live["orders"],
        "lines": live["lines"],
        "cancelled": ledger.value("SELECT count(*) FROM sales_orders WHERE status = 'cancelled'"),
        "invoices": ledger.value("SELECT count(*) FROM invoices"),
        "goods": {row["currency"]: row["goods"] for row in sums},
        "total": {row["currency"]: row["total"] for row in sums},
        "invoiced": _pairs(ledger.rows("SELECT currency, sum(amount) FROM invoices GROUP BY currency")),
        "credited": _pairs(ledger.rows("SELECT currency, sum(amount) FROM credit_memos GROUP BY currency")),
    }


def _purchases(ledger: Ledger) -> Json:
    live = ledger.rows(
        "SELECT currency, sum(amount) FROM purchase_orders WHERE status <> 'cancelled' GROUP BY currency"
    )
    return {
        "purchased": _pairs(live),
        "billed": _pairs(ledger.rows("SELECT currency, sum(amount) FROM supplier_bills GROUP BY currency")),
    }


def _warehouse(ledger: Ledger) -> Json:
    counted = _pairs(ledger.rows("SELECT status, count(*) FROM shipments GROUP BY status"))
    told = _states(ledger.rows("SELECT state, count(*) FROM callbacks GROUP BY state"))
    return {**{status: counted.get(status, 0) for status in ("released", "shipped", "cancelled")}, "callbacks": told}


def _stores(ledger: Ledger) -> Json:
    """How many tasks stand where: some may stand `asked` for ever."""
    counted = _pairs(ledger.rows("SELECT status, count(*) FROM tasks GROUP BY status"))
    told = _states(ledger.rows("SELECT state, count(*) FROM store_callbacks GROUP BY state"))
    return {"tasks": counted, "callbacks": told}


def _documents(ledger: Ledger) -> Json:
    """How many of those that suppliers wrote stand how."""
    return _pairs(ledger.rows("SELECT state, count(*) FROM supplier_documents GROUP BY state"))


def _states(callbacks: Iterable[sqlite3.Row]) -> Json:
    counted = _pairs(callbacks)
    return {state: counted.get(state, 0) for state in ("pending", "delivered", "lost")}


def stock(ledger: Ledger) -> Json:
    """Every article at every node: units on the shelves, and how many of them are promised to shipments and tasks."""
    return {"stock": [dict(row) for row in ledger.rows(SHELVES)]}


def moves(ledger: Ledger, query: Mapping[str, str]) -> Json:
    """One page of how stock truly changed, oldest first."""
    limit, after = _number(query, "limit", USUAL, most=MOST), _number(query, "after", 0, most=2**62)
    rows = ledger.rows("SELECT * FROM moves WHERE sequence > ? ORDER BY sequence LIMIT ?", after, limit + 1)
    listed = [{**dict(row), "at": moment(row["at"])} for row in rows[:limit]]
    return {"moves": listed, "next": listed[-1]["sequence"] if len(rows) > limit else None}


def callbacks(ledger: Ledger, query: Mapping[str, str]) -> Json:
    """One page of the warehouse's callbacks, oldest first."""
    return _told(ledger, "callbacks", query, ("shipment",))


def payment_callbacks(ledger: Ledger, query: Mapping[str, str]) -> Json:
    """One page of the payment provider's callbacks, oldest first."""
    return _told(ledger, "psp_callbacks", query, ("type", "refund"))


def store_callbacks(ledger: Ledger, query: Mapping[str, str]) -> Json:
    """One page of the stores' callbacks, oldest first."""
    return _told(ledger, "store_callbacks", query, ("type", "task"))


def events(ledger: Ledger, query: Mapping[str, str]) -> Json:
    """One page of the Stripe side's events, oldest first."""
    return _told(ledger, "stripe_events", query, ("type", "object"))


def _told(ledger: Ledger, table: str, query: Mapping[str, str], about: tuple[str, ...]) -> Json:
    limit, after = _number(query, "limit", USUAL, most=MOST), _number(query, "after", 0, most=2**62)
    statement = f"SELECT * FROM {table} WHERE sequence > ? ORDER BY sequence LIMIT ?"  # noqa: S608
    rows = ledger.rows(statement, after, limit + 1)
    listed = [_callback(row, about) for row in rows[:limit]]
    name = table.rpartition("_")[2]
    return {name: listed, "next": listed[-1]["sequence"] if len(rows) > limit else None}


def _callback(row: sqlite3.Row, about: tuple[str, ...]) -> Json:
    plain = {name: row[name] for name in ("sequence", "id", *about, "state", "attempts", "copies", "last_status")}
    return {**plain, "delivered_at": moment(row["delivered_at"]) if row["delivered_at"] else None}


def _effect(row: sqlite3.Row) -> Json:
    plain = {name: row[name] for name in ("sequence", "system", "kind", "key", "reference", "order_id")}
    amount = {"amount": row["amount"], "currency": row["currency"]} if row["amount"] is not None else None
    read = {name: orjson.loads(row[name]) if row[name] else None for name in ("lines", "data")}
    return {**plain, "id": row["subject"], "amount": amount, **read, "at": moment(row["at"])}


def _attempt(row: sqlite3.Row) -> Json:
    shown = {**dict(row), "received_at": moment(row["received_at"])}
    return {**shown, "applied": bool(row["applied"]), "replayed": bool(row["replayed"])}


def _pairs(rows: Iterable[sqlite3.Row]) -> Json:
    return {row[0]: row[1] for row in rows}


def _number(query: Mapping[str, str], name: str, usual: int, *, most: int) -> int:
    value = query.get(name, str(usual))
    if not (value.isascii() and value.isdigit() and int(value) <= most):
        raise Refusal(400, "malformed", f"'{name}' must be a whole number of at most {most}")
    return int(value)

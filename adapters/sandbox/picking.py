"""The stores' hands: a task is answered, picked and handed over, each in its time, and every step of it is told."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Literal

import orjson

from adapters.sandbox import shelves, store_rules
from adapters.sandbox.answers import Effect, Json, Refusal, demand
from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.ledger import Ledger, moment
from adapters.sandbox.shelves import Cause
from adapters.sandbox.store import find_task, promised, read
from adapters.sandbox.turns import in_turns

BATCH = 100
IDLE = 30.0
DUE_AT = "at + CASE status WHEN 'asked' THEN ?1 WHEN 'accepted' THEN ?2 ELSE ?3 END"
DUE = f"SELECT * FROM tasks WHERE waits AND {DUE_AT} <= ?4 ORDER BY at LIMIT ?5"  # noqa: S608
NEXT = f"SELECT min({DUE_AT}) FROM tasks WHERE waits"  # noqa: S608
STANDS = "UPDATE tasks SET status = ?, waits = ?, at = ?, reason = ?, picked = ? WHERE id = ?"
CALLBACK = """
INSERT INTO store_callbacks (id, type, task, body, traceparent, state, copies, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


class Picking:
    """Moves on what is due: *paces* are the seconds that a task stands asked, accepted and, if a carrier fetches it,
    ready."""

    def __init__(self, ledger: Ledger, callbacks: Callbacks, *, paces: tuple[float, float, float]) -> None:
        self._ledger = ledger
        self._callbacks = callbacks
        self._paces = paces
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        await in_turns(self._turn, self._wake)

    def _turn(self) -> float:
        due = self._ledger.rows(DUE, *self._paces, self._ledger.now(), BATCH)
        for row in due:
            with self._ledger.transaction():
                self._move_on(read(dict(row)))
        if due:
            self._callbacks.wake()
        upcoming: float | None = self._ledger.value(NEXT, *self._paces)
        return IDLE if upcoming is None else min(IDLE, max(0.0, upcoming - self._ledger.now()))

    def _move_on(self, task: Json) -> None:
        skus = demand(task["lines"])
        if task["status"] == "asked" and store_rules.strikes(self._ledger, "silence", task["node"], skus):
            self._ledger.run("UPDATE tasks SET waits = 0 WHERE id = ?", task["id"])
            return
        STEPS[task["status"]](self._ledger, task)

    def take(self, named: str, *, status: Literal["asked", "accepted", "ready"]) -> str:
        """Have the store do at once what follows *status*, silent or not; answers how the task stands then."""
        with self._ledger.transaction():
            task = find_task(self._ledger, named)
            if task["status"] != status:
                raise Refusal(409, "not_possible", f"the task is {task['status']}, not {status}")
            STEPS[status](self._ledger, task)
        self._callbacks.wake()
        self.wake()
        return str(find_task(self._ledger, named)["status"])


def answer(ledger: Ledger, task: Json) -> None:
    """Accept what lies there, which is set aside; reject what does not, or what a rule says."""
    node, wanted = task["node"], demand(task["lines"])
    rule = store_rules.strikes(ledger, "reject", node, wanted)
    if rule or any(shelves.free(ledger, node, sku) < quantity for sku, quantity in wanted.items()):
        stand(ledger, task, "rejected", reason=rule["reason"] if rule else "not_in_stock")
        return
    shelves.allocate(ledger, node, wanted, Cause("order", task["order_id"], ledger.now()))
    stand(ledger, task, "accepted")


def pick(ledger: Ledger, task: Json) -> None:
    """What was found is ready, the rest is no longer set aside. A store that finds nothing rejects after all."""
    node, wanted = task["node"], demand(task["lines"])
    rule = store_rules.strikes(ledger, "reject_late", node, wanted)
    picked = {} if rule else _found(ledger, task)
    if not any(picked.values()):
        picked, status, reason = {}, "rejected", rule["reason"] if rule else "not_in_stock"
    else:
        status, reason = "ready", None
    kept = promised({**task, "status": status, "picked": picked})
    left = {sku: quantity - kept.get(sku, 0) for sku, quantity in wanted.items() if quantity > kept.get(sku, 0)}
    shelves.give_back(ledger, node, left, Cause("order", task["order_id"], ledger.now()))
    stand(ledger, {**task, "picked": picked}, status, reason=reason)


def hand_over(ledger: Ledger, task: Json) -> None:
    left = {sku: quantity for sku, quantity in promised(task).items() if quantity}
    shelves.take(ledger, task["node"], left, Cause("shipment", task["order_id"], ledger.now()))
    stand(ledger, task, "handed_over")


STEPS: Mapping[str, Callable[[Ledger, Json], None]] = {"asked": answer, "accepted": pick, "ready": hand_over}


def _found(ledger: Ledger, task: Json) -> dict[str, int]:
    """Pieces of each line. A rule that names an article is about its lines, another about the first lines there are."""
    rule = store_rules.strikes(ledger, "short", task["node"], demand(task["lines"]))
    missing, found = rule["by"] if rule else 0, {}
    for line in task["lines"]:
        about = rule is not None and rule["sku"] in (None, line["sku"].upper())
        lost = min(missing, line["quantity"]) if about else 0
        found[line["line_id"]] = line["quantity"] - lost
        missing -= lost
    return found


def stand(ledger: Ledger, task: Json, status: str, *, reason: str | None = None) -> None:
    """Inside a transaction: the task's new status, the line in the books and the callback."""
    now, waits = ledger.now(), status == "accepted" or (status == "ready" and task["method"] == "ship")
    ledger.run(STANDS, status, waits, now, reason, orjson.dumps(task["picked"]), task["id"])
    data = {"reason": reason} if reason else {"picked": task["picked"]} if task["picked"] else None
    named = {"subject": task["id"], "order_id": task["order_id"], "reference": task["reference"]}
    ledger.book(None, Effect(kind=status, lines=task["lines"], data=data, **named), system="store")
    state = "lost" if task["fault"] == "lost_callback" else "pending"
    told = (f"msg_{secrets.token_hex(12)}", f"task.{status}", task["id"], _message(task, status, now))
    ledger.run(CALLBACK, *told, task["traceparent"], state, task["copies"], now + task["delay"])


def _message(task: Json, status: str, now: float) -> bytes:
    named = {"task_id": task["id"], "reference": task["reference"], "order_id": task["order_id"]}
    return orjson.dumps({"type": f"task.{status}", "timestamp": moment(now), "data": {**named, "at": moment(now)}})

"""The stores: pick what they are asked for, if they can, and hand it over; every effect under our key."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, get_args

from adapters.reading import Json
from adapters.rest.dialect import Conversation, pieces
from gateway.domain.orders import Order
from gateway.fulfilment_ports import Method, StoreTask
from gateway.ports import Effect

TASKS = "/tasks"
KINDS = {"ask": "task", "cancel": "cancel"}
Status = Literal["asked", "accepted", "rejected", "ready", "handed_over", "cancelled"]
STATUSES: Mapping[str, Status] = {status: status for status in get_args(Status)}
REASONS = frozenset({"not_in_stock", "mismatch", "damage", "worn_display", "no_variance"})
OVER = frozenset({"cancelled", "rejected"})  # nobody picks it any more


class RestStore:
    """`gateway.fulfilment_ports.Store` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self.manifest = conversation.manifest
        self._store = conversation

    async def ask(self, order: Order, method: Method, *, until: datetime, key: str) -> Effect:
        asked = await self._store.effect("ask", TASKS, pick(order, method, until=until, reference=key), key=key)
        self._store.text(asked, "reference", expected=key)
        self._store.text(asked, "status", expected="asked")
        return Effect(self._store.identifier(asked), key, "task")

    async def cancel(self, task: str, *, key: str) -> Effect:
        path = f"{TASKS}/{self._store.segment(task)}/cancel"
        cancelled = await self._store.effect("cancel", path, {"reference": key}, key=key)
        if self._store.text(cancelled, "status") not in OVER:
            raise self._store.unreadable("'status' is not what was promised")
        return Effect(self._store.identifier(cancelled), key, "cancel")

    async def task(self, task: str) -> StoreTask | None:
        found = await self._store.look_up("task", f"{TASKS}/{self._store.segment(task)}")
        if found is None:
            return None
        status = STATUSES.get(self._store.text(found, "status"))
        if status is None:
            raise self._store.unreadable("'status' is not what was promised")
        reason, picked = self._reason(found, status), self._picked(found)
        return StoreTask(self._store.identifier(found), status, reason, picked, self._store.moment(found, "at"))

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        kind = KINDS[operation]
        return [Effect(self._store.identifier(each), key, kind) for each in await self._store.done(kind, key=key)]

    def _reason(self, found: Json, status: Status) -> str | None:
        reason = found.get("reason")
        if status != "rejected" and reason is None:
            return None
        if status == "rejected" and isinstance(reason, str) and reason in REASONS:
            return reason
        raise self._store.unreadable("'status' and 'reason' do not go together")

    def _picked(self, found: Json) -> Mapping[str, int]:
        picked = found.get("picked")
        if not isinstance(picked, dict) or not all(type(count) is int and count >= 0 for count in picked.values()):
            raise self._store.unreadable("'picked' is no count of pieces by line")
        return picked


def pick(order: Order, method: Method, *, until: datetime, reference: str) -> Json:
    """What a store needs to find the pieces: no personal data, for whoever fetches them brings a code."""
    return {
        "reference": reference,
        "order_id": order.order_id,
        "node": order.node_id,
        "method": method,
        "until": until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "lines": pieces(order),
    }

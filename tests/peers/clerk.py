"""
Whoever works at Tryton's warehouse and books: sees and does what a person would in its own client, over the same HTTP.

It shares no code with the adapter, logs in under a name of its own, and is told nothing by it.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.peers.tryton import Tryton

Json = dict[str, Any]
STEPS = {"assigned": "pick", "picked": "pack", "packed": "ship", "shipped": "do"}


@dataclass(slots=True)
class Clerk:
    server: Tryton
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False, timeout=60))
    context: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        user, token, _ = self._call("common.db.login", self.server.clerk, {"password": self.server.password})
        told = base64.b64encode(f"{self.server.clerk}:{user}:{token}".encode()).decode()
        self.http.headers["authorization"] = f"Session {told}"
        self.context = self._call("model.res.user.get_preferences", True, {})

    def ask(self, method: str, *params: Any, **context: Any) -> Any:
        """The answer of `model.<method>`; what Tryton says no to is an `AssertionError` with its words."""
        return self._call(f"model.{method}", *params, {**self.context, **context})

    def found(self, model: str, fields: list[str], *domain: Any) -> list[Json]:
        listed: list[Json] = self.ask(f"{model}.search_read", list(domain), 0, None, [["id", "ASC"]], fields)
        return listed

    def ship(self, shipment: str | int) -> None:
        """Pick, pack, hand over: whatever is still to be done to it."""
        while (state := self.state("stock.shipment.out", shipment)) != "done":
            self.ask(f"stock.shipment.out.{STEPS[state]}", [int(shipment)])

    def state(self, model: str, record: str | int) -> str:
        [read] = self.ask(f"{model}.read", [int(record)], ["state"])
        return str(read["state"])

    def _call(self, method: str, *params: Any) -> Any:
        url = f"{self.server.url}/{self.server.database}/rpc/"
        answer = self.http.post(url, json={"id": 1, "method": method, "params": list(params)})
        assert answer.status_code == 200, (method, answer.status_code, answer.text)
        said = answer.json()
        assert "error" not in said, (method, said["error"])
        return said["result"]

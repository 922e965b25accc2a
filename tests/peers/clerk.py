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
MOST_WARNINGS = 3
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

    def insist(self, method: str, *params: Any) -> Any:
        """Have it done, whatever Tryton warns of."""
        for _ in range(MOST_WARNINGS):
            said = self._said(f"model.{method}", *params, self.context)
            if said.get("error", [""])[0] != "UserWarning":
                break
            self.ask("res.user.warning.skip", said["error"][1][0])
        assert "error" not in said, (method, said["error"])
        return said["result"]

    def found(self, model: str, fields: list[str], *domain: Any) -> list[Json]:
        listed: list[Json] = self.ask(f"{model}.search_read", list(domain), 0, None, [["id", "ASC"]], fields)
        return listed

    def ship(self, shipment: str | int) -> None:
        """Pick, pack, hand over: whatever is still to be done to it."""
        while (state := self.state("stock.shipment.out", shipment)) != "done":
            self.insist(f"stock.shipment.out.{STEPS[state]}", [int(shipment)])

    def move(self, product: int, quantity: int, whence: str | int, whither: str | int) -> int:
        """Goods go from one place to another, at once. A number is a warehouse, a word a type of other places."""
        there = {"from_location": self._place(whence), "to_location": self._place(whither)}
        seed = self.server.seed
        move = {"product": product, "unit": seed["unit"], "quantity": quantity, "company": seed["company"], **there}
        if "supplier" in (whence, whither):
            move |= {"unit_price": {"__class__": "Decimal", "decimal": "1"}, "currency": seed["currencies"]["EUR"]}
        [made] = self.ask("stock.move.create", [move])
        self.insist("stock.move.do", [made])  # though it has no origin
        return int(made)

    def send(self, product: int, quantity: int, reference: str) -> None:
        """Goods leave the warehouse for a customer, picked, packed and handed over, under *reference*."""
        seed = self.server.seed
        [house] = self.found("stock.location", ["output_location"], ["id", "=", seed["warehouse"]["id"]])
        move = {"product": product, "unit": seed["unit"], "quantity": quantity, "company": seed["company"]}
        move |= {"from_location": house["output_location"], "to_location": self._place("customer")}
        move |= {"unit_price": {"__class__": "Decimal", "decimal": "1"}, "currency": seed["currencies"]["EUR"]}
        shipment = {
            "customer": seed["channels"]["web-uk"]["party"],
            "delivery_address": seed["channels"]["web-uk"]["address"],
            "company": seed["company"],
            "warehouse": seed["warehouse"]["id"],
            "warehouse_storage": seed["warehouse"]["storage"],
            "warehouse_output": house["output_location"],
            "carrier": seed["carrier"],
            "reference": reference,
            "outgoing_moves": [["create", [move]]],
        }
        [made] = self.ask("stock.shipment.out.create", [shipment])
        for step in ("wait", "assign_try"):
            self.insist(f"stock.shipment.out.{step}", [made])
        self.ship(made)

    def _place(self, named: str | int) -> int:
        if isinstance(named, str):
            return int(self.found("stock.location", ["type"], ["type", "=", named])[0]["id"])
        [house] = self.found("stock.location", ["storage_location"], ["id", "=", named])
        return int(house["storage_location"])

    def state(self, model: str, record: str | int) -> str:
        [read] = self.ask(f"{model}.read", [int(record)], ["state"])
        return str(read["state"])

    def _call(self, method: str, *params: Any) -> Any:
        said = self._said(method, *params)
        assert "error" not in said, (method, said["error"])
        return said["result"]

    def _said(self, method: str, *params: Any) -> Json:
        url = f"{self.server.url}/{self.server.database}/rpc/"
        answer = self.http.post(url, json={"id": 1, "method": method, "params": list(params)})
        assert answer.status_code == 200, (method, answer.status_code, answer.text)
        said: Json = answer.json()
        return said

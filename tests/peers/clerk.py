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

    def receive(self, product: int, quantity: int, warehouse: int) -> None:
        """Goods come from a supplier, nobody knows what for."""
        seed = self.server.seed
        there = {"from_location": self._place("supplier"), "to_location": self._storage(warehouse)}
        price = {"unit_price": {"__class__": "Decimal", "decimal": "1"}, "currency": seed["currencies"]["EUR"]}
        [made] = self.ask("stock.move.create", [self._goods(product, quantity) | there | price])
        self.insist("stock.move.do", [made])

    def move(self, product: int, quantity: int, whence: int, whither: int | str) -> None:
        """Goods go from one warehouse to another, or, by a word, to a place of that type."""
        to = self._place(whither) if isinstance(whither, str) else self._storage(whither)
        there = {"from_location": self._storage(whence), "to_location": to}
        goods = {"moves": [["create", [self._goods(product, quantity) | there]]]}
        [made] = self.ask(
            "stock.shipment.internal.create", [{"company": self.server.seed["company"], **there, **goods}]
        )
        on_the_way = () if isinstance(whither, str) else ("pack", "ship")
        for step in ("wait", "assign_try", *on_the_way, "do"):
            self.insist(f"stock.shipment.internal.{step}", [made])

    def send(self, product: int, quantity: int, reference: str) -> None:
        """Goods leave the warehouse for a customer, picked, packed and handed over, under *reference*."""
        seed = self.server.seed
        [house] = self.found("stock.location", ["output_location"], ["id", "=", seed["warehouse"]["id"]])
        move = self._goods(product, quantity)
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

    def _goods(self, product: int, quantity: int) -> Json:
        seed = self.server.seed
        return {"product": product, "unit": seed["unit"], "quantity": quantity, "company": seed["company"]}

    def _place(self, kind: str) -> int:
        return int(self.found("stock.location", ["type"], ["type", "=", kind])[0]["id"])

    def _storage(self, warehouse: int) -> int:
        [house] = self.found("stock.location", ["storage_location"], ["id", "=", warehouse])
        return int(house["storage_location"])

    def close_period(self, *, closed: bool) -> None:
        """The fiscal one that today is in."""
        today = self.ask("ir.date.today")
        within = [["start_date", "<=", today], ["end_date", ">=", today], ["type", "=", "standard"]]
        [period] = self.found("account.period", ["state"], *within)
        if closed:
            self.insist("account.period.close", [period["id"]])
            return
        self.insist("account.period.reopen", [period["id"]])
        journals = self.found("account.journal.period", ["state"], ["period", "=", period["id"]])
        self.insist("account.journal.period.reopen", [each["id"] for each in journals])

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

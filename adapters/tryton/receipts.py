"""
What came of a purchase: a supplier shipment of the pieces that were accepted, received and put away.

What is awaited stands in Tryton as moves without a shipment, one for each line that is open. A receipt takes them into
its shipment, in the transaction that makes it and on condition that nobody has touched them since: so of two receipts
one waits for what the other leaves, and a copy of this call finds the shipment, by our key at the beginning of its
`reference`. Damaged pieces are not taken in: Tryton is not told of them, and goes on waiting for them.
What was bought besides the order takes nothing that is awaited: a person receives it there.
"""

from collections import Counter
from collections.abc import Mapping as Lines
from datetime import UTC

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.mapping import Mapping
from adapters.tryton.purchases import MOST, MOVE, PURCHASE
from adapters.tryton.transitions import processed, stepwise
from gateway.domain.procurement import GoodsReceipt
from gateway.errors import Failed, Rejected
from gateway.ports import Effect

SHIPMENT, LINE, LOCATION = "stock.shipment.in", "purchase.line", "stock.location"
FIELDS = ["number", "state", "reference", "_timestamp", "incoming_moves"]
RECEIVE = "receive_goods"
NEXT = {"draft": "receive", "received": "do"}
OPEN = ("confirmed", "processing")


class Receipts:
    def __init__(self, conversation: Conversation, mapping: Mapping) -> None:
        self._erp = conversation
        self._mapping = mapping

    async def receive_goods(self, receipt: GoodsReceipt, *, key: str) -> Effect:
        async def step(seen: Json) -> Effect | None:
            for ours in seen[SHIPMENT]:
                if ours["state"] == "done":
                    return _effect(ours, key=key)
                await self._forward(ours, seen, nothing=not _accepted(receipt))
                return None
            if receipt.surplus:
                raise self._no("purchase_closed", "it was bought besides the purchase, which takes what was ordered")
            if seen["state"] not in OPEN:
                raise self._no("purchase_closed", f"the purchase is {seen['state']}")
            if seen["state"] == "confirmed":
                await processed(self._erp, RECEIVE, seen["id"], model=PURCHASE)
            else:
                await self._taken(seen, receipt, key=key)
            return None

        purchase = self._erp.number(receipt.purchase)
        return await stepwise(self._erp, lambda: self._seen(purchase, key=key), step)

    async def find(self, *, key: str) -> list[Effect]:
        return [_effect(each, key=key) for each in await self._ours("find", key=key) if each["state"] == "done"]

    async def _seen(self, purchase: int, *, key: str) -> Json:
        found = await self._erp.read(RECEIVE, PURCHASE, purchase, ["state", "party", "_timestamp"])
        if found is None:
            raise Failed("Tryton knows no such purchase", system=self._erp.system)
        fields = ["note", "quantity", "product", "unit"]
        lines = await self._erp.listed(RECEIVE, LINE, [["purchase", "=", purchase]], fields, most=MOST)
        moves = ["state", "quantity", "origin", "shipment", "_timestamp"]
        known = [["purchase", "=", purchase], ["state", "!=", "cancelled"]]
        asked = await self._erp.listed(RECEIVE, MOVE, known, moves, most=MOST)
        return {**found, LINE: lines, MOVE: asked, SHIPMENT: await self._ours(RECEIVE, key=key)}

    async def _ours(self, operation: str, *, key: str) -> list[Json]:
        """Keys have no blanks; what a pattern finds too much is left out here."""
        sought = [["reference", "like", f"{key} %"], ["state", "!=", "cancelled"]]
        found = await self._erp.listed(operation, SHIPMENT, sought, FIELDS)
        return [each for each in found if each["reference"].startswith(f"{key} ")]

    async def _forward(self, ours: Json, seen: Json, *, nothing: bool) -> None:
        """One step; what it holds though *nothing* was accepted, or not although something was, is put right first."""
        draft, holds = ours["state"] == "draft", bool(ours["incoming_moves"])
        if draft and nothing and holds:
            await self._let_go(ours, seen)
        elif draft and not nothing and not holds:
            await self._moved(ours, "cancel")
        else:
            try:
                await self._moved(ours, NEXT[ours["state"]])
            except Rejected as no:
                if no.facts.get("code") == "warning" and draft and not nothing:
                    await self._let_go(ours, seen)
                    await self._erp.effect(RECEIVE, f"model.{SHIPMENT}.cancel", [ours["id"]])
                raise

    async def _moved(self, ours: Json, button: str) -> None:
        unchanged = {f"{SHIPMENT},{ours['id']}": ours["_timestamp"]}
        await self._erp.effect(RECEIVE, f"model.{SHIPMENT}.{button}", [ours["id"]], _timestamp=unchanged)

    async def _taken(self, seen: Json, receipt: GoodsReceipt, *, key: str) -> None:
        """The moves of what was accepted. When nothing was, those that are free for a moment, so that copies meet."""
        accepted, awaited = _accepted(receipt), _awaited(seen)
        if not awaited or accepted.keys() - awaited.keys():
            closed = ", ".join(sorted(accepted.keys() - awaited.keys()))
            raise self._no("purchase_closed", f"nothing is awaited any more{closed and f' of line {closed}'}")
        free = {each["origin"]: each for each in seen[MOVE] if each["state"] == "draft" and not each["shipment"]}
        moves = {line_id: free[line] for line_id, line in awaited.items() if line in free}
        if accepted.keys() - moves.keys() or not moves:
            await self._set_free(seen)
            return
        taken = {line_id: move for line_id, move in moves.items() if line_id in accepted or not accepted}
        shipment = await self._shipment(seen["party"], receipt, key=key)
        shipment["incoming_moves"] = _commands(taken, accepted, shipment["warehouse_input"])
        unchanged = {f"{MOVE},{move['id']}": move["_timestamp"] for move in taken.values()}
        await self._erp.effect(RECEIVE, f"model.{SHIPMENT}.create", [shipment], _timestamp=unchanged)

    async def _set_free(self, seen: Json) -> None:
        """Tryton may not have made moves yet of what an earlier receipt left; or another one has taken them."""
        if all(each["state"] == "done" for each in seen[MOVE]):
            unchanged = {f"{PURCHASE},{seen['id']}": seen["_timestamp"]}
            await self._erp.effect(RECEIVE, f"model.{PURCHASE}.process", [seen["id"]], _timestamp=unchanged)

    async def _shipment(self, supplier: int, receipt: GoodsReceipt, *, key: str) -> Json:
        """Of the day on which they came, as far as that is not to come where Tryton is."""
        warehouse = self._mapping.warehouses.get(receipt.node_id)
        if warehouse is None:
            raise self._no("unknown_node", f"no warehouse is mapped for the node {receipt.node_id}")
        rooms = await self._erp.read(RECEIVE, LOCATION, warehouse, ["input_location", "storage_location"])
        if rooms is None:
            raise Failed("Tryton knows no such warehouse", system=self._erp.system)
        today = await self._erp.ask(RECEIVE, "model.ir.date.today")
        return {
            "company": self._mapping.company,
            "supplier": supplier,
            "reference": f"{key} {receipt.receipt_number}",
            "effective_date": min(receipt.received_at.astimezone(UTC).date(), today),
            "warehouse": warehouse,
            "warehouse_input": rooms["input_location"],
            "warehouse_storage": rooms["storage_location"],
        }

    async def _let_go(self, ours: Json, seen: Json) -> None:
        """The moves of what is not received are there for other receipts, as they were."""
        left, ids = _left(seen), ours["incoming_moves"]
        taken = [each for each in seen[MOVE] if each["id"] in ids]
        whole = [["write", [each["id"]], {"quantity": left[each["origin"]]}] for each in taken]
        empty = {"incoming_moves": [*whole, ["remove", ids]]}
        unchanged = {f"{SHIPMENT},{ours['id']}": ours["_timestamp"]}
        await self._erp.effect(RECEIVE, f"model.{SHIPMENT}.write", [ours["id"]], empty, _timestamp=unchanged)

    def _no(self, code: str, said: str) -> Rejected:
        return Rejected(f"{self._erp.system} said no: {said}", system=self._erp.system, code=code, said=said)


def _accepted(receipt: GoodsReceipt) -> dict[str, int]:
    return {line.line_id: line.accepted for line in receipt.lines if line.accepted}


def _left(seen: Json) -> dict[str, float]:
    """How many pieces of each line, as moves name it, have not come."""
    came = Counter[str]()
    for move in seen[MOVE]:
        if move["state"] == "done":
            came[move["origin"]] += move["quantity"]
    named = {f"{LINE},{line['id']}": line["quantity"] for line in seen[LINE] if line["product"]}
    return {line: quantity - came[line] for line, quantity in named.items()}


def _awaited(seen: Json) -> dict[str, str]:
    """The lines of which something has not come, by our number: as moves name them."""
    left = _left(seen)
    lines = {line["note"]: f"{LINE},{line['id']}" for line in seen[LINE] if line["note"]}
    return {line_id: line for line_id, line in lines.items() if left.get(line, 0) > 0}


def _commands(taken: Lines[str, Json], accepted: Lines[str, int], to: int) -> list[object]:
    ids = [move["id"] for move in taken.values()]
    came = {move["id"]: float(accepted[line_id]) for line_id, move in taken.items() if accepted}
    return [["add", ids], *(["write", [move], {"quantity": each, "to_location": to}] for move, each in came.items())]


def _effect(shipment: Json, *, key: str) -> Effect:
    return Effect(str(shipment["id"]), key, "goods_receipt", {"number": str(shipment["number"]), "status": "posted"})

"""Who sees to what was bought once it is agreed to: receivers count, accounts payable decide about invoices, and
approvers say yes to what is above the limit."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from tests.chaos.checker.papers import Receipt
from tests.chaos.orderbook import Orderbook
from tests.chaos.senders import Asker
from tests.chaos.staff import PAUSE, said, shown
from tests.proof.client import Json

WHOLE = 0.85  # of lots; of the others a piece or two are damaged
DEAR = ("price_variance", "amount_mismatch", "tolerance_used_up")  # for what came: that may pass
WHY = "as the papers say"


@dataclass(slots=True)
class Dock:
    orderbook: Orderbook
    receiver: Asker
    payable: Asker
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    _seen: Counter[str] = field(default_factory=Counter)  # invoices that wait, though their goods are in

    async def receives(self) -> None:
        while True:
            for notice in await shown(self.receiver.channels[0], "/v1/shipping-notices", "shipping_notices"):
                if notice["asn_id"] not in self.orderbook.counted and notice["po_id"] in self.orderbook.known:
                    await self._counts(notice)
            await asyncio.sleep(PAUSE)

    async def decides(self) -> None:
        while True:
            for invoice in await shown(self.payable.channels[0], "/v1/supplier-invoices", "supplier_invoices"):
                word = self._word(invoice)
                if word:
                    path = f"/v1/supplier-invoices/{invoice['invoice_id']}/{word}"
                    answer = await self.payable.says(path, {"reason": WHY}, uuid4().hex)
                    self.done[f"invoices, {word}"] += answer.is_success
            await asyncio.sleep(PAUSE)

    async def agrees(self, approver: Asker, kind: str) -> None:
        """Whoever says yes to an order says none to its invoices."""
        while True:
            channel = random.choice(approver.channels)
            for seen in await shown(channel, "/v1/approvals", "approvals", status="pending", kind=kind):
                body = {"reason": WHY, "content_hash": seen["content_hash"]}
                answer = await said(channel, body, uuid4().hex, to=f"/v1/approvals/{seen['approval_id']}/approve")
                self.done[f"agreed to, {seen['kind']}"] += answer is not None and answer.is_success
            await asyncio.sleep(PAUSE)

    async def _counts(self, notice: Json) -> None:
        """In one lot or two; some of it twice, as it was not heard."""
        for place, lot in enumerate(self._lots(notice["lines"]), 1):
            number = f"{notice['asn_number']}/{place}"
            lines = [{"line_id": line, "received": came, "damaged": damaged} for line, came, damaged in lot]
            at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            about = {"receipt_number": number, "node_id": "main", "asn_id": notice["asn_id"], "received_at": at}
            path = f"/v1/purchase-orders/{notice['po_id']}/receipts"
            for _ in range(self.dice.choice((1, 1, 2))):
                answer = await self.receiver.says(path, {**about, "lines": lines}, uuid4().hex)
                assert answer.status_code == 201, answer.text
            self.orderbook.known[notice["po_id"]].receipts.append(Receipt(number=number, lines=tuple(lot)))
            self.done["lots"] += 1
        self.orderbook.counted.add(notice["asn_id"])

    def _lots(self, lines: list[Json]) -> list[list[tuple[str, int, int]]]:
        first = {line["line_id"]: self.dice.choice((line["quantity"], self.dice.randrange(1, 40))) for line in lines}
        rest = {line["line_id"]: line["quantity"] - first[line["line_id"]] for line in lines}
        lots = [[(line, came) for line, came in lot.items() if came > 0] for lot in (first, rest)]
        return [[(line, came, self._damaged(came)) for line, came in lot] for lot in lots if lot]

    def _damaged(self, came: int) -> int:
        return 0 if self.dice.random() < WHOLE else min(came, self.dice.choice((1, 2)))

    def _word(self, invoice: Json) -> str:
        """A copy does not pass, nor more than came; of what is too dear, every other one."""
        match invoice["status"]:
            case "held":
                return "reject" if invoice["looks_like"]["likeness"] == "same_number" else "release"
            case "exception":
                dear = invoice["match"]["verdict"] in DEAR and int(invoice["total"]) % 2 == 0
                return "approve" if dear else "reject"
            case "waiting" if self._all_in(invoice["po_id"]):
                self._seen[invoice["invoice_id"]] += 1
                return "reject" if self._seen[invoice["invoice_id"]] > 2 else ""
        return ""

    def _all_in(self, po_id: str) -> bool:
        """Nothing more comes for it: each order is sent once."""
        known = self.orderbook.known.get(po_id)
        return known is not None and bool(known.receipts)

"""The hand-made evidence with goods that were bought: revised, agreed to otherwise, given up; counted and billed."""

from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.checker.evidence import (
    Attempt,
    Effect,
    Evidence,
)
from tests.chaos.checker.papers import Invoice, Purchase, Receipt, Revision
from tests.chaos.honest import honest

SUPPLIER = "V-100"
FIRST = Revision(number=1, lines=(("1", "BULB-1", 20, 300), ("2", "CABLE-2", 10, 150)))
SECOND = Revision(number=2, lines=(("1", "BULB-1", 20, 300), ("2", "CABLE-2", 12, 150)))
FEWER = Revision(number=3, lines=(("1", "BULB-1", 19, 300), ("2", "CABLE-2", 12, 150)), agreed=True)
CAME = (Receipt(number="G-1", lines=(("1", 19, 0), ("2", 8, 1))), Receipt(number="G-2", lines=(("2", 4, 0),)))
ORDERED, REVERSED = ("purchase_order", "create_purchase_order"), ("purchase_cancel", "cancel_purchase_order")
SENT, WITHDRAWN = ("message", "take_message"), ("withdrawal", "withdraw_message")
PURCHASES = (
    Purchase(
        po_id="po_kept",
        po_number="PO-1",
        supplier=SUPPLIER,
        currency="GBP",
        status="partially_received",
        in_force=3,
        revisions=(FIRST, SECOND, FEWER),
        receipts=CAME,
        arrived=(("1", 19, 19), ("2", 12, 11)),
        billed=("INV-1", "INV-2"),
    ),
    Purchase(
        po_id="po_gone",
        po_number="PO-2",
        supplier=SUPPLIER,
        currency="GBP",
        status="cancelled",
        in_force=1,
        revisions=(FIRST,),
        cancelled=True,
    ),
)
INVOICES = (
    Invoice(
        invoice_id="inv_one",
        po_id="po_kept",
        number="INV-1",
        status="posted",
        total=7350,
        currency="GBP",
        pieces=(("1", 19), ("2", 11)),
    ),
    Invoice(
        invoice_id="inv_two",
        po_id="po_kept",
        number="INV-2",
        status="rejected",
        total=150,
        currency="GBP",
        pieces=(("2", 1),),
    ),
)


@dataclass(slots=True)
class _Ledgers:
    """What ERP and supplier did, in this order."""

    sequence: int
    effects: list[Effect]
    attempts: list[Attempt]

    def did(self, what: tuple[str, str], po_id: str, thing: str, data: dict[str, Any], **other: Any) -> None:
        kind, operation = what
        system = "supplier" if what in (SENT, WITHDRAWN) else "erp"
        self.sequence += 1
        name = f"pur_{thing}:{operation}"
        plain: dict[str, Any] = {"system": system, "sequence": self.sequence, "order_id": po_id, "reference": name}
        plain["key"] = name if system == "supplier" else None
        nothing = {"amount": None, "currency": None, "lines": None}
        self.effects.append(Effect(kind=kind, id=thing, data=data, **{**nothing, **plain, **other}))
        self.attempts.append(
            Attempt(operation=operation, status=201, fault=None, applied=True, replayed=False, **plain)
        )

    def issued(self, po_id: str, name: str, revision: Revision, *, sent: bool = True) -> None:
        lines = tuple((line, sku, pieces) for line, sku, pieces, _ in revision.lines)
        worth = sum(pieces * price for _, _, pieces, price in revision.lines)
        data = {"revision": revision.number, "supplier_code": SUPPLIER}
        self.did(ORDERED, po_id, f"pur_{name}", data, lines=lines, amount=worth, currency="GBP")
        if sent:
            self.did(SENT, po_id, f"spm_{name}", {"revision": revision.number}, lines=lines)

    def taken_back(self, po_id: str, name: str) -> None:
        self.did(WITHDRAWN, po_id, f"spm_{name}", {})
        self.did(REVERSED, po_id, f"pur_{name}", {})


def with_goods_bought() -> Evidence:
    evidence = honest()
    made = _Ledgers(max(each.sequence for each in evidence.effects), [], [])
    made.issued("po_kept", "first", FIRST)
    made.issued("po_gone", "gone", FIRST)
    made.taken_back("po_kept", "first")
    made.issued("po_kept", "second", SECOND)
    made.did(REVERSED, "po_kept", "pur_second", {})
    made.issued("po_kept", "fewer", FEWER, sent=False)
    made.taken_back("po_gone", "gone")
    for at, receipt in enumerate(CAME, 1):
        came = tuple((line, pieces - damaged, damaged) for line, pieces, damaged in receipt.lines)
        about = {"purchase": "pur_fewer", "receipt_number": receipt.number, "came": came}
        made.did(("goods_receipt", "create_goods_receipt"), "po_kept", f"grn_{at}", about)
    about = {"purchase": "pur_fewer", "invoice_number": "INV-1"}
    made.did(("bill", "create_supplier_bill"), "po_kept", "bil_1", about, amount=7350, currency="GBP")
    return replace(
        evidence,
        effects=(*evidence.effects, *made.effects),
        attempts=(*evidence.attempts, *made.attempts),
        purchases=PURCHASES,
        invoices=INVOICES,
    )

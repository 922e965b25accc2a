"""Requests about suppliers and what is ordered of them: those whose shape is right, mended until they can be so."""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import requests
from schemathesis import Case

from gateway.domain.identifiers import mint
from gateway.store.pool import Joined
from tests.resources.billed import billed
from tests.resources.delivered import arrived, came, goods_body, notice_body, pallet, piece
from tests.resources.supplied import confirmation, proposed, purchase_lines, supplying

Json = dict[str, Any]
Write = Callable[[Callable[[Joined, str], Awaitable[str]], str], str]

SUPPLY = ("/v1/supplier", "/v1/purchase-orders", "/v1/shipping-notices", "/v1/goods-receipts")
WRITER = "operator:proof"
_PARTNER = """
insert into partner (partner_id, name, client_id, secret_hash, scopes, plan) values (%s, '', %s, '', '{}', 'standard')
"""
_STATE = {"confirmations": "issued", "decision": "change_proposed"}
_STATE |= dict.fromkeys(("shipping-notices", "receipts"), "confirmed")
_BILLED = {"release": "held", "approve": "exception", "dispute": "exception", "reject": "held"}
_STATUS = {"status": "prospect", "approve": "certified"}


def mend_supply(case: Case, write: Write) -> None:
    """In place. *write* does what it is given to the database."""
    word, invoiced = case.path.rpartition("/")[2], case.path.startswith("/v1/supplier-invoices")
    partner, supplier_id, po_id, poc_id = f"p-{uuid4().hex[:16]}", mint("sup"), mint("po"), mint("poc")
    invoice_id = mint("inv")
    asn_id, receipt_id = mint("asn"), mint("grn")

    async def made(database: Joined, name: str) -> str:
        async with database.transaction() as connection:
            await connection.execute(_PARTNER, (partner, partner))
        linked = None if word == "partner" else partner
        status = "active" if invoiced else _STATUS.get(word, "active")
        await supplying(
            database,
            linked,
            supplier_id=supplier_id,
            po_id=po_id,
            status=status,
            state="issued" if invoiced else _STATE.get(word, "draft"),
            made_by="operator:tess" if invoiced or word == "receipts" else WRITER,  # who neither receives nor pays
        )
        if invoiced:
            bought = {"supplier_id": supplier_id, "po_id": po_id}
            await billed(database, "INV-1", invoice_id=invoice_id, state=_BILLED.get(word, "rejected"), **bought)
        if word == "decision":
            await proposed(database, po_id, name=poc_id)
        if {"asn_id", "receipt_id"} & case.path_parameters.keys():
            await arrived(database, po_id, asn_id=asn_id, receipt_id=receipt_id, state="in_transit")
        return name

    case.headers.pop("If-None-Match", None)
    if case.method == "GET" and not case.path_parameters:
        return
    write(made, po_id)
    if word == "issue":
        _submit(po_id)
    known = {"supplier_id": supplier_id, "po_id": po_id, "revision": 1, "confirmation_id": poc_id}
    for name, value in {**known, "asn_id": asn_id, "receipt_id": receipt_id, "invoice_id": invoice_id}.items():
        if name in case.path_parameters:
            case.path_parameters[name] = value
    if isinstance(case.body, dict) and word == "supplier-invoices":
        _mend_invoice(case.body, po_id)
    elif isinstance(case.body, dict):
        _mend_body(case.body, word, partner=partner, supplier_id=supplier_id)


def _submit(po_id: str) -> None:
    """What the policy then approves."""
    headers = {"authorization": f"Bearer {os.environ['PROOF_OPERATOR']}", "idempotency-key": str(uuid4())}
    address = f"{os.environ['PROOF_ADDRESS']}/v1/purchase-orders/{po_id}/submit"
    requests.post(address, headers=headers, timeout=10).raise_for_status()


def _mend_invoice(body: Json, po_id: str) -> None:
    """Days and currencies that exist, a number of its own, and no more money than all of it may be."""
    for part in (*body.get("lines", ()), *body.get("charges", ())):
        part["amount"] %= 10**12
    body["tax"] %= 10**12
    body.update(po_id=po_id, invoice_number=uuid4().hex, invoice_date="2026-12-12", currency="GBP")
    if "due_date" in body:
        body["due_date"] = "2027-01-12"


def _mend_body(body: Json, word: str, *, partner: str, supplier_id: str) -> None:
    for name in ("code", "po_number"):
        if name in body:
            body[name] = uuid4().hex
    if "currency" in body:
        body["currency"] = "GBP"
    if "status" in body:
        body["status"] = "onboarding"
    if "supplier_id" in body:
        body["supplier_id"] = supplier_id
    if word == "shipping-notices":
        body.update(notice_body(uuid4().hex, pallet(1, [piece(1)])))
    elif word == "receipts":
        body.pop("asn_id", None)
        body.update(goods_body(uuid4().hex, came(1)))
    elif word == "confirmations":
        body.update(confirmation(uuid4().hex, {"line_id": "1", "status": "accepted"}))
    elif "lines" in body:
        body["lines"] = purchase_lines(7)
    body.pop("gln", None)  # its check digit, which no schema can say
    body.pop("partner_id", None)
    if word == "partner":
        body["partner_id"] = partner

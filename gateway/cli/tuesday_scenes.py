"""The Tuesday's scenes: one purchase, from its order to its invoice, and how each of them has to end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.cli.channel import Json, Refusal
from gateway.cli.saturday_goods import MAIN, MISSED, SHIPPED
from gateway.cli.saturday_report import pounds
from gateway.cli.tuesday_desk import APPROVER, BUYER, NUMBER, PAYABLE, RECEIVER, SUPPLIER, WHY, Office
from gateway.domain.suppliers import has_check_digit
from gateway.domain.time import rfc3339, system_clock
from gateway.errors import Unavailable

WRITTEN = {"1": (MISSED, 120, 20_00), "2": (SHIPPED, 80, 45_00)}  # line -> article, pieces, price
FEWER, BROKEN, DEARER = 20, 4, 38  # all of line 1: pieces, pieces, pence a piece
SCRIPT = [{"play": "change", "line_id": "1", "quantity": -FEWER}, "ship"]  # which it tries until agreed to
LOST_ANSWER = [
    {"system": "erp", "operation": "create_supplier_bill", "kind": "error_after", "next": 1},
    {"system": "erp", "operation": "find_supplier_bills", "kind": "delay", "probability": 0},  # counts look-ups
]
INVOICE, ANOTHER, RECEIPT = "INV-4471", "INV-4471-A", "GR-TUESDAY"


@dataclass(frozen=True, slots=True)
class Deal:
    """*why*: the decision that is taken in it; *expected*: how it has to end."""

    title: str
    why: str
    expected: str
    play: Callable[[Office], Awaitable[str]]


async def ordered(office: Office) -> str:
    """The buyer may approve, but not of their own."""
    await office.town.tell("/supplier/_plays", {"po_number": NUMBER, "plays": SCRIPT})
    day = (system_clock() + timedelta(days=21)).date().isoformat()
    lines = [
        {"line_id": line_id, "sku": sku, "quantity": quantity, "unit_price": price, "requested_date": day}
        for line_id, (sku, quantity, price) in WRITTEN.items()
    ]
    body = {"po_number": NUMBER, "supplier_id": office.supplier_id, "currency": "GBP", "lines": lines}
    made = await office.do(BUYER, "/v1/purchase-orders", body)
    path = f"/v1/purchase-orders/{made['po_id']}"
    asked = (await office.do(BUYER, f"{path}/submit", {}))["approval_id"]
    approval = await office.people[APPROVER].read(f"/v1/approvals/{asked}")
    yes = {"reason": WHY, "content_hash": approval["content_hash"]}
    own = await office.refused(BUYER, f"/v1/approvals/{asked}/approve", yes)
    done = await office.do(APPROVER, f"/v1/approvals/{asked}/approve", yes)
    by = ", ".join(step["role"] for step in done["steps"])
    issued = await office.do(BUYER, f"{path}/issue", {})
    books = await office.booked("erp", {"purchase_order": 1})
    sent = await office.booked("supplier", {"message": 1})
    return f"{own}, then {done['status']} by the {by}; {issued['status']}; ERP: {books}; supplier: {sent}"


async def confirmed_short(office: Office) -> str:
    seen = await office.until(lambda seen: seen["status"] == "change_proposed", "answered")
    said = seen["confirmation"]
    path = f"/v1/purchase-orders/{seen['po_id']}/confirmations/{said['confirmation_id']}/decision"
    after = await office.do(BUYER, path, {"decision": "agree", "reason": "fewer are better than none"})
    books = await office.booked("erp", {"purchase_order": 2, "purchase_cancel": 1})
    amount = pounds(after["total"]["amount"])
    return f"{seen['status']}, then {after['status']} as revision {after['revision']}, {amount}; ERP: {books}"


async def announced(office: Office) -> str:
    """The supplier need not wait for its next try."""
    await office.town.tell("/supplier/_go", {"po_number": NUMBER})
    await office.until(lambda seen: any(line["shipped"] for line in seen.get("deliveries", ())), "announced")
    notice = await _notice(office)
    cartons = [carton for pallet in notice["pallets"] for carton in pallet["cartons"]]
    marks = [each["sscc"] for each in (*notice["pallets"], *cartons)]
    right = "right" if all(map(has_check_digit, marks)) and len(set(marks)) == len(marks) else "wrong"
    pieces = sum(line["quantity"] for line in notice["lines"])
    packed = f"{pieces} pieces in {len(cartons)} cartons on {len(notice['pallets'])} pallet"
    return f"{notice['status']}; {packed}, {len(marks)} SSCCs {right}"


async def received(office: Office) -> str:
    """What is whole goes on the warehouse's shelf, too."""
    notice = await _notice(office)
    lines = [{"line_id": line["line_id"], "received": line["quantity"]} for line in notice["lines"]]
    lines[0]["damaged"] = BROKEN
    at = rfc3339(system_clock())
    body = {"receipt_number": RECEIPT, "node_id": MAIN, "asn_id": notice["asn_id"], "received_at": at, "lines": lines}
    path = f"/v1/purchase-orders/{notice['po_id']}/receipts"
    told = await office.do(RECEIVER, path, body)
    for line in told["lines"]:
        whole = {"node": MAIN, "sku": line["sku"], "quantity": line["accepted"], "reference": RECEIPT}
        await office.town.tell("/wms/_receive", whole)
    names = ("received", "damaged", "accepted")
    counted = ", ".join(f"{name} {sum(line[name] for line in told['lines'])}" for name in names)
    order, notice = await office.order(), await _notice(office)
    books = await office.booked("erp", {"goods_receipt": 1})
    return f"{order['status']}; {counted}; notice {notice['status']}; ERP: {books}"


async def billed(office: Office) -> str:
    """The supplier reads at our door what was accepted, and bills that. The ERP posts it, and we do not hear of it."""
    await office.town.tell("/faults", {"rules": LOST_ANSWER})
    try:
        answer = await office.do(SUPPLIER, "/v1/supplier-invoices", await _invoice(office, INVOICE))
        seen = await office.posted(answer["invoice_id"])
        lost, looked = (await office.town.ask("/faults"))["rules"]
    finally:
        await office.town.tell("/faults", {"rules": []})
    by, how = "a person" if "approval_id" in seen else "policy", seen["match"]["lines"][0]
    told = f"{answer['status']} by {by}: {how.get('detail', how['verdict'])}"
    asked = "looked up" if looked["met"] else "not looked up"
    books = await office.booked("erp", {"bill": 1})
    return f"{told}; {seen['status']}, answers lost {lost['struck']}, {asked}; ERP: {books}"


async def billed_again(office: Office) -> str:
    """Accounts payable look at what is like another, and say no."""
    bill, path = await _invoice(office, INVOICE), "/v1/supplier-invoices"
    again = await office.people[SUPPLIER].post(path, bill, key=f"the-sixth-scene:{INVOICE}")
    first = await _numbered(office, INVOICE)
    if isinstance(again, Refusal) or again["invoice_id"] != first["invoice_id"]:
        raise Unavailable(f"{INVOICE} was not taken as what it is: {again}")
    other = await office.do(SUPPLIER, path, {**bill, "invoice_number": ANOTHER})
    held = await office.people[PAYABLE].read(f"{path}/{other['invoice_id']}")
    why = {"reason": f"it is {held['looks_like']['invoice_number']} once more"}
    done = await office.do(PAYABLE, f"{path}/{other['invoice_id']}/reject", why)
    looks_like = f"{held['status']} ({held['looks_like']['likeness']})"
    books = await office.booked("erp", {"bill": 1})
    return f"{INVOICE} replayed; {ANOTHER} {looks_like}, then {done['status']}; ERP: {books}"


async def _notice(office: Office) -> Json:
    """The one that there is, with its pallets."""
    [listed] = await office.all_of("shipping_notices", by=RECEIVER)
    return await office.people[RECEIVER].read(f"/v1/shipping-notices/{listed['asn_id']}")


async def _numbered(office: Office, number: str) -> Json:
    listed = await office.all_of("supplier_invoices", by=PAYABLE)
    return next(each for each in listed if each["invoice_number"] == number)


async def _invoice(office: Office, number: str) -> Json:
    order = await office.order(of=SUPPLIER)
    prices = {line["line_id"]: line["unit_price"] for line in order["lines"]}
    [came] = await office.all_of("goods_receipts", by=SUPPLIER)
    lines = []
    for line in came["lines"]:
        price, pieces = prices[line["line_id"]] + (DEARER if line["line_id"] == "1" else 0), line["accepted"]
        told = {"line_id": line["line_id"], "sku": line["sku"], "quantity": pieces, "unit_price": price}
        lines.append({**told, "amount": pieces * price})
    about = {"po_id": order["po_id"], "invoice_number": number, "currency": "GBP", "tax": 0}
    dated = system_clock().date().isoformat()
    return {**about, "invoice_date": dated, "lines": lines, "total": sum(line["amount"] for line in lines)}


DEALS = (
    Deal(
        "£6,000.00 are ordered",
        "above £5,000.00 an approver says yes, and not the one who wrote it",
        "self_approval_forbidden, then approved by the approver; issued; ERP: purchase order 1; supplier: message 1",
        ordered,
    ),
    Deal(
        "the supplier has 100 of 120",
        "two per cent fewer would be taken as they are: here the buyer decides",
        "change_proposed, then confirmed as revision 2, £5,600.00; ERP: purchase order 2, purchase cancel 1",
        confirmed_short,
    ),
    Deal(
        "they are on their way",
        "pallet and cartons have numbers that stand once, and nothing more is announced than is open",
        "in_transit; 180 pieces in 2 cartons on 1 pallet, 3 SSCCs right",
        announced,
    ),
    Deal(
        "four of them are broken",
        "counted by somebody who had no hand in the order; what is broken is neither for sale nor to be paid",
        "partially_received; received 180, damaged 4, accepted 176; notice arrived; ERP: goods receipt 1",
        received,
    ),
    Deal(
        "the accepted ones are billed, some of them 1.9 % too dear",
        "within the tolerance, so nobody is asked; the answer of the ERP is lost, and its books are looked into",
        "approved by policy: billed 96 at 20.38, ordered at 20.00: 1.9 % dearer, 2 % allowed; "
        "posted, answers lost 1, looked up; ERP: bill 1",
        billed,
    ),
    Deal(
        "the same invoice comes again, and once more under another number",
        "the same number is the same invoice; what looks like it is held, and accounts payable say no",
        "INV-4471 replayed; INV-4471-A held (near_number), then rejected; ERP: bill 1",
        billed_again,
    ),
)

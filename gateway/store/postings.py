"""What the ERP is told of a purchase that it has: goods that came, bills that are due. Each by a run of its own, which
has the id of the receipt, the surplus or the invoice, inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from gateway.domain.money import Money
from gateway.domain.procurement import Bill, BillLine, GoodsLine, GoodsReceipt
from gateway.domain.purchase_orders import read_lines
from gateway.store.hands import Hand
from gateway.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Posting:
    """*receipt* or *bill*; which purchase of the ERP's it is for, is found out when it is posted."""

    po_id: str
    trace_id: str
    receipt: GoodsReceipt | None = None
    bill: Bill | None = None


async def begin(connection: Connection, subject: str, saga: tuple[str, int], hand: Hand) -> None:
    values = {"subject": subject, "saga": saga[0], "version": saga[1], "now": hand.now}
    await connection.execute(_BEGIN, values)


_BEGIN: LiteralString = """
with begun as (
    insert into run (run_id, saga, version, state, created_at, updated_at)
    values (%(subject)s, %(saga)s, %(version)s, 'running', %(now)s, %(now)s) returning run_id
)
select start_task(run_id, %(saga)s, %(version)s, 1) from begun
"""


async def wake(connection: Connection, po_id: str) -> None:
    """What the ERP has of the order is settled: what waits for that goes on."""
    await connection.execute(_WAKE, {"po": po_id})


_WAKE = """
select wake(about) from (
    select receipt_id as about from goods_receipt where po_id = %(po)s
    union all select surplus_id from surplus join goods_receipt using (receipt_id) where po_id = %(po)s
    union all select invoice_id from supplier_invoice where po_id = %(po)s and state = 'approved'
    union all select ending_id from purchase_ending join purchase using (purchase_id) where po_id = %(po)s
    order by about) a
 where exists (select from run where run_id = about and state <> 'ended')
"""


async def unsettled(connection: Connection, po_id: str) -> bool:
    """Is a revision of it still being booked, or taken back?"""
    cursor = await connection.execute("select from purchase where po_id = %s and state = 'open' limit 1", (po_id,))
    return await cursor.fetchone() is not None


async def booked(connection: Connection, po_id: str) -> str | None:
    """The ERP's id of the purchase that is in force. None: it has none that we know of, or the order is cancelled."""
    cursor = await connection.execute(_BOOKED, (po_id,))
    row = await cursor.fetchone()
    return str(row[0]) if row else None


_BOOKED = """
select s.effect ->> 'id'
  from purchase p join step s on s.run_id = p.purchase_id join purchase_order o using (po_id)
 where p.po_id = %s and p.state = 'confirmed' and o.state <> 'cancelled'
   and s.name in ('order_goods', 'order_agreed') and s.state = 'succeeded'
 order by p.revision desc, s.name = 'order_agreed' desc limit 1
"""


async def receipt(connection: Connection, about: str) -> Posting:
    """Of a receipt what was accepted at once, of a surplus what was bought besides."""
    cursor = await connection.execute(_RECEIPT, {"about": about})
    row = await cursor.fetchone()
    assert row is not None, f"{about} was written down together with its run"
    surplus, number, po_id, po_number, node, received_at, trace_id, lines = row
    told = GoodsReceipt(
        receipt_id=about,
        receipt_number=number,
        po_number=po_number,
        purchase="",
        node_id=node,
        received_at=received_at,
        lines=tuple(GoodsLine(**line) for line in lines),
        surplus=surplus,
    )
    return Posting(po_id, trace_id, receipt=told)


_RECEIPT = """
with asked as (
    select receipt_id, false as surplus, trace_id from goods_receipt where receipt_id = %(about)s
    union all select receipt_id, true, trace_id from surplus where surplus_id = %(about)s
)
select a.surplus, g.receipt_number, g.po_id, o.po_number, g.node_id, g.received_at, a.trace_id,
       (select jsonb_agg(jsonb_build_object('line_id', l.line_id, 'sku', upper(o.line ->> 'sku'),
                                            'accepted', case when a.surplus then l.over else l.accepted end,
                                            'damaged', case when a.surplus then 0 else l.damaged end)
                         order by l.line_id)
          from goods_receipt_line l
          join (select line from jsonb_array_elements(r.lines) line) o on o.line ->> 'line_id' = l.line_id
         where l.receipt_id = g.receipt_id and (l.over > 0 or not a.surplus))
  from asked a join goods_receipt g using (receipt_id) join purchase_order o using (po_id)
  join purchase_order_revision r on r.po_id = g.po_id and r.revision = g.revision
"""


async def bill(connection: Connection, invoice_id: str) -> Posting:
    cursor = await connection.execute(_BILL, (invoice_id,))
    row = await cursor.fetchone()
    assert row is not None, f"{invoice_id} was approved together with its run"
    named, number, po_id, po_number, code, dated, trace_id, currency, lines, document, agreed = row

    def money(amount: Any) -> Money:
        return Money(int(amount), currency)

    told = Bill(
        invoice_id=named,
        invoice_number=number,
        po_number=po_number,
        purchase="",
        supplier_code=code,
        dated=dated,
        lines=tuple(_billed(lines, currency, {line.line_id: line.tax_points for line in read_lines(agreed)})),
        charges=tuple((each["kind"], money(each["amount"])) for each in document.get("charges", ())),
        tax=money(document["tax"]),
        total=money(document["total"]),
    )
    return Posting(po_id, trace_id, bill=told)


def _billed(lines: Sequence[Mapping[str, Any]], currency: str, tax_points: Mapping[str, int]) -> list[BillLine]:
    """A line that the order does not have is called by what it is of."""
    return [
        BillLine(
            *(line.get("line_id") or line["sku"], line["sku"], int(line["quantity"]), int(line["unit_price"])),
            *(Money(int(line["amount"]), currency), tax_points.get(line.get("line_id", ""), 0)),
        )
        for line in lines
    ]


_BILL = """
select i.invoice_id, i.invoice_number, i.po_id, o.po_number, s.code, i.dated, i.trace_id, i.currency, i.lines,
       i.document, r.lines
  from supplier_invoice i join purchase_order o using (po_id) join supplier s on s.supplier_id = i.supplier_id
  join purchase_order_revision r on r.po_id = o.po_id and r.revision = o.issued_revision
 where i.invoice_id = %s
"""

"""What the operations about shipping notices and goods receipts take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.suppliers.delivery_schemas import (
    AsnId,
    CancelNoticeBody,
    GoodsBody,
    GoodsPage,
    GoodsView,
    NodeId,
    NoticeBody,
    NoticePage,
    NoticeReceipt,
    NoticeStatus,
    NoticeView,
    ReceiptId,
)
from gateway.resources.suppliers.purchase_schemas import PoId

_PO_ID = parameter("path", "po_id", PoId, required=True)
_ASN_ID = parameter("path", "asn_id", AsnId, required=True)

ANNOUNCE = described(
    "announce_shipment",
    answer=(201, NoticeReceipt),
    problems=(404, 409),
    parameters=(_PO_ID, IDEMPOTENCY_KEY),
    body=json_body(NoticeBody, required=True),
)
LIST_NOTICES = described(
    "list_shipping_notices",
    answer=(200, NoticePage),
    parameters=(*PAGING, parameter("query", "po_id", PoId), parameter("query", "status", NoticeStatus)),
)
GET_NOTICE = described(
    "get_shipping_notice",
    answer=(200, NoticeView),
    problems=(404,),
    bare=(304,),
    parameters=(_ASN_ID, parameter("header", "If-None-Match", str)),
)
CANCEL_NOTICE = described(
    "cancel_shipping_notice",
    answer=(200, NoticeView),
    problems=(404, 409, 412),
    parameters=(_ASN_ID, IDEMPOTENCY_KEY, IF_MATCH),
    body=json_body(CancelNoticeBody, required=True),
)
RECEIVE = described(
    "receive_goods",
    answer=(201, GoodsView),
    problems=(404, 409),
    parameters=(_PO_ID, IDEMPOTENCY_KEY),
    body=json_body(GoodsBody, required=True),
)
LIST_RECEIPTS = described(
    "list_goods_receipts",
    answer=(200, GoodsPage),
    parameters=(*PAGING, parameter("query", "po_id", PoId), parameter("query", "node_id", NodeId)),
)
GET_RECEIPT = described(
    "get_goods_receipt",
    answer=(200, GoodsView),
    problems=(404,),
    parameters=(parameter("path", "receipt_id", ReceiptId, required=True),),
)

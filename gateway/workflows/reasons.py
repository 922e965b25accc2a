"""The reason a partner reads: our sentence for a back end's code; a back end's own words stay in the log."""

from collections.abc import Callable

from gateway.workflows.saga import Refusal


def _because(otherwise: Refusal, **known: str) -> Callable[[str], Refusal]:
    reasons = {code: Refusal(code, sentence) for code, sentence in known.items()}
    return lambda code: reasons.get(code, otherwise)


PAYMENT = _because(
    Refusal("payment_declined", "the payment provider declined to hold the money"),
    insufficient_funds="the account behind the card does not hold the amount",
    card_expired="the card has expired",
    authentication_failed="the customer's bank did not get the customer's assent",
    unknown_payment_method="the payment provider does not know the payment token of this order",
)
EXPIRED = Refusal("payment_action_expired", "the customer did not do in time what their bank asked for")
ERP = _because(
    Refusal("refused_by_erp", "the order system refused the sales order"),
    unknown_sku="the order system does not know a SKU of this order",
)
WAREHOUSE = _because(Refusal("refused_by_warehouse", "the warehouse refused to ship the order"))

CARRIER = _because(Refusal("refused_by_carrier", "the carrier does not take the parcel"))
STORE_SILENT = Refusal("store_silent", "the store did not answer in time")
NOT_COLLECTED = Refusal("not_collected", "nobody fetched the goods in time")
DECLINED = Refusal("declined_by_customer", "the customer did not agree to what could be had instead")
_STORE_SAYS = {
    "not_in_stock": "the store does not have it",
    "mismatch": "the store has fewer than was thought",
    "damage": "what the store has is damaged",
    "worn_display": "the store has only what was on display",
    "no_variance": "the store cannot do it",
}


def STORE(code: str) -> Refusal:  # noqa: N802  as its neighbours, which are made by a function
    """A store's typed reason; it may be one that we do not know."""
    if code in _STORE_SAYS:
        return Refusal(f"store_{code}", _STORE_SAYS[code])
    return Refusal("refused_by_store", "the store refused to pick the order")


# With these nothing is left to do for the part's delivery group, and the order's other ones go on.
OF_ITS_GROUP = frozenset({NOT_COLLECTED.code, "refused_by_carrier"})

# With these, another node may still serve what one would not.
ELSEWHERE = frozenset(
    {"refused_by_warehouse", "refused_by_store", "store_silent", *(f"store_{code}" for code in _STORE_SAYS)}
)
ORDERING = _because(
    Refusal("purchase_refused", "the order system refused the purchase order"),
    unknown_supplier="the order system does not know the supplier",
    unknown_sku="the order system does not know a SKU of this order",
    too_late="goods of it were received",
)
RECEIPT = _because(
    Refusal("receipt_refused", "the order system refused the receipt of goods"),
    purchase_closed="the order system awaits nothing of this purchase any more",
)
BILL = _because(
    Refusal("bill_refused", "the order system refused the bill"),
    fiscal_period_closed="the fiscal period is closed in the order system",
    duplicate_invoice="the order system has a bill of this number by this supplier",
    purchase_not_found="the order system does not know the purchase",
)
SUPPLIER = _because(
    Refusal("refused_by_supplier_link", "whoever carries orders to suppliers refused it"),
    unknown_supplier="nobody can reach the supplier",
    too_late="the supplier has shipped it",
)
REFUND = _because(Refusal("refund_refused", "the payment provider refused to give the money back"))
CREDIT = _because(
    Refusal("credit_refused", "the order system refused the credit memo"),
    fiscal_period_closed="the fiscal period is closed in the order system",
    credit_exceeds_invoice="more would be credited than was invoiced",
    invoice_not_found="the order system does not know the invoice",
)

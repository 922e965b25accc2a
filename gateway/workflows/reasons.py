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

ELSEWHERE = frozenset({"refused_by_warehouse"})  # with these, another node may still serve what one would not

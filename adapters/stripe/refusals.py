"""Which of Stripe's errors are a no that no repetition changes, and what we call it."""

from dataclasses import dataclass

# A card's refusal: the issuer's word, as far as a customer can do something about it. What hints at fraud is told to
# nobody: it is declined like the rest.
DECLINES = {
    "insufficient_funds": "insufficient_funds",
    "withdrawal_count_limit_exceeded": "insufficient_funds",
    "expired_card": "card_expired",
    "authentication_required": "authentication_failed",
    "authentication_failed": "authentication_failed",
    "payment_intent_authentication_failure": "authentication_failed",
}
DECLINED = "declined"

# A 400 about what was asked for, not about how: it would be refused the next time, too.
REFUSED = {
    "amount_too_large": "amount_too_large",
    "amount_too_small": "amount_too_small",
    "charge_already_captured": "already_captured",
    "charge_already_refunded": "amount_too_large",
    "charge_expired_for_capture": "expired",
    "payment_intent_unexpected_state": "unexpected_state",
    "payment_method_unactivated": "unknown_payment_method",
    "token_already_used": "unknown_payment_method",
}
ABOUT = {
    "amount": "amount_too_large",
    "amount_to_capture": "amount_too_large",
    "currency": "currency_not_payable",
    "payment_method": "unknown_payment_method",
    "payment_method_data[card][token]": "unknown_payment_method",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """Stripe's error object, as far as we read it; empty where the answer has none."""

    kind: str = ""
    code: str = ""
    decline_code: str = ""
    param: str = ""


def refusal_of(status: int, complaint: Complaint) -> str:
    """Our code for a no. Empty: it is none."""
    if status == 402 and complaint.kind:
        return DECLINES.get(complaint.decline_code) or DECLINES.get(complaint.code) or DECLINED
    if status == 400 and complaint.kind == "invalid_request_error":
        return REFUSED.get(complaint.code) or ABOUT.get(complaint.param, "")
    return ""

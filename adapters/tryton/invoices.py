"""Invoices and credit notes, posted and paid: under our key, and with the payment provider's id of the money."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.tryton.conversation import Conversation, Json
from adapters.tryton.transitions import answered

INVOICE = "account.invoice"
FIELDS = ["number", "state", "_timestamp", "total_amount", "reference", "reconciled"]


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that the provider took or, below nought, gave back, and what we pay it into."""

    amount: Decimal
    provider_ref: str
    method: int


async def towards_paid(talk: Conversation, operation: str, invoice: Json, payment: Payment, *, key: str) -> None:
    """One step, from where the invoice was seen and nowhere else."""
    number, state = invoice["id"], invoice["state"]
    unchanged = {f"{INVOICE},{number}": invoice["_timestamp"]}
    if state == "posted" and invoice["reconciled"]:  # there was nothing to pay, or it was paid and does not say so yet
        await talk.effect(operation, f"model.{INVOICE}.process", [number])
    elif state == "posted":

        def pay(defaults: Json) -> tuple[str, Json]:
            paid = {"amount": payment.amount, "payment_method": payment.method, "description": payment.provider_ref}
            return "choice", {**defaults, **paid}

        await answered(talk, operation, "account.invoice.pay", (INVOICE, number), pay)
    elif invoice["reference"] != key:
        await talk.effect(operation, f"model.{INVOICE}.write", [number], {"reference": key}, _timestamp=unchanged)
    else:
        await talk.effect(operation, f"model.{INVOICE}.post", [number], _timestamp=unchanged)

"""Whose an effect is, by the name under which it was asked for: of an order, a part, a renewal, a refund."""

from collections.abc import Iterable

from tests.chaos.checker.evidence import Attempt, Effect, Return

Kind = tuple[str, str]  # system, kind of effect

REFUNDED: Kind = ("psp", "refund")
FAILED: Kind = ("psp", "refund_failed")  # a refund that had been done, by the provider's word
CREDITED: Kind = ("erp", "credit_memo")
OF_RETURNS = (REFUNDED, FAILED, CREDITED)
SUPPLIER = "supplier"
BOUGHT = ("purchase_order", "purchase_cancel", "goods_receipt", "bill")  # kinds of effects in the ERP
BUYING = ("create_purchase_order", "cancel_purchase_order", "create_goods_receipt", "create_supplier_bill")


def owner_of(name: str | None) -> str:
    """Whose run calls it so."""
    return (name or "").partition(":")[0]


def renewal_of(name: str | None) -> str:
    """The run by which an order's money is held anew, if it is one that calls it so; else nothing."""
    owner = owner_of(name)
    return owner if owner.startswith("ren_") else ""


def run_of(name: str | None) -> str:
    """A run of which an order may have several, if it is one that calls it so: it holds money anew, or pays it back."""
    owner = owner_of(name)
    return owner if owner.startswith(("ren_", "rfd_")) else ""


def paid_back(effects: Iterable[Effect], returns: Iterable[Return]) -> list[Effect]:
    """What was given back and credited for refunds that these returns are known to have, and what failed of it."""
    refunds = {refund.refund_id for each in returns for refund in each.refunds}
    of_returns = [each for each in effects if (each.system, each.kind) in OF_RETURNS]
    done = {each.id for each in of_returns if each.kind == "refund" and owner_of(each.name) in refunds}
    return [each for each in of_returns if each.id in done or owner_of(each.name) in refunds]


def of_buying(effect: Effect) -> bool:
    """Is it about a purchase order, not about an order of a customer?"""
    return effect.system == SUPPLIER or (effect.system == "erp" and effect.kind in BOUGHT)


def asks_for_buying(attempt: Attempt) -> bool:
    return attempt.system == SUPPLIER or (attempt.system == "erp" and attempt.operation in BUYING)

"""Whose an effect is, by the name under which it was asked for: of an order, a part, a renewal, a refund."""

from collections.abc import Iterable

from tests.chaos.checker.evidence import Effect, Return

Kind = tuple[str, str]  # system, kind of effect

REFUNDED: Kind = ("psp", "refund")
FAILED: Kind = ("psp", "refund_failed")  # a refund that had been done, by the provider's word
CREDITED: Kind = ("erp", "credit_memo")
OF_RETURNS = (REFUNDED, FAILED, CREDITED)


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

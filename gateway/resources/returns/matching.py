"""Goods that came without a return: an operator says which one they are of, or gives them up."""

from gateway.domain.identifiers import Mint
from gateway.refusals import Fault, Invalid
from gateway.store.exceptions import ExceptionRow
from gateway.store.hands import Hand
from gateway.store.mending import Deed, Mendable
from gateway.store.pool import Connection
from gateway.store.return_counts import match


def unmatched_returns(mint: Mint) -> Mendable:
    """`resolve` counts the goods for the return that `reference` names, `abandon` counts them for none."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        if deed.action == "abandon":
            return
        if deed.reference is None:
            fault = Fault("#/reference", "required", "the id of the return that the goods are of")
            raise Invalid("which return the goods are of must be said", faults=(fault,))
        hand = Hand(f"operator:{deed.operator}", deed.now, mint("trc")[4:], mint)
        await match(connection, seen.subject, deed.reference, hand)

    return Mendable(frozenset({"resolve", "abandon"}), act)

"""Whoever proves with a secret who it is: a partner or an operator, told apart by the client id we gave it."""

from dataclasses import dataclass

from gateway.store import operators, partners
from gateway.store.operators import Operator
from gateway.store.partners import Partner
from gateway.store.pool import Database

OF_OPERATORS = "operator"  # what their client ids begin with


@dataclass(frozen=True, slots=True)
class Client:
    """One of them, as the token endpoint meets it."""

    holder: Partner | Operator
    secret_hash: bytes
    older_secret_hash: bytes | None = None


async def by_client_id(database: Database, client_id: str) -> Client | None:
    if client_id.startswith(f"{OF_OPERATORS}_"):
        operator = await operators.by_client_id(database, client_id)
        return Client(*operator) if operator else None
    partner = await partners.by_client_id(database, client_id)
    return Client(*partner) if partner else None

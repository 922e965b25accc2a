"""
`gateway.ports.Erp` and `gateway.ports.Wms` on Tryton 8.2, by its JSON-RPC.

    connect.py        both ports, connected, and the way in
    session.py        logging in: once, again when a session is over, never twice with a refused password
    conversation.py   what an answer means: yes, no, not applied, not known
    values.py         decimals and dates as Tryton writes them
    mapping.py        our words, and Tryton's ids for them
    manifest.py       what each operation promises
    sales.py          an order as a sale, with totals that come out the same
    drafts.py         a draft that comes to what was promised
    invoices.py       posted and paid
    credits.py        goods that came back, credited
    buying.py         what is bought: purchases.py, receipts.py, bills.py; periods.py: whether the books are open
    claims.py         of all drafts for a key the one that counts, without a register
    election.py       of all sales for a key the one that counts
    transitions.py    bringing a record to a state; wizards
    erp.py, wms.py    the ports
    changes.py        what left, for it cannot call us; moves.py: how stock changed; trail.py: how far has been read
    check.py          whether the mapping is true, by demands.py

    async with tryton_back_ends(Login(url=…, database=…, user=…, password=…), mapping) as tryton:
        with sending(until):
            await tryton.erp.book(order, key=key)
"""

from adapters.tryton.changes import TrytonChanges
from adapters.tryton.connect import Login, Roles, tryton_back_ends
from adapters.tryton.erp import TrytonErp
from adapters.tryton.manifest import MANIFESTS, Manifests
from adapters.tryton.mapping import Channel, Mapping, mapping_from
from adapters.tryton.moves import TrytonMoves
from adapters.tryton.wms import TrytonWms

__all__ = [
    "MANIFESTS",
    "Channel",
    "Login",
    "Manifests",
    "Mapping",
    "Roles",
    "TrytonChanges",
    "TrytonErp",
    "TrytonMoves",
    "TrytonWms",
    "mapping_from",
    "tryton_back_ends",
]

"""
Pretend back ends, from payment provider to carrier: systems in one process, over real HTTP, with faults on request.

    /psp             holds, gives back and takes money; honours `Idempotency-Key` for 24 hours
    /stripe          the same in Stripe's dialect: payment intents, refunds, signed events
    /erp             sales orders, invoices, purchases and bills; knows no keys, only look-up by the caller's reference
    /wms             ships what is released to it and reports it by signed callbacks; honours keys for ever
    /store           stores that pick what they are asked for, or reject it, and report it by signed callbacks
    /carrier         labels for parcels, and where these are
    /notifications   what customers are told
    /supplier        suppliers that are sent orders, and answer at the door of whoever ordered
    /faults          what goes wrong, how often and where
    /ledger          what really happened: every attempt, every effect, the balances

It is what partners try their integrations on, what the demo runs on and what the tests are measured by. The ledger is a
SQLite file: state, effect, attempt and stored answer of a call are one transaction, and a SIGKILL loses none of it.
It imports nothing of Omnigate, for a witness does not share the defendant's code.

    options = SandboxOptions(ledger=Path("sandbox.sqlite"), catalogue=load_catalogue(Path("articles.csv")))
    run(options, host="127.0.0.1", port=8090)

Within one process, `create_sandbox(options)` is an ASGI app; enter `app.router.lifespan_context(app)` around its use.
There a cut connection raises `httpx2.ReadError`, and a hang lasts until the caller gives up. The whole dialect, the
faults and the ledger queries are described in `docs/guides/sandbox.md`.
"""

from adapters.sandbox.app import EXAMPLE_SECRET, SandboxOptions, create_sandbox, run
from adapters.sandbox.catalogue import EXAMPLE_CATALOGUE, CatalogueError, Product, load_catalogue
from adapters.sandbox.ledger import LedgerError

__all__ = [
    "EXAMPLE_CATALOGUE",
    "EXAMPLE_SECRET",
    "CatalogueError",
    "LedgerError",
    "Product",
    "SandboxOptions",
    "create_sandbox",
    "load_catalogue",
    "run",
]

"""
The ports over a small REST dialect that any in-house system could implement; `adapters/sandbox` speaks its other side.

    dialect.py         what an answer means: yes, no, not applied, not known; and how it is read
    manifest.py        what each operation promises, and with it how its failures are handled
    payments.py        `gateway.ports.Payments`: a payment provider that honours keys for 24 hours
    erp.py             `gateway.ports.Erp`: an ERP without keys, which can be asked by our reference
    purchasing.py      its optional half, `gateway.purchasing_ports.Purchasing`: what is bought
    wms.py             `gateway.ports.Wms`: a warehouse that honours keys for ever
    changes.py         `gateway.ports.Changes`: what left a warehouse that does not call back
    store.py           `gateway.fulfilment_ports.Store`: stores that pick; keys for ever, as those that follow
    carrier.py         `gateway.fulfilment_ports.Carrier`: labels for parcels, and where these are
    notifications.py   `gateway.fulfilment_ports.Notifications`: what customers are told
    supplier.py        `gateway.purchasing_ports.SupplierLink`: orders to suppliers, reminders, and what is taken back
    connect.py         those that have an address, connected

    async with rest_back_ends(payments_url=…, erp_url=…, wms_url=…) as back_ends:
        with sending(until):
            await back_ends.payments.authorise(token, amount, reference=order_id, key=key)
"""

from adapters.rest.connect import rest_back_ends
from adapters.rest.manifest import MANIFESTS, Manifests

__all__ = ["MANIFESTS", "Manifests", "rest_back_ends"]

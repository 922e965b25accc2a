"""The REST dialect's ERP, as one that wants to be asked less often: an adapter named from outside."""

from dataclasses import replace

from adapters.outbound import Outbound
from adapters.rest import MANIFESTS
from adapters.rest.dialect import Conversation
from adapters.rest.erp import RestErp
from gateway.ports import Erp
from gateway.promises import Pace

PACE = Pace(20.0, burst=4)


def paced(outbound: Outbound, key: str | None) -> Erp:
    manifest = {name: replace(promise, pace=PACE) for name, promise in MANIFESTS.erp.items()}
    return RestErp(Conversation(outbound, manifest=manifest))

"""Adapters of one's own, as they should not be, and as they complain."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.outbound import Outbound
from adapters.rest import MANIFESTS
from gateway.ports import Effect, Finding, Manifest


class Odd:
    def __init__(self, manifest: Manifest, findings: Sequence[Finding] = ()) -> None:
        self.manifest, self._findings = manifest, list(findings)

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        return []

    async def findings(self) -> list[Finding]:
        return self._findings


def contradicting(outbound: Outbound, key: str | None) -> Odd:
    """Honours a key, and says nothing about how it is sent."""
    return Odd({**MANIFESTS.erp, "book": replace(MANIFESTS.payments["authorise"], header=None, undo=None)})


def complaining(outbound: Outbound, key: str | None) -> Odd:
    found = Finding("mapping.yaml:3", "SKU LAMP-7 is unknown there", "name an article that exists")
    return Odd(MANIFESTS.erp, [found])

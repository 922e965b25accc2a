"""The contracts and policies of the house, which every test that only reads them shares: reading them takes seconds."""

from functools import cache

from gateway.governance.bundle import Bundle, load_bundle
from gateway.settings import ROOT


@cache
def house() -> Bundle:
    return load_bundle(ROOT / "contracts" / "openapi", ROOT / "policies")

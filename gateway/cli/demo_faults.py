"""What goes wrong at the demo's back ends: by counting calls, not by chance, so that each kind is sure to happen."""

from collections.abc import Mapping
from typing import Any

LEAST_SHARE = 0.10  # of all calls
LEAST_OF_A_KIND = 5
ORDERS_NEEDED = 150  # below it there are not calls enough for every kind

# kind -> every how many of the calls it can strike; no common divisors, so that kinds do not march in step
ANYWHERE = {
    "delay": 41,
    "hang_before": 97,
    "hang_after": 89,
    "error_before": 47,
    "error_after": 43,
    "reset_after": 53,
    "garbage": 59,
}
AT_ONE = (
    ("psp", "authorise", "decline", 37),
    ("erp", "create_sales_order", "refuse", 31),
    ("wms", "create_shipment", "refuse", 61),
    ("wms", "create_shipment", "duplicate_callback", 19),
    ("wms", "create_shipment", "late_callback", 29),
)
LOOK_UPS = {"delay": 11, "error_before": 13, "garbage": 17}
KINDS = frozenset({*ANYWHERE, *(kind for _, _, kind, _ in AT_ONE)})


def rules(seed: int) -> dict[str, Any]:
    """The body of `POST /faults`. The first rule that strikes decides, so the rarest opportunities come first."""
    narrow = [{"system": s, "operation": o, "kind": kind, "every": every} for s, o, kind, every in AT_ONE]
    wide = [_anywhere("*", kind, every) for kind, every in ANYWHERE.items()]
    reads = [_anywhere("*reads", kind, every) for kind, every in LOOK_UPS.items()]
    return {"seed": seed, "rules": [*narrow, *wide, *reads]}


def _anywhere(operation: str, kind: str, every: int) -> dict[str, Any]:
    return {"system": "*", "operation": operation, "kind": kind, "every": every}


def too_few(injected: Mapping[str, int], calls: int) -> list[str]:
    """In what way less went wrong than the demo promises."""
    missing = [
        f"only {injected.get(kind, 0)} calls met '{kind}'"
        for kind in sorted(KINDS)
        if injected.get(kind, 0) < LEAST_OF_A_KIND
    ]
    share = sum(injected.values()) / calls if calls else 0.0
    return missing + ([f"only {share:.1%} of the calls met a fault"] if share < LEAST_SHARE else [])

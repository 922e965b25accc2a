"""What is bought on the Saturday: an order's body from what is wanted of it, and a day's trade from a seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.cli.demo_orders import CURRENCY
from gateway.cli.replay_orders import priced
from gateway.cli.saturday_goods import GOODS, LEEDS, TRADE, YORK
from gateway.domain.time import rfc3339

WEB, STORE, MARKETPLACE = CHANNELS = ("saturday-web", "saturday-store", "saturday-marketplace")
FETCHED_HERE = {"SCARF": YORK, "GLOVES": LEEDS, "HAT": YORK}
SHIPPING = 395  # minor units, of what is sent
HOME = {"name": "Robin Example", "lines": ["12 Mill Lane"], "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"}


@dataclass(frozen=True, slots=True)
class Want:
    """Pieces by SKU, sent home or, if a *store* is named, fetched there; *home*: it may be sent, too."""

    name: str
    channel: str
    pieces: Mapping[str, int]
    store: str | None = None
    home: bool = True


def body_of(want: Want, now: datetime) -> dict[str, Any]:
    lines = [
        {"line_id": str(place), "sku": sku, "quantity": pieces, "unit_price": GOODS[sku].price}
        for place, (sku, pieces) in enumerate(want.pieces.items(), 1)
    ]
    body: dict[str, Any] = {
        "channel": {"channel_id": want.channel},
        "channel_order_id": want.name,
        "placed_at": rfc3339(now),
        "currency": CURRENCY,
        "tax_mode": "inclusive",
        "customer": {"type": "person", "contact": {"email": "robin@example.com"}},
        "lines": lines,
        "delivery_groups": [_group(want)],
    }
    shipping = {} if want.store else {"shipping_charge": {"amount": SHIPPING, "currency": CURRENCY}}
    return priced({**body, **shipping}, token=f"tok_{want.name}")


def _group(want: Want) -> dict[str, Any]:
    address = {"address": HOME} if want.home else {}
    if want.store is None:
        return {"id": "1", "method": "ship_to_home", **address}
    return {"id": "1", "method": "bopis", "pickup": {"node_id": want.store}, **address}


def trade(count: int, *, seed: int, called: str) -> Sequence[Want]:
    """Orders of the day, in three channels; some of the store's own are fetched. The same for the same seed."""
    dice = random.Random(f"{seed}/{called}")  # noqa: S311  orders are to be repeatable, not secret
    return [_bought(f"{called}-{number:03}", dice) for number in range(1, count + 1)]


def _bought(name: str, dice: random.Random) -> Want:
    channel, sku, pieces = dice.choice(CHANNELS), dice.choice(TRADE), dice.randint(1, 2)
    store = FETCHED_HERE.get(sku) if channel == STORE and dice.random() < 0.5 else None
    return Want(name, channel, {sku: pieces}, store)

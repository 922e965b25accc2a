"""The demo's shop: articles with their stock, and orders of every kind, the same for the same seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from stdnum import ean

from gateway.cli.replay_orders import priced
from gateway.domain.money import extended
from gateway.domain.time import rfc3339

CHANNEL = "demo-web"
CURRENCY = "GBP"
RARE = "LAST-ONES"  # an article of which there are few
FEW, PLENTY = 3, 100_000
NOUNS = ("LAMP", "KETTLE", "MUG", "CHAIR", "CLOCK", "VASE", "TRAY", "BOWL", "FRAME", "RUG")
PLACES = (("12 Mill Lane", "Leeds", "LS1 4AP", "GB"), ("3 Quay Street", "Cork", "T12 X2N8", "IE"),
          ("8 rue Neuve", "Lille", "59000", "FR"))  # fmt: skip
SHARES = {"cancelled": 0.05, "declined": 0.03, "unknown article": 0.02, "too many": 0.02}
LONGEST_REGRET = 1.5  # seconds until a customer cancels

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Article:
    sku: str
    gtin: str
    price: Decimal
    on_hand: int


@dataclass(frozen=True, slots=True)
class Wish:
    """An order to place, and how the channel will behave about it."""

    body: Body
    kind: str  # plain, or a key of SHARES
    cancel_after: float | None  # seconds
    twice: bool  # sent a second time at the same moment


def articles() -> list[Article]:
    made = [
        Article(f"{noun}-{size}", _gtin(10 * place + size), Decimal(199 + 350 * place + 125 * size) / 100, PLENTY)
        for place, noun in enumerate(NOUNS)
        for size in range(1, 7)
    ]
    return [*made, Article(RARE, _gtin(999), Decimal("1499.00"), FEW)]


def _gtin(number: int) -> str:
    digits = f"952123450{number:03}"  # in the range that GS1 keeps for examples
    return digits + str(ean.calc_check_digit(digits))


def wishes(count: int, *, seed: int, now: datetime) -> list[Wish]:
    dice = random.Random(seed)  # noqa: S311  orders are to be repeatable, not secret
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(count * share))]
    kinds += ["plain"] * (count - len(kinds))
    dice.shuffle(kinds)
    shop = articles()[:-1]
    return [_wish(number, kind, shop, dice, now) for number, kind in enumerate(kinds, 1)]


def _wish(number: int, kind: str, shop: Sequence[Article], dice: random.Random, now: datetime) -> Wish:
    lines = [_line(str(place), dice.choice(shop), dice) for place in range(1, dice.choice((1, 1, 2, 3, 5, 12)) + 1)]
    if kind == "unknown article":
        lines[0] |= {"sku": "NEVER-HEARD-OF"}
        lines[0].pop("gtin", None)
    if kind == "too many":
        lines.append({"line_id": "rare", "sku": RARE, "quantity": FEW + 1, "unit_price": "1499"})
    token = "tok_declined" if kind == "declined" else f"tok_demo_{number}"
    return Wish(
        body=priced(_body(number, lines, dice, now), token=token),
        kind=kind,
        cancel_after=dice.uniform(0, LONGEST_REGRET) if kind == "cancelled" else None,
        twice=dice.random() < 0.1,
    )


def _line(line_id: str, article: Article, dice: random.Random) -> Body:
    quantity = dice.randint(1, 6)
    line: Body = {
        "line_id": line_id,
        "sku": article.sku if dice.random() < 0.8 else article.sku.lower(),
        "quantity": quantity,
        "unit_price": str(article.price),
    }
    if dice.random() < 0.3:
        line["gtin"] = article.gtin
    goods = extended(article.price, quantity, CURRENCY).amount
    discount = goods // 10 if dice.random() < 0.2 else 0
    if discount:
        line["discount"] = _money(discount)
    return line | {"tax": _money((goods - discount) // 5)}


def _body(number: int, lines: list[Body], dice: random.Random, now: datetime) -> Body:
    street, city, code, country = dice.choice(PLACES)
    guest = dice.random() < 0.2
    body: Body = {
        "channel": {"channel_id": CHANNEL},
        "channel_order_id": f"D{number:05}",
        "placed_at": rfc3339(now - timedelta(seconds=dice.randint(1, 3600))),
        "currency": CURRENCY,
        "tax_mode": dice.choice(("exclusive", "inclusive")),
        "customer": {"type": "person"} | ({} if guest else {"customer_ref": f"C{dice.randint(1, 80)}"}),
        "lines": lines,
        "delivery_groups": [
            {
                "id": "home",
                "method": "ship_to_home",
                "address": {
                    "name": "Robin Example",
                    "lines": [street],
                    "city": city,
                    "postal_code": code,
                    "country": country,
                },
            }
        ],
    }
    return body | ({"shipping_charge": _money(495)} if dice.random() < 0.6 else {})


def _money(amount: int) -> Body:
    return {"amount": amount, "currency": CURRENCY}

"""What our words are called in one retailer's Tryton: ids, read from a file once and made exact."""

from collections.abc import Callable
from collections.abc import Mapping as Words
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from functools import partial
from types import MappingProxyType
from typing import Any, get_args

from gateway.domain.credits import FeeKind
from gateway.domain.money import is_currency
from gateway.domain.stock import MAIN, NODE
from gateway.errors import Misconfigured

At = Callable[..., str]  # where something stands: at("channels", "web-uk") -> "tryton.yaml:12"

BOUNDS = frozenset({"rounding", "skip_warnings", "nodes", "left_out", "fees", "purchases"})  # may be left out
LARGEST_RATE = Decimal(1)
CHARGES = ("freight", "fuel", "handling")


@dataclass(frozen=True, slots=True)
class Channel:
    """The customer that a channel's orders are booked on."""

    party: int
    address: int


@dataclass(frozen=True, slots=True)
class Purchases:
    """What bills of suppliers are booked with."""

    taxes: Words[Decimal, int]  # by rate: those that are paid, which are others than those that are asked
    charges: Words[str, int]  # the service articles that freight and the like are bought as


@dataclass(frozen=True, slots=True)
class Mapping:
    """Tryton's ids for what an order speaks of."""

    company: int
    warehouse: int  # from where orders are shipped: the node `main`
    unit: int
    payment_term: int
    payment_method: int  # what money taken by the payment provider is booked on
    carrier: int
    register: int  # a sale that stands for nothing, which elections write
    delivery: int  # the service article that a delivery charge is sold as
    currencies: Words[str, int]
    countries: Words[str, int]
    taxes: Words[Decimal, int]  # by rate; as many as there are rates in what channels state
    channels: Words[str, Channel]
    articles: Words[str, int]  # by SKU in capitals: SKUs compare without case
    rounding: int | None = (
        None  # the service article that a cent of rounded taxes is sold as; none: such an order is not
    )
    fees: Words[str, int] = field(default_factory=dict)  # the service articles that fees of a return are kept as
    purchases: Purchases | None = None  # None: Tryton does not book what is bought
    skip_warnings: frozenset[str] = frozenset()
    nodes: Words[str, int] = field(default_factory=dict)  # further warehouses, by our name of the node
    left_out: frozenset[int] = frozenset()  # warehouses that are none of our nodes, on purpose
    at: At = field(default=lambda *place: ".".join(map(str, place)), compare=False)  # where each of them stands

    @property
    def warehouses(self) -> Words[str, int]:
        """By node."""
        return {MAIN: self.warehouse, **self.nodes}

    def sku(self, product: int) -> str | None:
        """The SKU of one of Tryton's products."""
        return next((sku for sku, mapped in self.articles.items() if mapped == product), None)


def mapping_from(value: Any, at: At) -> Mapping:
    """Raises `Misconfigured` naming file, line, key and what would be right. *at* tells the place of a key."""
    known = {each.name for each in fields(Mapping)} - {"at"}
    _keys(value, known, known - BOUNDS, at)
    plain = ("company", "warehouse", "unit", "payment_term", "payment_method", "carrier", "register", "delivery")
    rounding = value.get("rounding")
    return Mapping(
        **{name: _id(value[name], at, name) for name in plain},
        currencies=_ids(value, "currencies", at, key=_currency),
        countries=_ids(value, "countries", at, key=str),
        taxes=_ids(value, "taxes", at, key=_rate),
        channels=_table(value, "channels", at, key=str, entry=_channel),
        articles=_articles(value, at),
        rounding=None if rounding is None else _id(rounding, at, "rounding"),
        fees=_ids(value, "fees", at, key=_fee) if value.get("fees") else {},
        purchases=_purchases(value["purchases"], at) if value.get("purchases") is not None else None,
        skip_warnings=_warnings(value.get("skip_warnings", []), at),
        nodes=_nodes(value, at) if value.get("nodes") else {},
        left_out=_left_out(value.get("left_out", []), at),
        at=at,
    )


def _purchases(value: Any, at: At) -> Purchases:
    names = {"taxes", "charges"}
    _keys(value, names, {"taxes"}, at, "purchases")
    within = partial(at, "purchases")
    charges = _ids(value, "charges", within, key=_charge) if value.get("charges") else {}
    return Purchases(_ids(value, "taxes", within, key=_rate), charges)


def _nodes(value: dict[str, Any], at: At) -> Words[str, int]:
    nodes = _ids(value, "nodes", at, key=_node)
    seen = {value["warehouse"]: MAIN}
    for node, warehouse in nodes.items():
        if (other := seen.setdefault(warehouse, node)) != node:
            raise Misconfigured(f"{at('nodes', node)}: warehouse {warehouse} is the node '{other}' already; keep one")
    return nodes


def _left_out(value: Any, at: At) -> frozenset[int]:
    if not isinstance(value, list) or not all(type(each) is int and each > 0 for each in value):
        raise Misconfigured(f"{at('left_out')}: must be a list of Tryton's ids of warehouses, like [7]")
    return frozenset(value)


def _articles(value: dict[str, Any], at: At) -> Words[str, int]:
    articles = _ids(value, "articles", at, key=str.upper)
    seen: dict[int, str] = {}
    for sku, product in articles.items():
        if (other := seen.setdefault(product, sku)) != sku:
            raise Misconfigured(f"{at('articles')}: {product} is mapped as '{other}' and as '{sku}'; keep one")
    return articles


def _channel(entry: Any, at: At, *place: str) -> Channel:
    names = {"party", "address"}
    _keys(entry, names, names, at, *place)
    return Channel(_id(entry["party"], at, *place, "party"), _id(entry["address"], at, *place, "address"))


def _ids(value: dict[str, Any], name: str, at: At, *, key: Callable[[str], Any]) -> Words[Any, int]:
    return _table(value, name, at, key=key, entry=_id)


def _table(
    value: dict[str, Any], name: str, at: At, *, key: Callable[[str], Any], entry: Callable[..., Any]
) -> Words[Any, Any]:
    given, made = value[name], {}
    if not isinstance(given, dict) or not given:
        raise Misconfigured(f"{at(name)}: '{name}' must list at least one entry, like 'name: 1'")
    for each, what in given.items():
        try:
            named = key(each)
        except ValueError as error:
            raise Misconfigured(f"{at(name, each)}: {error}") from None
        if named in made:
            raise Misconfigured(f"{at(name, each)}: '{each}' stands here twice; keep one")
        made[named] = entry(what, at, name, each)
    return MappingProxyType(made)


def _keys(value: Any, known: set[str], needed: set[str] | frozenset[str], at: At, *place: str) -> None:
    if not isinstance(value, dict):
        raise Misconfigured(f"{at(*place)}: must have the keys {', '.join(sorted(needed))}")
    if unknown := value.keys() - known:
        key = min(unknown)
        raise Misconfigured(f"{at(*place, key)}: unknown key '{key}'; known: {', '.join(sorted(known))}")
    if absent := needed - value.keys():
        raise Misconfigured(f"{at(*place)}: '{min(absent)}' is missing; give Tryton's id of it")


def _id(value: Any, at: At, *place: str) -> int:
    if type(value) is not int or value < 1:
        raise Misconfigured(
            f"{at(*place)}: '{place[-1]}' must be one of Tryton's ids, a number from 1 on, not {value!r}"
        )
    return value


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"'{code}' is no currency of ISO 4217; write one like EUR")
    return code


def _fee(kind: str) -> str:
    if kind not in get_args(FeeKind):
        raise ValueError(f"'{kind}' is no fee; known: {', '.join(get_args(FeeKind))}")
    return kind


def _charge(kind: str) -> str:
    if kind not in CHARGES:
        raise ValueError(f"'{kind}' is no charge; known: {', '.join(CHARGES)}")
    return kind


def _node(name: str) -> str:
    if name == MAIN:
        raise ValueError("the node 'main' is what 'warehouse' names; leave it out here")
    if not NODE.fullmatch(name):
        raise ValueError(f"'{name}' is no name of a node; write one like leeds, of 2 to 40 of a-z, 0-9 and -")
    return name


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not 0 < rate < LARGEST_RATE:
        raise ValueError(f"'{text}' is no rate; write 19 % as '0.19'")
    return rate


def _warnings(value: Any, at: At) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise Misconfigured(f"{at('skip_warnings')}: must be a list of warnings' names, like [credit_limit_amount]")
    return frozenset(value)

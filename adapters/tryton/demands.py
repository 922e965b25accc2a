"""What each of Tryton's records has to be like that the mapping names by its id. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from adapters.tryton.mapping import Mapping as Words

Json = dict[str, Any]
Place = tuple[str, ...]  # where the id stands in the file
Ids = Mapping[Place, int]
Fault = tuple[str, str]  # what is wrong, and what mends it
Judge = Callable[[Place, Json], Iterator[Fault]]

ARTICLE = ("active", "template.type", "template.default_uom", "template.account_category")
SALABLE, PURCHASABLE = ("salable", "sold"), ("purchasable", "bought")
BOOKS, EXCHANGE = "account.configuration", ("currency_exchange_debit_account", "currency_exchange_credit_account")


def _fine(place: Place, record: Json) -> Iterator[Fault]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Demand:
    """Records of one model: which, by the places of their ids, and what is asked of each."""

    what: str
    model: str
    named: Ids
    fields: tuple[str, ...] = ("active",)
    judge: Judge = _fine

    def faults(self, place: Place, record: Json | None) -> Iterator[Fault]:
        if record is None:
            yield f"Tryton has no {self.what} of this id", f"look the {self.what} up in Tryton, and write its id here"
            return
        if "active" in self.fields and not record["active"]:
            yield f"the {self.what} '{record['rec_name']}' is inactive", "activate it in Tryton, or name another"
        yield from self.judge(place, record)


def demands(words: Words) -> Iterator[Demand]:
    yield Demand("company", "company.company", _at(words.company, "company"), fields=("currency",))
    yield Demand("warehouse", "stock.location", _at(words.warehouse, "warehouse"), ("active", "type"), _warehouse)
    yield Demand("warehouse", "stock.location", _each("nodes", words.nodes), ("active", "type"), _warehouse)
    yield Demand("unit", "product.uom", _at(words.unit, "unit"))
    yield Demand("payment term", "account.invoice.payment_term", _at(words.payment_term, "payment_term"))
    yield Demand("payment method", "account.invoice.payment.method", _at(words.payment_method, "payment_method"))
    yield Demand("carrier", "carrier", _at(words.carrier, "carrier"))
    yield _coded("currency", "currency.currency", "currencies", words.currencies)
    yield _coded("country", "country.country", "countries", words.countries)
    if len(words.currencies) > 1:  # one of them at most is the company's own
        yield Demand("configuration of the books", BOOKS, {("currencies",): 1}, EXCHANGE, _exchange)
    taxes = _each("taxes", words.taxes)
    yield Demand("tax", "account.tax", taxes, ("active", "type", "rate", "company"), partial(_tax, words))
    yield Demand("sale", "sale.sale", _at(words.register, "register"), ("state", "lines"), _register)
    yield from _customers(words)
    yield from _articles(words)
    yield from _purchases(words)


def _customers(words: Words) -> Iterator[Demand]:
    channels = words.channels.items()
    parties: Ids = {("channels", name, "party"): channel.party for name, channel in channels}
    yield Demand("party", "party.party", parties, ("active", "addresses"), _party)
    addresses: Ids = {("channels", name, "address"): channel.address for name, channel in channels}
    yield Demand("address", "party.address", addresses, ("active", "party"), partial(_address, words))


def _articles(words: Words) -> Iterator[Demand]:
    rounding = _at(words.rounding, "rounding") if words.rounding else {}
    services = {**_at(words.delivery, "delivery"), **rounding, **_each("fees", words.fees)}
    for kind, named in (("service", services), ("goods", _each("articles", words.articles))):
        yield _used(words, kind, SALABLE, named)


def _purchases(words: Words) -> Iterator[Demand]:
    if words.purchases is None:
        return
    charges: Ids = {("purchases", "charges", kind): number for kind, number in words.purchases.charges.items()}
    yield _used(words, "service", PURCHASABLE, charges)
    taxes: Ids = {("purchases", "taxes", str(rate)): number for rate, number in words.purchases.taxes.items()}
    yield Demand("tax", "account.tax", taxes, ("active", "type", "rate", "company"), partial(_tax, words))


def _used(words: Words, kind: str, use: tuple[str, str], named: Ids) -> Demand:
    fields = (*ARTICLE, f"template.{use[0]}")
    return Demand("article", "product.product", named, fields, partial(_article, words, kind, use))


def _at(number: int, key: str) -> Ids:
    return {(key,): number}


def _each(key: str, named: Mapping[Any, int]) -> Ids:
    return {(key, str(name)): number for name, number in named.items()}


def _coded(what: str, model: str, key: str, named: Mapping[str, int]) -> Demand:
    return Demand(what, model, _each(key, named), ("active", "code"), partial(_code, what))


def _code(what: str, place: Place, record: Json) -> Iterator[Fault]:
    if record["code"] != place[-1]:
        yield f"this {what} is {record['code']} in Tryton, not {place[-1]}", f"write the id of the {what} {place[-1]}"


def _exchange(place: Place, record: Json) -> Iterator[Fault]:
    if not all(record[name] for name in EXCHANGE):
        said = "the books have no accounts for currency exchange, so invoices in another currency cannot be posted"
        yield said, "set both exchange accounts in Tryton's account configuration"


def _warehouse(place: Place, record: Json) -> Iterator[Fault]:
    if record["type"] != "warehouse":
        said = f"the location '{record['rec_name']}' is of type {record['type']}, not a warehouse"
        yield said, "write the id of the warehouse itself, not of a location in it"


def _register(place: Place, record: Json) -> Iterator[Fault]:
    if record["state"] != "cancelled" or record["lines"]:
        yield f"the sale '{record['rec_name']}' is a real one", "make an empty sale, cancel it, and write its id here"


def _tax(words: Words, place: Place, record: Json) -> Iterator[Fault]:
    if record["type"] != "percentage":
        yield f"the tax '{record['rec_name']}' is of type {record['type']}", "name a tax that is a percentage"
    elif record["rate"] != Decimal(place[-1]):
        yield f"the tax '{record['rec_name']}' has the rate {record['rate'].normalize()}", f"name a tax of {place[-1]}"
    if record["company"] != words.company:
        yield f"the tax '{record['rec_name']}' belongs to another company", f"name one of company {words.company}"


def _party(place: Place, record: Json) -> Iterator[Fault]:
    if not record["addresses"]:
        yield f"the party '{record['rec_name']}' has no address", "give it one in Tryton, and write its id below"


def _address(words: Words, place: Place, record: Json) -> Iterator[Fault]:
    party = words.channels[place[1]].party
    if record["party"] != party:
        yield f"the address belongs to party {record['party']}, not to {party}", f"write an address of party {party}"


def _article(words: Words, kind: str, use: tuple[str, str], place: Place, record: Json) -> Iterator[Fault]:
    template, name, (able, done) = record["template."], record["rec_name"], use
    if template["type"] != kind:
        yield f"'{name}' is of type {template['type']}, not {kind}", f"name an article that is of type {kind}"
    if not template[able]:
        yield f"'{name}' is not {able}", f"let it be {done} ({able}) in Tryton, or name another"
    if template["default_uom"] != words.unit:
        said = f"'{name}' is counted in unit {template['default_uom']}, not in {words.unit}"
        yield said, "name an article that is counted in the mapping's unit"
    if template["account_category"] is None:
        yield f"'{name}' has no account category, so it cannot be invoiced", "give it one in Tryton"

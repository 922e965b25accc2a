"""
Makes a Tryton that a small retailer could use; run by the Python of Tryton's own environment, never imported by us.

    python tryton_setup.py <trytond.conf> <database> <shop.json> <seed.json>

`shop.json` says what the retailer sells, by which channels, with which taxes, and who supplies it; `seed.json` gets the
ids that Tryton gave to all of it, by name. The database exists and is empty.
"""

import datetime as dt
import json
import os
import pathlib
import subprocess
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

MODULES = (
    "account_invoice_stock",
    "carrier",
    "purchase",
    "sale",
    "sale_credit_limit",
    "sale_shipment_cost",
    "sale_supply",
    "stock_package_shipping",
)
CURRENCIES = {"EUR": ("Euro", "978", 2, "1"), "GBP": ("Pound", "826", 2, "0.85"), "JPY": ("Yen", "392", 0, "160"),
              "KWD": ("Dinar", "414", 3, "0.33")}  # fmt: skip
COUNTRIES = {"DE": ("Germany", "DEU", "276"), "GB": ("United Kingdom", "GBR", "826"), "IE": ("Ireland", "IRL", "372"),
             "FR": ("France", "FRA", "250")}  # fmt: skip
M = Model.get


def create_tables(conf, database, folder):
    passwords = folder / "admin.pass"
    passwords.write_text("not-a-secret-of-anyone")
    environment = {**os.environ, "TRYTONPASSFILE": str(passwords)}
    admin = (
        pathlib.Path(sys.executable).parent / "trytond-admin"
    )  # by its name alone it would need the folder it was made in
    command = [sys.executable, str(admin), "-c", conf, "-d", database]
    for what in (["-u", "ir", "--email", "admin@example.com"], ["-u", *MODULES, "--activate-dependencies"]):
        subprocess.run([*command, *what], env=environment, check=True, stdin=subprocess.DEVNULL)


def money_and_places():
    currencies, countries = {}, {}
    for code, (name, number, digits, rate) in CURRENCIES.items():
        made = M("currency.currency")(name=name, symbol=code, code=code, numeric_code=number, digits=digits)
        made.rounding = Decimal(1).scaleb(-digits)
        made.rates.new(date=dt.date(2000, 1, 1), rate=Decimal(rate))
        made.save()
        currencies[code] = made
    for code, (name, three, number) in COUNTRIES.items():
        made = M("country.country")(name=name, code=code, code3=three, code_numeric=number)
        made.save()
        countries[code] = made
    return currencies, countries


def company(currency, session):
    us = M("party.party")(name="Retailer")
    us.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency = us, currency
    wizard.execute("add")
    session._context = M("res.user").get_preferences(True, {})  # else every later record has no company
    (made,) = M("company.company").find([])
    return made


def chart(ours, session):
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    root = M("ir.model.data").get_id("account.account_template_root_en", session.context)
    wizard.form.account_template, wizard.form.company = M("account.account.template")(root), ours
    wizard.execute("create_account")

    def account(**sought):
        domain = [(name.replace("__", "."), "=", value) for name, value in sought.items()]
        return M("account.account").find([*domain, ("closed", "!=", True)], limit=1)[0]

    found = {kind: account(**{f"type__{kind}": True}) for kind in ("receivable", "payable", "revenue", "expense")}
    found |= {"cash": account(code="1.1.1"), "tax": account(code="6.3.6")}
    wizard.form.account_receivable, wizard.form.account_payable = found["receivable"], found["payable"]
    wizard.form.category_account_expense = found["expense"]
    wizard.form.category_account_revenue = found["revenue"]
    wizard.execute("create_properties")
    books = M("account.configuration")(1)  # cents between the currency of a sale and the company's go there
    books.currency_exchange_debit_account, books.currency_exchange_credit_account = found["expense"], found["revenue"]
    books.save()
    return found


def years(ours):
    """This year and the next: posting needs an open period."""

    def numbering(kind, name):
        (of_kind,) = M("ir.sequence.type").find([("name", "=", kind)], limit=1)
        made = M("ir.sequence.strict")(name=name, sequence_type=of_kind, company=ours)
        made.save()
        return made

    this = dt.datetime.now(dt.UTC).year
    for year in (this, this + 1):
        made = M("account.fiscalyear")(name=str(year), company=ours)
        made.start_date, made.end_date = dt.date(year, 1, 1), dt.date(year, 12, 31)
        made.move_sequence = numbering("Account Move", f"Moves {year}")
        invoices, (row,) = numbering("Invoice", f"Invoices {year}"), made.invoice_sequences
        row.out_invoice_sequence = row.in_invoice_sequence = invoices
        row.out_credit_note_sequence = row.in_credit_note_sequence = invoices
        made.save()
        made.click("create_period")


def terms(accounts, ours, rates):
    taxes = {}
    for rate in rates:
        made = M("account.tax")(name=f"VAT {rate}", description=f"VAT {rate}", type="percentage", rate=Decimal(rate))
        made.invoice_account = made.credit_note_account = accounts["tax"]
        made.save()
        taxes[rate] = made.id
    term = M("account.invoice.payment_term")(name="Immediate")
    term.lines.new(type="remainder")
    term.save()
    (journal,) = M("account.journal").find([("type", "=", "cash")], limit=1)
    method = M("account.invoice.payment.method")(name="Captured", journal=journal, company=ours)
    method.credit_account = method.debit_account = accounts["cash"]
    method.save()
    return taxes, term, method


def warehouse():
    (made,) = M("stock.location").find([("type", "=", "warehouse")], limit=1)
    made.name = made.code = "DC"
    made.save()
    return made


def second_warehouse():
    """An empty one, so that it matters which is meant."""
    rooms = {}
    for room in ("input", "storage", "output"):
        rooms[f"{room}_location"] = M("stock.location")(name=f"Leeds {room}", type="storage")
        rooms[f"{room}_location"].save()
    made = M("stock.location")(name="Leeds", type="warehouse", **rooms)
    made.save()
    return made


class Products:
    def __init__(self, accounts):
        (self.unit,) = M("product.uom").find([("symbol", "=", "u")], limit=1)
        self.category = M("product.category")(name="Goods", accounting=True)
        self.category.account_expense, self.category.account_revenue = accounts["expense"], accounts["revenue"]
        self.category.save()

    def make(self, code, *, kind="goods", price="0", gtin=None):
        template = M("product.template")(name=code, type=kind, default_uom=self.unit, salable=True, purchasable=True)
        template.list_price, template.cost_price_method = Decimal(price), "fixed"
        template.account_category = self.category
        (product,) = template.products
        product.suffix_code, product.cost_price = code, Decimal(1)
        if gtin:
            product.identifiers.new(type="ean", code=gtin)
        template.save()
        return template.products[0]


def customers(channels, term, country):
    made = {}
    for channel in channels:
        party = M("party.party")(name=channel, customer_payment_term=term)
        (address,) = party.addresses
        address.street_single_line, address.postal_code, address.city, address.country = "1", "10115", "Berlin", country
        party.save()
        made[channel] = {"party": party.id, "address": party.addresses[0].id}
    return made


def suppliers(codes, term, country):
    """Parties, by the retailer's own numbers for them."""
    for code in codes:
        party = M("party.party")(name=f"Supplier {code}", code=code, supplier_payment_term=term)
        (address,) = party.addresses
        address.street_single_line, address.postal_code, address.city, address.country = (
            "2",
            "20095",
            "Hamburg",
            country,
        )
        party.save()


def opening_stock(location, counted):
    inventory = M("stock.inventory")(location=location, empty_quantity="keep")
    for product, quantity in counted:
        if quantity:
            inventory.lines.new(product=product, quantity=float(quantity))
    inventory.click("confirm")


def register(channel):
    """The sale that stands for nothing, which elections write."""
    made = M("sale.sale")(party=M("party.party")(channel["party"]), reference="Omnigate's register")
    made.click("cancel")
    return made.id


def user(login, password, ours):
    made = M("res.user")(name=login, login=login, password=password)
    for group in M("res.group").find([]):
        made.groups.append(M("res.group")(group.id))
    made.companies.append(M("company.company")(ours.id))
    made.company = ours
    made.save()


def seed(shop, session):
    currencies, countries = money_and_places()
    ours = company(currencies["EUR"], session)
    accounts = chart(ours, session)
    years(ours)
    taxes, term, method = terms(accounts, ours, shop["taxes"])
    house, products = warehouse(), Products(accounts)
    goods = {
        each["sku"]: (products.make(each["sku"], price=each["price"], gtin=each["gtin"]), each["on_hand"])
        for each in shop["articles"]
    }
    delivery, rounding = products.make("DELIVERY", kind="service"), products.make("ROUNDING", kind="service")
    fees = {kind: products.make(kind.upper(), kind="service").id for kind in ("restocking", "return_shipping")}
    carrier = M("carrier")(party=M("party.party")(name="Parcels"), carrier_product=delivery)
    carrier.party.save()
    carrier.save()
    charges = {kind: products.make(kind.upper(), kind="service").id for kind in ("freight", "fuel", "handling")}
    channels = customers(shop["channels"], term, countries["DE"])
    suppliers(shop["suppliers"], term, countries["DE"])
    opening_stock(house.storage_location, goods.values())
    leeds = second_warehouse()
    for login in shop["logins"]:
        user(login, shop["password"], ours)
    return {
        "company": ours.id,
        "currencies": {code: made.id for code, made in currencies.items()},
        "countries": {code: made.id for code, made in countries.items()},
        "taxes": taxes,
        "payment_term": term.id,
        "payment_method": method.id,
        "warehouse": {"id": house.id, "storage": house.storage_location.id},
        "nodes": {"leeds": leeds.id},
        "unit": products.unit.id,
        "products": {sku: made.id for sku, (made, _) in goods.items()},
        "carrier": carrier.id,
        "delivery": delivery.id,
        "rounding": rounding.id,
        "fees": fees,
        "channels": channels,
        "purchases": {"taxes": taxes, "charges": charges},
        "register": register(next(iter(channels.values()))),
    }


def main():
    conf, database, shop, out = sys.argv[1:]
    create_tables(conf, database, pathlib.Path(out).parent)
    os.environ["TRYTOND_CONFIG"] = conf
    uri = os.environ["TRYTON_URI"]
    url = f"sqlite:///{database}" if uri.startswith("sqlite") else f"{uri.rstrip('/')}/{database}"
    session = config.set_trytond(database=url, user="admin", config_file=conf)
    made = seed(json.loads(pathlib.Path(shop).read_text()), session)
    pathlib.Path(out).write_text(json.dumps(made, indent=1))


main()

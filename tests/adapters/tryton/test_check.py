"""A mapping is held against Tryton: whatever is not true is named, with its line and what mends it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.tryton import Login, mapping_from, tryton_back_ends
from gateway.governance.yaml import read_yaml
from gateway.ports import Finding
from tests.peers.clerk import Clerk
from tests.peers.tryton import Json, Tryton
from tests.peers.wiring import mapping, write

pytestmark = pytest.mark.proof


async def findings(login: Login, value: Json, folder: Path) -> list[Finding]:
    file = read_yaml(write(value, folder))
    async with tryton_back_ends(login, mapping_from(file.value, file.at)) as connected:
        return await connected.erp.findings()


def line(folder: Path, words: str) -> str:
    """Where *words* stand in the file."""
    text = (folder / "tryton.yaml").read_text().splitlines()
    return f"{folder.name}/tryton.yaml:{1 + next(number for number, each in enumerate(text) if words in each)}"


async def test_a_true_mapping_has_no_findings(server: Tryton, login: Login, tmp_path: Path) -> None:
    assert await findings(login, mapping(server.seed), tmp_path) == []


Wrong = Callable[[Json, Json], None]  # the mapping, and what there is


def _no_such_article(value: Json, seed: Json) -> None:
    value["articles"]["LAMP-7"] = 999_999


def _service_as_goods(value: Json, seed: Json) -> None:
    value["articles"]["LAMP-7"] = seed["delivery"]


def _goods_as_service(value: Json, seed: Json) -> None:
    value["delivery"] = seed["products"]["LAMP-7"]
    del value["articles"]["LAMP-7"]


def _location_as_warehouse(value: Json, seed: Json) -> None:
    value["warehouse"] = seed["warehouse"]["storage"]
    value["left_out"].append(seed["warehouse"]["id"])


def _another_rate(value: Json, seed: Json) -> None:
    value["taxes"]["0.19"] = seed["taxes"]["0.25"]


def _another_currency(value: Json, seed: Json) -> None:
    value["currencies"]["GBP"] = seed["currencies"]["JPY"]


def _no_such_currency(value: Json, seed: Json) -> None:
    value["currencies"]["SEK"] = 999_999


def _address_of_another(value: Json, seed: Json) -> None:
    value["channels"]["web-uk"] = {**value["channels"]["web-uk"], "address": seed["channels"]["demo-web"]["address"]}


def _no_such_carrier(value: Json, seed: Json) -> None:
    value["carrier"] = 999_999


def _no_such_charge(value: Json, seed: Json) -> None:
    value["purchases"]["charges"]["freight"] = 999_999


def _goods_as_charge(value: Json, seed: Json) -> None:
    value["purchases"]["charges"]["freight"] = seed["products"]["LAMP-7"]


@pytest.mark.parametrize(
    ("wrong", "where", "what"),
    [
        (_no_such_article, "LAMP-7", "Tryton has no article of this id"),
        (_service_as_goods, "LAMP-7", "is of type service, not goods"),
        (_goods_as_service, "'delivery'", "is of type goods, not service"),
        (_location_as_warehouse, "'warehouse'", "is of type storage, not a warehouse"),
        (_another_rate, "'0.19'", "has the rate 0.25"),
        (_another_currency, "GBP", "this currency is JPY in Tryton, not GBP"),
        (_no_such_currency, "SEK", "Tryton has no currency of this id"),
        (_address_of_another, "'address'", "the address belongs to party"),
        (_no_such_carrier, "'carrier'", "Tryton has no carrier of this id"),
        (_no_such_charge, "'freight'", "Tryton has no article of this id"),
        (_goods_as_charge, "'freight'", "is of type goods, not service"),
    ],
)
async def test_a_wrong_id_is_found(
    server: Tryton, login: Login, tmp_path: Path, *, wrong: Wrong, where: str, what: str
) -> None:
    value = mapping(server.seed)
    wrong(value, server.seed)

    found = await findings(login, value, tmp_path)

    assert [each.place for each in found] == [line(tmp_path, where)]
    assert what in found[0].what
    assert found[0].mend


async def test_a_party_without_address_or_that_is_inactive_is_found(
    server: Tryton, login: Login, clerk: Clerk, tmp_path: Path
) -> None:
    """Changes the shop, so it works on records of its own."""
    seed, value = server.seed, mapping(server.seed)
    [party] = clerk.ask("party.party.create", [{"name": "Nowhere", "addresses": []}])
    [other] = clerk.ask("party.party.create", [{"name": "Gone", "addresses": [["create", [{}]]]}])
    [home] = clerk.found("party.address", ["party"], ["party", "=", other])
    clerk.ask("party.party.write", [other], {"active": False})
    value["channels"] |= {
        "nowhere": {"party": party, "address": seed["channels"]["web-uk"]["address"]},
        "gone": {"party": other, "address": home["id"]},
    }

    said = [each.what for each in await findings(login, value, tmp_path)]

    assert "the party 'Nowhere' has no address" in said
    assert "the party 'Gone' is inactive" in said


async def test_a_warehouse_that_is_no_node_is_found_unless_it_is_left_out(
    server: Tryton, login: Login, tmp_path: Path
) -> None:
    nodes = server.seed["nodes"]
    unmapped = await findings(login, mapping(server.seed) | {"left_out": []}, tmp_path)
    mapped = await findings(login, mapping(server.seed) | {"left_out": [], "nodes": nodes}, tmp_path)
    left_out = await findings(login, mapping(server.seed) | {"left_out": [nodes["leeds"]]}, tmp_path)

    said = f"Tryton has the warehouse 'Leeds' (id {nodes['leeds']}), which is no node here"
    assert [each.what for each in unmapped] == [said]
    assert "'nodes'" in unmapped[0].mend
    assert mapped == left_out == []


async def test_a_node_that_is_no_warehouse_is_found(server: Tryton, login: Login, tmp_path: Path) -> None:
    value = mapping(server.seed) | {"nodes": {"leeds": server.seed["warehouse"]["storage"]}}

    found = await findings(login, value, tmp_path)

    assert [each.place for each in found] == [line(tmp_path, "leeds")]
    assert "not a warehouse" in found[0].what


async def test_a_charge_that_cannot_be_bought_and_a_tax_of_another_rate_are_found(
    server: Tryton, login: Login, clerk: Clerk, tmp_path: Path
) -> None:
    value, fuel = mapping(server.seed), server.seed["purchases"]["charges"]["fuel"]
    value["purchases"]["taxes"]["0.19"] = server.seed["taxes"]["0.25"]
    [product] = clerk.found("product.product", ["template"], ["id", "=", fuel])
    clerk.ask("product.template.write", [product["template"]], {"purchasable": False})

    charge, tax = await findings(login, value, tmp_path)
    clerk.ask("product.template.write", [product["template"]], {"purchasable": True})

    assert charge.place == line(tmp_path, "'fuel'")
    assert "is not purchasable" in charge.what
    assert "has the rate 0.25" in tax.what


async def test_books_that_cannot_take_another_currency_are_found(
    server: Tryton, login: Login, clerk: Clerk, tmp_path: Path
) -> None:
    accounts = ("currency_exchange_debit_account", "currency_exchange_credit_account")
    [before] = clerk.ask("account.configuration.read", [1], list(accounts))
    clerk.ask("account.configuration.write", [1], dict.fromkeys(accounts))

    found = await findings(login, mapping(server.seed), tmp_path)
    clerk.ask("account.configuration.write", [1], {name: before[name] for name in accounts})

    assert [each.place for each in found] == [line(tmp_path, "'currencies'")]
    assert "currency exchange" in found[0].what


async def test_a_password_that_is_refused_is_the_one_finding(server: Tryton, login: Login, tmp_path: Path) -> None:
    stranger = replace(login, user="nobody")  # not ours: Tryton slows down whoever failed before

    found = await findings(stranger, mapping(server.seed), tmp_path)

    assert len(found) == 1
    assert "OMNIGATE_TRYTON" in found[0].mend


async def test_a_server_that_is_away_is_the_one_finding(server: Tryton, login: Login, tmp_path: Path) -> None:
    found = await findings(replace(login, url="http://127.0.0.1:9"), mapping(server.seed), tmp_path)

    assert [(each.place, "could not be asked" in each.what) for each in found] == [("tryton", True)]
